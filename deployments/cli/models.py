"""`viva models`: the artifacts of the model repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from rich.markup import escape
from rich.table import Table

from deployments.cli import engines
from deployments.cli.output import Failure, UsageFailure, err, out
from deployments.cli.parity import parity
from deployments.cli.train import train
from deployments.engines.hardware import Hardware

if TYPE_CHECKING:
    from deployments.engines.toolchain import Builder
    from deployments.models.build import BuildEvent

_STATE_STYLES: Final = {"built": "green", "stale": "yellow", "missing": "red"}


@click.group()
def models() -> None:
    """List, build, check, compare and train the models that Triton serves."""


@models.command("list", epilog="\b\nExample:\n  viva models list")
def list_() -> None:
    """Show every model of the catalogue and whether its artifacts are built."""
    from deployments.models.errors import ModelBuildError
    from deployments.models.listing import list_models

    table = Table(box=None, pad_edge=False)
    for title in ("Model", "Version", "State", "MB", "Configs", "Licence", "Source"):
        table.add_column(title, justify="right" if title == "MB" else "left", overflow="fold")
    try:
        rows = list_models()
    except ModelBuildError as error:
        raise Failure(str(error)) from None
    for row in rows:
        state = row.state.value
        table.add_row(
            row.name,
            row.version,
            f"[{_STATE_STYLES[state]}]{state}[/]",
            f"{row.size_bytes / 1e6:.1f}" if row.size_bytes else "-",
            " ".join(row.configs),
            row.licence,
            escape(row.source),
        )
    out().print(table)


@models.command(
    "build",
    epilog="\b\nExamples:\n  viva models build\n  viva models build vad asr_en --force\n"
    "  viva models build --hardware sm90",
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--force", is_flag=True, help="Build again what is up to date.")
@engines.hardware_option("Then compile the engines of a GPU.")
@click.option(
    "--builder",
    type=click.Choice(["tensorrt", "tensorrt_rtx"]),
    help="Of engines. Default: tensorrt where the GPU of this machine is of that kind, else tensorrt_rtx.",
)
def build(names: tuple[str, ...], force: bool, hardware: str | None, builder: Builder | None) -> None:
    """Build the named models, or all: fetch, verify, convert, write the manifest.

    What is built and intact is left alone. With --hardware the graphs that have a recipe (engines.yaml) are compiled
    too. On a machine without such a GPU TensorRT-RTX compiles them, which proves that they compile, and Triton cannot
    load them.
    """
    if builder and not hardware:
        raise UsageFailure("--builder is about engines: name their --hardware")
    try:
        from deployments.models.build import Stage, build_models
    except ModuleNotFoundError as error:
        raise Failure(f"building models needs the `build` extra: pip install 'viva[build]' ({error})") from None
    from deployments.models.errors import CatalogueError, ModelBuildError

    console = err()
    finished = (Stage.BUILT, Stage.UP_TO_DATE, Stage.DIFFERS)
    with console.status("reading the catalogue") as live:

        def show(event: BuildEvent) -> None:
            line = f"{event.model}: {event.stage.value}{f' ({event.detail})' if event.detail else ''}"
            live.update(escape(line))
            # A log, unlike a terminal, keeps nothing of the live line: each step gets its own.
            if event.stage in finished or not console.is_terminal:
                console.print(escape(line), soft_wrap=True)

        try:
            build_models(names, force, show)
            if hardware:
                engines.build_engines(hardware, builder, names, force, show)
        except CatalogueError as error:
            raise UsageFailure(str(error)) from None
        except ModelBuildError as error:
            raise Failure(str(error)) from None


models.add_command(train)
models.add_command(parity)
models.add_command(engines.memory)


@models.command(
    "check",
    epilog="\b\nExamples:\n  viva models check\n  viva models check --compile sm90\n"
    "  viva models check --hardware sm90",
)
@engines.hardware_option("Look at the engines of a GPU too.")
@engines.hardware_option("Compile every graph for a GPU, which need not be here, and keep nothing.", "--compile")
def check(hardware: str | None, compile: str | None) -> None:
    """Prove that configs, ONNX graphs, recipes and the typed client agree on every name, type and shape."""
    from deployments.engines.check import check_configs, check_engines
    from deployments.models.check import check_models
    from deployments.models.errors import ModelBuildError

    try:
        problems = check_models() + check_configs()
        if hardware:
            problems += check_engines(Hardware(hardware))
        if compile:
            problems += engines.compile_all(Hardware(compile))
    except ModelBuildError as error:
        raise Failure(str(error)) from None
    for problem in problems:
        out().print(escape(problem), soft_wrap=True)
    if problems:
        raise Failure(f"{len(problems)} disagreements")
    out().print("all models agree")

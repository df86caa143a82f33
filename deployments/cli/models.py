"""`viva models`: the artifacts of the model repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from rich.markup import escape
from rich.table import Table

from deployments.cli.output import Failure, UsageFailure, err, out
from deployments.cli.train import train

if TYPE_CHECKING:
    from deployments.models.build import BuildEvent

_STATE_STYLES: Final = {"built": "green", "stale": "yellow", "missing": "red"}


@click.group()
def models() -> None:
    """List, build, check and train the models that Triton serves."""


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


@models.command("build", epilog="\b\nExamples:\n  viva models build\n  viva models build vad asr_en --force")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--force", is_flag=True, help="Build again what is up to date.")
def build(names: tuple[str, ...], force: bool) -> None:
    """Build the named models, or all: fetch, verify, convert, write the manifest.

    What is built and intact is left alone.
    """
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
        except CatalogueError as error:
            raise UsageFailure(str(error)) from None
        except ModelBuildError as error:
            raise Failure(str(error)) from None


models.add_command(train)


@models.command("check", epilog="\b\nExample:\n  viva models check")
def check() -> None:
    """Prove that configs, ONNX graphs and the typed client agree on every name, type and shape."""
    from deployments.models.check import check_models
    from deployments.models.errors import ModelBuildError

    try:
        problems = check_models()
    except ModelBuildError as error:
        raise Failure(str(error)) from None
    for problem in problems:
        out().print(escape(problem), soft_wrap=True)
    if problems:
        raise Failure(f"{len(problems)} disagreements")
    out().print("all models agree")

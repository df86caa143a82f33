"""`viva models`: the artifacts of the model repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from rich.markup import escape
from rich.table import Table

from deployments.cli.output import Failure, UsageFailure, err, out
from deployments.cli.parity import parity
from deployments.cli.train import train
from deployments.engines.hardware import Hardware

if TYPE_CHECKING:
    from deployments.engines.toolchain import Builder
    from deployments.models.build import BuildEvent, Progress

Command = TypeVar("Command", bound=Callable[..., Any])

_STATE_STYLES: Final = {"built": "green", "stale": "yellow", "missing": "red"}


def _hardware_option(text: str) -> Callable[[Command], Command]:
    return click.option("--hardware", type=click.Choice([one.value for one in Hardware]), help=text)


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
@_hardware_option("Then compile the engines of a GPU.")
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
                _build_engines(hardware, builder, names, force, show)
        except CatalogueError as error:
            raise UsageFailure(str(error)) from None
        except ModelBuildError as error:
            raise Failure(str(error)) from None


def _build_engines(hardware: str, builder: Builder | None, names: tuple[str, ...], force: bool, show: Progress) -> None:
    from deployments.engines.build import build_engines
    from deployments.engines.toolchain import find_toolchain

    toolchain = find_toolchain(Hardware(hardware), builder)
    engines = build_engines(toolchain, names, force, show)
    seconds = sum(one.seconds for one in engines)
    by = f"{toolchain.builder} {toolchain.version} for {toolchain.target.value}"
    err().print(f"{len(engines)} engines for {hardware}, {seconds:.1f} s of building, by {by}", soft_wrap=True)
    if not toolchain.runnable:
        err().print("a proof that they compile: Triton needs engines of a machine with the GPU", soft_wrap=True)


models.add_command(train)
models.add_command(parity)


@models.command(
    "check",
    epilog="\b\nExamples:\n  viva models check\n  viva models check --compile sm90\n"
    "  viva models check --hardware sm90",
)
@_hardware_option("Look at the engines of a GPU too.")
@click.option(
    "--compile",
    "compiled_for",
    type=click.Choice([one.value for one in Hardware]),
    help="Compile every graph for a GPU, which need not be here, and keep nothing.",
)
def check(hardware: str | None, compiled_for: str | None) -> None:
    """Prove that configs, ONNX graphs, recipes and the typed client agree on every name, type and shape."""
    from deployments.engines.check import check_configs, check_engines
    from deployments.models.check import check_models
    from deployments.models.errors import ModelBuildError

    try:
        problems = check_models() + check_configs()
        if hardware:
            problems += check_engines(Hardware(hardware))
        if compiled_for:
            problems += _compile_all(Hardware(compiled_for))
    except ModelBuildError as error:
        raise Failure(str(error)) from None
    for problem in problems:
        out().print(escape(problem), soft_wrap=True)
    if problems:
        raise Failure(f"{len(problems)} disagreements")
    out().print("all models agree")


def _compile_all(hardware: Hardware) -> list[str]:
    """What does not compile, a line each; progress and the sum go to the terminal."""
    from deployments.engines.gate import Proof, compile_all
    from deployments.engines.toolchain import find_toolchain

    toolchain = find_toolchain(hardware, "tensorrt_rtx")

    def show(proof: Proof) -> None:
        found = proof.problem or f"{proof.layers} layers, {proof.plan_bytes / 1e6:.1f} MB, {proof.seconds:.1f} s"
        err().print(escape(f"{proof.model} {proof.graph} {proof.precision}: {found}"), soft_wrap=True)

    proofs = compile_all(toolchain, progress=show)
    whole = [proof for proof in proofs if not proof.problem]
    seconds = sum(proof.seconds for proof in proofs)
    by = f"{toolchain.builder} {toolchain.version} for {toolchain.target.value}"
    stand_in = "" if toolchain.target is hardware else f", which stands in for {hardware.value}"
    err().print(f"{len(whole)} of {len(proofs)} graphs compile in {seconds:.1f} s ({by}{stand_in})", soft_wrap=True)
    return [f"{proof.model}: {proof.problem}" for proof in proofs if proof.problem]


@models.command("memory", epilog="\b\nExamples:\n  viva models memory sm89\n  viva models memory sm90 --gpu 1g.10gb")
@click.argument("hardware", type=click.Choice([one.value for one in Hardware]))
@click.option("--gpu", metavar="SIZE", help="Memory of the GPU or slice: 24GB, 22.5GiB, or a MIG profile.")
def memory(hardware: str, gpu: str | None) -> None:
    """Show what the engines of HARDWARE take of a GPU's memory, as their builder said.

    Exit code 1: with --gpu, they do not fit.
    """
    from deployments.engines.memory import RESERVED_BYTES, budgets, misfit, parse_memory
    from deployments.models.errors import CatalogueError, ModelBuildError

    try:
        memory_bytes = parse_memory(gpu) if gpu else None
        found = budgets(Hardware(hardware))
    except CatalogueError as error:
        raise UsageFailure(str(error)) from None
    except ModelBuildError as error:
        raise Failure(str(error)) from None
    table = Table(box=None, pad_edge=False)
    for title in ("Model", "Graph", "Weights MB", "A context MB", "Contexts", "All MB"):
        table.add_column(title, justify="left" if title in ("Model", "Graph") else "right")
    for one in found:
        sizes = (one.weights_bytes, one.activation_bytes, one.total_bytes)
        weights, context, total = (f"{size / 1e6:,.1f}" for size in sizes)
        table.add_row(one.model, one.graph, weights, context, f"{one.contexts}", total)
    out().print(table)
    needed = sum(one.total_bytes for one in found) + RESERVED_BYTES
    out().print(f"\n{needed / 1e9:.2f} GB, {RESERVED_BYTES / 1e9:g} of it reserved for CUDA and Triton", soft_wrap=True)
    if memory_bytes is not None and (problem := misfit(found, memory_bytes)):
        raise Failure(problem)

"""What `viva models` does with engines of GPUs: builds them, compiles and keeps nothing, says what memory they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.markup import escape
from rich.table import Table

from deployments.cli.output import Failure, UsageFailure, err, out
from deployments.engines.hardware import Hardware

if TYPE_CHECKING:
    from deployments.engines.toolchain import Builder
    from deployments.models.build import Progress

Command = TypeVar("Command", bound=Callable[..., Any])


def hardware_option(text: str, name: str = "--hardware") -> Callable[[Command], Command]:
    """An option that names a kind of GPU."""
    return click.option(name, type=click.Choice([one.value for one in Hardware]), help=text)


def build_engines(hardware: str, builder: Builder | None, names: tuple[str, ...], force: bool, show: Progress) -> None:
    """Build the engines of a kind of GPU, and say by what. Raises ModelBuildError."""
    from deployments.engines import build
    from deployments.engines.toolchain import find_toolchain

    toolchain = find_toolchain(Hardware(hardware), builder)
    engines = build.build_engines(toolchain, names, force, show)
    seconds = sum(one.seconds for one in engines)
    err().print(f"{len(engines)} engines for {hardware}, {seconds:.1f} s of building, by {toolchain}", soft_wrap=True)
    if not toolchain.runnable:
        err().print("a proof that they compile: Triton needs engines of a machine with the GPU", soft_wrap=True)


def compile_all(hardware: Hardware) -> list[str]:
    """What does not compile, a line each; progress and the sum go to the terminal."""
    from deployments.engines import gate
    from deployments.engines.toolchain import find_toolchain

    toolchain = find_toolchain(hardware, "tensorrt_rtx")

    def show(proof: gate.Proof) -> None:
        found = proof.problem or f"{proof.layers} layers, {proof.plan_bytes / 1e6:.1f} MB, {proof.seconds:.1f} s"
        err().print(escape(f"{proof.model} {proof.graph} {proof.precision}: {found}"), soft_wrap=True)

    proofs = gate.compile_all(toolchain, progress=show)
    whole = [proof for proof in proofs if not proof.problem]
    seconds = sum(proof.seconds for proof in proofs)
    stand_in = "" if toolchain.target is hardware else f", which stands in for {hardware.value}"
    err().print(
        f"{len(whole)} of {len(proofs)} graphs compile in {seconds:.1f} s ({toolchain}{stand_in})", soft_wrap=True
    )
    return [f"{proof.model}: {proof.problem}" for proof in proofs if proof.problem]


@click.command("memory", epilog="\b\nExamples:\n  viva models memory sm89\n  viva models memory sm90 --gpu 1g.10gb")
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

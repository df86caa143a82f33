"""The compile gate: every graph that the GPU's configs lead to is compiled for a GPU, which is not here."""

from __future__ import annotations

from typing import Final

import pytest

from deployments.engines.check import CONFIG, check_configs
from deployments.engines.gate import Proof, compile_all
from deployments.engines.hardware import Hardware
from deployments.engines.recipe import load_recipes
from deployments.engines.toolchain import find_toolchain
from deployments.models.catalogue import REPOSITORY
from deployments.models.triton_config import read_config

pytest.importorskip("tensorrt_rtx", reason="tensorrt-rtx-cu12 is not installed")
HARDWARE: Final = Hardware.SM90
GRAPHS: Final = [(model, graph) for model, recipe in load_recipes().items() for graph in recipe]


@pytest.fixture(scope="module")
def proofs(summary) -> dict[tuple[str, str], Proof]:
    toolchain = find_toolchain(HARDWARE, "tensorrt_rtx")
    made = compile_all(toolchain)
    summary.append(
        f"compile gate: {sum(not one.problem for one in made)} of {len(made)} graphs of {len(load_recipes())} models "
        f"compiled in {sum(one.seconds for one in made):.1f} s "
        f"(TensorRT-RTX {toolchain.version}, {toolchain.target.value} for {HARDWARE.value})"
    )
    return {(one.model, one.graph): one for one in made}


@pytest.mark.parametrize(("model", "graph"), GRAPHS)
def test_the_graph_compiles(proofs, model, graph):
    assert proofs[model, graph].problem == ""
    assert proofs[model, graph].plan_bytes > 10_000


def test_every_model_of_a_gpu_config_is_in_the_gate():
    planned = {
        path.parent.name for path in REPOSITORY.glob(f"*/{CONFIG}") if read_config(path).platform == "tensorrt_plan"
    }
    assert planned <= load_recipes().keys()
    assert len(planned) == 8
    assert check_configs() == []

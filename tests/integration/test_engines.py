"""Engines by TensorRT's builder, which needs no GPU to compile for one: what is built, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import onnx
import pytest
from click import BadParameter
from click.testing import CliRunner

from deployments.cli.models import models as command
from deployments.cli.output import UsageFailure
from deployments.engines.build import build_engines
from deployments.engines.check import check_configs, check_engines
from deployments.engines.gate import compile_all
from deployments.engines.hardware import Hardware, present_gpu
from deployments.engines.manifest import fingerprint_of, plan_path, read_manifest, write_manifest
from deployments.engines.memory import budgets
from deployments.engines.recipe import load_recipes
from deployments.engines.toolchain import Toolchain, find_toolchain
from deployments.models.build import BuildEvent, Stage
from deployments.models.catalogue import REPOSITORY
from deployments.models.errors import CatalogueError, EngineError
from deployments.models.manifest import read_manifest as read_model_manifest
from deployments.models.manifest import version_directory_of
from serving.adapters.triton.probe import probe_request
from tests.engines import copied

pytest.importorskip("tensorrt_rtx", reason="tensorrt-rtx-cu12 is not installed")
MODEL = "face_expression"  # the smallest net with more than a few layers


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return find_toolchain(Hardware.SM89, "tensorrt_rtx")


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("VIVA_CACHE_DIR", str(tmp_path / "cache"))
    return copied((MODEL,), tmp_path / "models")


def folder_of(repository: Path) -> Path:
    return version_directory_of(MODEL, repository)


def stages(toolchain: Toolchain, repository: Path, **options) -> list[Stage]:
    events: list[BuildEvent] = []
    build_engines(toolchain, progress=events.append, repository=repository, **options)
    return [event.stage for event in events]


def spoil(graph: Path) -> str:
    """Make one node of a graph something that nobody implements; gives its name."""
    model = onnx.load(graph)
    node = next(node for node in model.graph.node if node.op_type == "Conv")
    node.op_type, node.name = "Convolution3000", node.name or "spoiled"
    onnx.save(model, graph)
    return node.name


def test_an_engine_comes_with_all_that_is_known_of_it(toolchain, repository):
    (made,) = build_engines(toolchain, repository=repository)
    folder = folder_of(repository)
    plan, model = plan_path(folder / "model.onnx", Hardware.SM89), read_model_manifest(folder)
    assert plan.name == "model.sm89.plan"
    assert plan.stat().st_size == made.plan_bytes
    assert read_manifest(plan) == made
    assert model is not None
    assert made.graph_sha256 == model.artifacts["model.onnx"].sha256 != made.onnx_sha256
    assert made.sources_sha256 == {alias: source.sha256 for alias, source in model.sources.items()}
    assert (made.precision, made.opset) == ("fp16", 17)
    assert (made.compute_capability, made.compiled_for) == ("8.9", "8.9")
    assert (made.builder, made.builder_version, made.runnable) == ("tensorrt_rtx", toolchain.version, False)
    assert made.driver == (gpu.driver if (gpu := present_gpu()) else None)
    assert made.profiles == ({"image": ((1, 64, 64, 1), (16, 64, 64, 1), (64, 64, 64, 1))},)
    assert made.layers > 10
    assert made.weights_bytes > 50_000
    # 64 pictures of 64 x 64 in half precision, and what the net makes of them.
    assert made.activation_bytes > 64 * 64 * 64 * 2
    assert made.seconds > 0


def test_what_is_built_and_whole_is_left_alone(toolchain, repository):
    done = [Stage.CONVERTING, Stage.COMPILING, Stage.BUILT]
    assert stages(toolchain, repository) == done
    assert stages(toolchain, repository) == [Stage.UP_TO_DATE]
    assert stages(toolchain, repository, force=True) == done
    plan = plan_path(folder_of(repository) / "model.onnx", Hardware.SM89)
    plan.write_bytes(plan.read_bytes()[:-1])
    assert stages(toolchain, repository) == done, "a half engine"
    plan.with_suffix(".json").write_text("{")
    assert stages(toolchain, repository) == done, "a half manifest"
    newer = dataclasses.replace(toolchain, version="99.0")
    assert stages(newer, repository) == done, "another TensorRT"
    recipe = repository / MODEL / "engines.yaml"
    recipe.write_text(recipe.read_text().replace("fp16", "fp32"))
    assert stages(newer, repository) == done, "another recipe"


def test_the_b200_has_a_stand_in_and_the_manifest_says_so(repository):
    (made,) = build_engines(find_toolchain(Hardware.SM100), repository=repository)
    assert (made.hardware, made.compute_capability, made.compiled_for) == ("sm100", "10.0", "12.0")


def test_a_graph_that_is_not_the_built_one_is_refused(toolchain, repository):
    spoil(folder_of(repository) / "model.onnx")
    with pytest.raises(EngineError, match=f"{MODEL}: model.onnx is missing or not what the manifest says"):
        build_engines(toolchain, repository=repository)


def test_a_model_that_is_not_built_is_refused(toolchain, repository):
    (folder_of(repository) / "manifest.json").unlink()
    with pytest.raises(EngineError, match=f"{MODEL}: is not built, or from another recipe: viva models build {MODEL}"):
        build_engines(toolchain, repository=repository)


def test_a_model_without_a_recipe_and_a_graph_that_is_none_are_refused(toolchain, repository):
    with pytest.raises(CatalogueError, match=f"no engines are made of vad .there are: {MODEL}."):
        build_engines(toolchain, ["vad"], repository=repository)
    recipe = repository / MODEL / "engines.yaml"
    recipe.write_text(recipe.read_text().replace("model.onnx", "other.onnx"))
    with pytest.raises(CatalogueError, match=f"{MODEL}/engines.yaml: other.onnx is none of the model's graphs"):
        build_engines(toolchain, repository=repository)


def test_tensorrt_itself_is_refused_without_its_gpu():
    if (gpu := present_gpu()) and gpu.compute_capability == Hardware.SM120.compute_capability:
        pytest.skip("this machine has that GPU")
    with pytest.raises(EngineError, match="TensorRT builds on a GPU of the kind that it builds for, sm120"):
        find_toolchain(Hardware.SM120, "tensorrt")


def test_the_gate_names_the_node_that_does_not_compile(toolchain, repository):
    node = spoil(folder_of(repository) / "model.onnx")
    (proof,) = compile_all(toolchain, repository=repository)
    assert proof.problem.startswith(f"model.onnx: Convolution3000 {node}: ")
    assert "\n" not in proof.problem


def test_a_damaged_graph_is_a_problem_and_not_the_end_of_the_gate(toolchain, repository):
    graph = folder_of(repository) / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:1000])
    (proof,) = compile_all(toolchain, repository=repository)
    assert proof.problem.startswith("model.onnx: ")
    assert "\n" not in proof.problem


def test_a_proof_does_not_take_the_place_of_a_real_engine(toolchain, repository):
    (made,) = build_engines(toolchain, repository=repository)
    plan = plan_path(folder_of(repository) / "model.onnx", Hardware.SM89)
    write_manifest(dataclasses.replace(made, runnable=True, builder="tensorrt", fingerprint="of tensorrt"), plan)
    with pytest.raises(EngineError, match="is an engine that Triton can load, and tensorrt_rtx would put a proof"):
        build_engines(toolchain, repository=repository)
    assert stages(toolchain, repository, force=True)[-1] is Stage.BUILT


def test_what_the_probe_sends_fits_every_engine():
    for path in REPOSITORY.glob("*/config.pbtxt"):
        recipe = load_recipes(REPOSITORY).get(path.parent.name)
        if path.is_symlink() or recipe is None:
            continue
        model = read_model_manifest(version_directory_of(path.parent.name))
        body, headers = probe_request(path.parent.name)
        header = json.loads(body[: int(headers["Inference-Header-Content-Length"])])
        sent = {one["name"]: one["shape"] for one in header["inputs"]}
        for tensor in model.artifacts["model.onnx"].graph.inputs:
            for dim, size in zip(tensor.dims, sent[tensor.name], strict=True):
                if isinstance(dim, str):
                    least, _, most = recipe["model.onnx"].profiles[0][dim]
                    assert least <= size <= most, (path.parent.name, tensor.name, dim)


def test_engines_that_triton_could_not_serve_are_told(toolchain, repository):
    plan = plan_path(folder_of(repository) / "model.onnx", Hardware.SM89)
    assert check_engines(Hardware.SM89, repository) == [
        f"{MODEL}: {plan.name}: is not built: viva models build --hardware sm89"
    ]
    (made,) = build_engines(toolchain, repository=repository)
    proof_only = f"{MODEL}: {plan.name}: was compiled by tensorrt_rtx as proof, Triton cannot load it"
    assert check_engines(Hardware.SM89, repository) == [proof_only]
    runnable = dataclasses.replace(made, runnable=True)
    write_manifest(runnable, plan)
    assert check_engines(Hardware.SM89, repository) == []
    for changed, said in (
        ({"compute_capability": "8.0"}, "is for compute capability 8.0"),
        ({"fingerprint": "0" * 64}, "was compiled by another recipe than engines.yaml's"),
        ({"plan_sha256": "0" * 64}, "is missing or not what its manifest says"),
        ({"outputs": ()}, "output probability is missing"),
        (
            {"inputs": (dataclasses.replace(made.inputs[0], datatype="FP16"),)},
            "input image is FP16 [64, 64, 1], the contract says UINT8 [64, 64, 1]",
        ),
    ):
        write_manifest(dataclasses.replace(runnable, **changed), plan)
        assert check_engines(Hardware.SM89, repository) == [f"{MODEL}: {plan.name}: {said}"]
    other = dataclasses.replace(runnable, graph_sha256="0" * 64)
    recipe = load_recipes(repository)[MODEL]["model.onnx"]
    write_manifest(dataclasses.replace(other, fingerprint=fingerprint_of(other, recipe)), plan)
    assert check_engines(Hardware.SM89, repository) == [
        f"{MODEL}: {plan.name}: was compiled from another model.onnx than the one beside it"
    ]


def test_what_the_gpu_must_hold_is_known_before_it_is_there(toolchain, repository):
    with pytest.raises(EngineError, match=f"{MODEL}: model.sm89.plan is not built"):
        budgets(Hardware.SM89, repository)
    (made,) = build_engines(toolchain, repository=repository)
    (budget,) = budgets(Hardware.SM89, repository)
    assert (budget.weights_bytes, budget.activation_bytes) == (made.weights_bytes, made.activation_bytes)
    assert budget.contexts == 2, "two instances, one profile"
    config = repository / MODEL / "config.pbtxt"
    config.write_text(config.read_text().replace("KIND_GPU", "KIND_CPU"))
    assert budgets(Hardware.SM89, repository) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max_batch_size: 64", "max_batch_size: 65", "max_batch_size is 65, the engine takes 64 at most"),
        ('value: "model.sm89.plan"', 'value: "model.plan"', "cc_model_filenames must be 8.0: model.sm80.plan, "),
        ("KIND_GPU", "KIND_CPU", "an engine runs on KIND_GPU"),
    ],
)
def test_a_config_that_does_not_fit_the_engine_is_told(repository, old, new, said):
    assert check_configs(repository) == []
    config = repository / MODEL / "config.pbtxt"
    config.write_text(config.read_text().replace(old, new))
    (problem,) = check_configs(repository)
    assert problem.startswith(f"{MODEL}: config.pbtxt: {said}")


def test_every_profile_must_be_loaded(repository):
    recipe = repository / MODEL / "engines.yaml"
    recipe.write_text(recipe.read_text() + "    - {batch: [1, 1, 1]}\n")
    assert check_configs(repository) == [
        f"{MODEL}: config.pbtxt: instance_group.profile must be 0, 1: Triton loads the first alone otherwise"
    ]


def test_a_config_without_a_recipe_is_told(repository):
    (repository / MODEL / "engines.yaml").unlink()
    assert check_configs(repository) == [f"{MODEL}: config.pbtxt: is for an engine, and engines.yaml has no model.onnx"]


def test_the_command_refuses_in_one_line():
    done = CliRunner().invoke(command, ["build", "--builder", "tensorrt"], standalone_mode=False)
    assert isinstance(done.exception, UsageFailure)
    assert done.exception.message == "--builder is about engines: name their --hardware"
    for words in (["build", "--hardware", "sm70"], ["check", "--compile", "sm70"], ["memory", "sm70"]):
        done = CliRunner().invoke(command, words, standalone_mode=False)
        assert isinstance(done.exception, BadParameter), words
        assert "'sm70' is not one of 'sm80', 'sm86'" in done.exception.message

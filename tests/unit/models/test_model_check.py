"""The check finds each kind of disagreement between configs, graphs, manifests and the contract."""

from pathlib import Path

import pytest
import yaml

from deployments.models import check
from deployments.models.build import build_models
from serving.adapters.triton.contract import ModelContract, TensorSpec

CONTRACT = ModelContract(
    inputs=(TensorSpec("image", "UINT8", (64, 64, 1)),), outputs=(TensorSpec("probability", "FP32", (7,)),)
)
CONFIG = """
name: "expression"
backend: "python"
max_batch_size: 8
input [ { name: "image", data_type: TYPE_UINT8, dims: [ 64, 64, 1 ] } ]
output [ { name: "probability", data_type: TYPE_FP32, dims: [ 7 ] } ]
"""


@pytest.fixture
def repository(entry: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built model whose config and graph agree with the contract."""
    monkeypatch.setattr(check, "CONTRACT", {"expression": CONTRACT})
    build_models(repository=entry.parents[1])
    (entry.parent / "configs").mkdir()
    (entry.parent / "configs" / "cpu.pbtxt").write_text(CONFIG)
    return entry.parents[1]


def test_a_model_that_agrees_has_no_problem(repository):
    assert check.check_models(repository) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("TYPE_UINT8", "TYPE_FP32", "input image is FP32 [64, 64, 1], the contract says UINT8 [64, 64, 1]"),
        ("dims: [ 7 ]", "dims: [ 8 ]", "output probability is FP32 [8], the contract says FP32 [7]"),
        ('"probability"', '"scores"', "output probability is missing"),
        ('"probability"', '"scores"', "output scores is not in the contract"),
        ('name: "expression"', 'name: "smile"', "is for the model 'smile'"),
        ("max_batch_size: 8", "", "max_batch_size must be at least 1: the batch dimension comes from it"),
        ('backend: "python"', "", "names neither a backend nor a platform"),
        ("input [", "inputs [", "does not parse: "),
    ],
)
def test_a_config_that_disagrees_is_named_with_its_file(repository, old, new, problem):
    other = repository / "expression" / "configs" / "sm90.pbtxt"
    other.write_text(CONFIG.replace(old, new))
    problems = check.check_models(repository)
    assert any(line.startswith(f"expression: configs/sm90.pbtxt: {problem}") for line in problems)
    assert not any("cpu.pbtxt" in line for line in problems)


def test_a_graph_that_disagrees_is_named(repository, monkeypatch):
    other = ModelContract(
        inputs=(TensorSpec("image", "UINT8", (48, 48, 1)),), outputs=(TensorSpec("probability", "FP32", (-1,)),)
    )
    monkeypatch.setattr(check, "CONTRACT", {"expression": other})
    problems = check.check_models(repository)
    assert "expression: model.onnx: input image is UINT8 [64, 64, 1], the contract says UINT8 [48, 48, 1]" in problems
    assert "expression: model.onnx: output probability is FP32 [7], the contract says FP32 [-1]" in problems


def test_missing_stale_and_damaged_builds_are_told_apart(repository):
    directory = repository / "expression"
    (directory / "1" / "model.onnx").write_bytes(b"other")
    assert check.check_models(repository) == ["expression: 1/model.onnx is missing or not what the manifest says"]
    build_models(repository=repository)
    entry = yaml.safe_load((directory / "source.yaml").read_text())
    (directory / "source.yaml").write_text(yaml.safe_dump({**entry, "version": "9.9.9"}))
    assert check.check_models(repository) == ["expression: is built from another recipe than its source.yaml"]
    (directory / "1" / "manifest.json").unlink()
    assert check.check_models(repository) == ["expression: is not built"]


def test_a_source_file_with_a_bad_entry_is_one_problem(repository):
    (repository / "expression" / "source.yaml").write_text("licence: MIT\n")
    (problem,) = check.check_models(repository)
    assert problem.startswith("expression: expression/source.yaml: ")


def test_models_on_one_side_only_are_named(repository, monkeypatch):
    (repository / "smile").mkdir()
    (repository / "_shared").mkdir()
    monkeypatch.setattr(check, "CONTRACT", {"expression": CONTRACT, "gaze": CONTRACT})
    assert check.check_models(repository) == [
        "smile: in the repository but not in the contract",
        "gaze: in the contract but not in the repository",
    ]

"""`viva models parity` over real tritonservers: graphs in half precision, and a repository whose scorer was changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import numpy_helper

from deployments.cli.models import models as command
from deployments.cli.output import Failure, UsageFailure
from deployments.models.catalogue import REPOSITORY
from serving.adapters.triton.contract import CONTRACT


def parity(*words: str) -> tuple[int, str]:
    """Exit code, and what was printed; a failure's own line is a part of it."""
    done = CliRunner().invoke(command, ["parity", *words], standalone_mode=False)
    if isinstance(done.exception, Failure):
        return done.exception.exit_code, done.output + done.exception.message
    assert done.exception is None, done.exception
    return 0, done.output


def test_half_precision_moves_no_score_by_a_twentieth(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    code, printed = parity("cpu", "fp16", "--texts", "6", "--json", str(path))
    assert code == 0, printed
    found = json.loads(path.read_text())
    assert found["drift"]["scores"] >= 12
    assert found["drift"]["lost"] == 0
    assert 0 < found["drift"]["largest"] < 0.05
    outputs = {(one["model"], one["output"]): one for one in found["outputs"]}
    # Expressions are looked at where a policy allows it; VAD has no engine, and so no other precision.
    assert {model for model, _ in outputs} == CONTRACT.keys() - {"face_expression"}
    assert outputs["vad", "probability"]["differing"] == 0
    assert outputs["competency_scorer", "points"]["differing"] == 0
    embedding = outputs["sentence_encoder", "sentence_embedding"]
    assert embedding["differing"] > 0
    assert 0 < embedding["largest"] < 0.05 * embedding["scale"]
    assert "sentence_encoder" in printed


def test_the_same_is_the_same_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    code, printed = parity("cpu", "cpu", "--texts", "1", "--no-media", "--limit", "0", "--json", str(path))
    assert code == 0, printed
    found = json.loads(path.read_text())
    assert found["outputs"]
    assert {one["differing"] for one in found["outputs"]} == {0}


@pytest.fixture
def generous(tmp_path: Path) -> Path:
    """A repository whose scorer gives everybody half a point more."""
    folder = tmp_path / "models"
    shutil.copytree(REPOSITORY, folder, ignore=shutil.ignore_patterns("*.onnx", "*.plan", "__pycache__"))
    for graph in REPOSITORY.glob("*/1/*.onnx"):
        (folder / graph.relative_to(REPOSITORY)).symlink_to(graph)
    changed = folder / "competency_scorer" / "1" / "model.onnx"
    model = onnx.load(changed)
    changed.unlink()
    output = model.graph.output[0].name
    last = next(node for node in model.graph.node if output in node.output)
    last.output[list(last.output).index(output)] = "before"
    more = numpy_helper.from_array(np.array([[0.5] + [0.0] * 14], np.float32), "half_a_point_more")  # on the base
    model.graph.initializer.append(more)
    model.graph.node.append(onnx.helper.make_node("Add", ["before", more.name], [output], "generous"))
    onnx.save(model, changed)
    return folder


def test_a_repository_that_scores_otherwise_is_told(generous: Path) -> None:
    code, printed = parity("cpu", str(generous), "--texts", "2", "--no-media")
    assert code == 1
    assert "a score moved by 0.5" in printed
    assert "the limit is 0.05" in printed
    code, printed = parity("cpu", str(generous), "--texts", "2", "--no-media", "--limit", "0.6")
    assert code == 0, printed


def test_what_cannot_be_compared_is_one_line(tmp_path: Path) -> None:
    code, printed = parity("cpu", "sm70")
    assert (code, printed) == (2, "sm70: is no folder, and none of cpu, fp16, sm80, sm86, sm89, sm90, sm100, sm120")
    code, printed = parity("cpu", str(tmp_path))
    assert code == UsageFailure.exit_code
    assert printed.startswith(f"{tmp_path}: is no whole model repository: it lacks vad, ")

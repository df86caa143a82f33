"""Models are loaded as Triton's processes load them: apart from each other."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.raw.engines import RawEngines
from serving.domain.errors import ModelFailed

CONFIG = """
name: "{name}"
backend: "python"
max_batch_size: 8
input {{ name: "x" data_type: TYPE_FP32 dims: [ 1 ] }}
output {{ name: "y" data_type: TYPE_FP32 dims: [ 1 ] }}
parameters {{ key: "factor" value: {{ string_value: "{factor}" }} }}
"""
MODEL = """
import json
import triton_python_backend_utils as pb_utils
from sibling import OFFSET


class TritonPythonModel:
    def initialize(self, args):
        self._factor = float(json.loads(args["model_config"])["parameters"]["factor"]["string_value"])

    def execute(self, requests):
        return [self._one(request) for request in requests]

    def _one(self, request):
        x = pb_utils.get_input_tensor_by_name(request, "x").as_numpy()
        if x.min() < 0:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError("negative", pb_utils.TritonError.INVALID_ARG))
        return pb_utils.InferenceResponse([pb_utils.Tensor("y", x * self._factor + OFFSET)])
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, factor, offset in (("first", 2, 1), ("second", 3, 5)):
        (tmp_path / name / "configs").mkdir(parents=True)
        (tmp_path / name / "configs/cpu.pbtxt").write_text(CONFIG.format(name=name, factor=factor))
        (tmp_path / name / "1").mkdir()
        (tmp_path / name / "1/model.py").write_text(MODEL)
        (tmp_path / name / "1/sibling.py").write_text(f"OFFSET = {offset}\n")
    return tmp_path


async def test_models_whose_modules_are_named_alike_run_beside_each_other(repository: Path) -> None:
    engines = RawEngines(repository)
    x = {"x": np.array([[1.0], [2.0]], np.float32)}
    assert (await engines.infer("first", x))["y"].tolist() == [[3.0], [5.0]]
    assert (await engines.infer("second", x))["y"].tolist() == [[8.0], [11.0]]
    assert (await engines.infer("first", x))["y"].tolist() == [[3.0], [5.0]]


async def test_loading_leaves_no_module_and_no_path_behind(repository: Path) -> None:
    modules, path = set(sys.modules), list(sys.path)
    await RawEngines(repository).infer("first", {"x": np.zeros((1, 1), np.float32)})
    assert {"model", "sibling", "triton_python_backend_utils"} & (set(sys.modules) - modules) == set()
    assert sys.path == path


async def test_a_model_that_refuses_a_request_fails_the_call(repository: Path) -> None:
    with pytest.raises(ModelFailed, match="first: negative"):
        await RawEngines(repository).infer("first", {"x": np.array([[-1.0]], np.float32)})

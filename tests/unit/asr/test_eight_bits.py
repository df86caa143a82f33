"""Weights of 8 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from deployments.models.convert.eight_bits import BLOCK, in_blocks, write_eight_bits
from deployments.models.convert.graph import GraphBuilder


def _graph(path: Path, weight: np.ndarray) -> None:  # type: ignore[type-arg]
    graph = GraphBuilder("two_products")
    x = graph.input("x", "FP32", weight.shape[0])
    hidden = graph.op("MatMul", x, graph.constant(weight))
    graph.output("y", graph.op("MatMul", hidden, graph.constant(weight)), weight.shape[1])
    graph.save(path)


def _run(path: Path, x: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": x})[0])


def test_products_come_out_nearly_the_same_and_rows_do_not_change_each_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weight = rng.normal(0, 0.1, (288, 288)).astype(np.float32)
    exact, small = tmp_path / "a.onnx", tmp_path / "b.onnx"
    _graph(exact, weight)
    write_eight_bits(exact, small)
    x = rng.normal(0, 1, (9, 288)).astype(np.float32) * np.geomspace(0.01, 100, 9, dtype=np.float32)[:, None]
    found, expected = _run(small, x), _run(exact, x)
    for row in range(len(x)):
        assert np.abs(found[row] - expected[row]).mean() < 0.02 * np.abs(expected[row]).mean()
        assert np.array_equal(found[row], _run(small, x[row : row + 1])[0])
    assert small.stat().st_size < 0.3 * exact.stat().st_size
    assert {node.op_type for node in onnx.load(small).graph.node} == {"MatMulNBits", "Identity"}


@pytest.mark.parametrize("low", [-3.0, 0.5])
def test_a_weight_is_at_most_half_a_level_off_and_nought_stays_nought(low: float) -> None:
    weight = np.random.default_rng(1).uniform(low, 2.0, (2 * BLOCK, 3)).astype(np.float32)
    weight[5] = 0.0
    weight[BLOCK:, 1] = 0.0
    values, scale, zero = in_blocks(weight)
    assert values.shape == (3, 2, BLOCK)
    back = ((values.astype(np.float32) - zero[..., None]) * scale[..., None]).reshape(3, 2 * BLOCK).T
    assert np.abs(back - weight).max() <= 0.51 * scale.max()
    assert (back[5] == 0).all()
    assert (back[BLOCK:, 1] == 0).all()

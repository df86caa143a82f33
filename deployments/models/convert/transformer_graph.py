"""The parts of a transformer as standard ONNX operators, on top of the graph builder.

Everything a speech model needs and nothing that one runtime alone understands: no control flow, no vendor
domain, no data-dependent shapes, so the same file runs in ONNX Runtime and compiles in TensorRT.

Axes are written batch, heads, tokens, width (of one head), time (encoder frames), dim (model width).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from deployments.models.convert.graph import GraphBuilder

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Heads:
    """How attention divides the model's width: `count` heads of `width` values each."""

    count: int
    width: int

    @property
    def dim(self) -> int:
        """Width of the model."""
        return self.count * self.width


class TransformerGraph(GraphBuilder):
    """A graph builder that knows layers; every method returns the name of the tensor it made."""

    def index(self, value: int) -> str:
        """An INT64 scalar."""
        return self.constant(np.array(value, np.int64))

    def linear(self, x: str, weight: Array, bias: Array | None = None) -> str:
        """x [..., in] times weight [in, out] plus bias [out]."""
        y = self.op("MatMul", x, self.constant(weight))
        return y if bias is None else self.op("Add", y, self.constant(bias))

    def layer_norm(self, x: str, gamma: Array, beta: Array | None = None) -> str:
        """Normalise the last axis; epsilon 1e-5 as in PyTorch's LayerNorm."""
        inputs = [x, self.constant(gamma)]
        if beta is not None:
            inputs.append(self.constant(beta))
        return self.op("LayerNormalization", *inputs, axis=-1, epsilon=1e-5)

    def gelu(self, x: str) -> str:
        """The exact (erf) GELU; opset 17 has no operator for it, runtimes fuse these five nodes."""
        erf = self.op("Erf", self.op("Div", x, self.floats(float(np.sqrt(2.0)))))
        return self.op("Mul", self.op("Mul", x, self.op("Add", erf, self.floats(1.0))), self.floats(0.5))

    def silu(self, x: str) -> str:
        """x times sigmoid(x)."""
        return self.op("Mul", x, self.op("Sigmoid", x))

    def slice(self, x: str, axis: int, start: int, stop: int) -> str:
        """x[start:stop] along `axis`."""
        return self.op("Slice", x, self.ints(start), self.ints(stop), self.ints(axis))

    def split_heads(self, x: str, heads: Heads, *, transposed: bool = False) -> str:
        """[batch, tokens, dim] to [batch, heads, tokens, width], or [batch, heads, width, tokens]."""
        split = self.op("Reshape", x, self.ints(0, 0, heads.count, heads.width))
        return self.op("Transpose", split, perm=[0, 2, 3, 1] if transposed else [0, 2, 1, 3])

    def attention(
        self, query: str, key_transposed: str, value: str, heads: Heads, mask: str | None = None
    ) -> tuple[str, str]:
        """Attend with an already scaled query.

        query [batch, heads, tokens, width], key_transposed [batch, heads, width, keys],
        value [batch, heads, keys, width], mask additive, broadcast to [tokens, keys].
        Returns the context [batch, tokens, dim] and the weights [batch, heads, tokens, keys].
        """
        scores = self.op("MatMul", query, key_transposed)
        if mask is not None:
            scores = self.op("Add", scores, mask)
        weights = self.op("Softmax", scores, axis=-1)
        context = self.op("Transpose", self.op("MatMul", weights, value), perm=[0, 2, 1, 3])
        return self.op("Reshape", context, self.ints(0, 0, heads.dim)), weights

    def length(self, x: str, axis: int) -> str:
        """The length of one axis, an int64 scalar."""
        return self.op("Gather", self.op("Shape", x), self.index(axis), axis=0)

    def positions(self, start: str, count: str) -> str:
        """start, start + 1, ... (`count` of them), int64 [count]."""
        return self.op("Range", start, self.op("Add", start, count), self.index(1))

    def causal_mask(self, past: str, count: str) -> str:
        """Additive mask [count, past + count]: token i sees the past and tokens up to itself."""
        queries = self.op("Unsqueeze", self.positions(past, count), self.ints(1))
        keys = self.op("Unsqueeze", self.positions(self.index(0), self.op("Add", past, count)), self.ints(0))
        # A large negative number instead of -inf keeps fp16 builds of the graph finite.
        return self.op("Where", self.op("Greater", keys, queries), self.floats(-1e4), self.floats(0.0))

    def rotate(self, x: str, cos: str, sin: str, rotary: int, width: int) -> str:
        """Rotary embedding of the first `rotary` values of each head; pairs lie half a block apart.

        x [batch, heads, tokens, width]; cos and sin [tokens, rotary / 2].
        """
        half = rotary // 2
        left, right = self.slice(x, -1, 0, half), self.slice(x, -1, half, rotary)
        turned_left = self.op("Sub", self.op("Mul", left, cos), self.op("Mul", right, sin))
        turned_right = self.op("Add", self.op("Mul", right, cos), self.op("Mul", left, sin))
        return self.op("Concat", turned_left, turned_right, self.slice(x, -1, rotary, width), axis=-1)

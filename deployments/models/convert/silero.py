"""Silero VAD (16 kHz): the whole recording in one pass, from its published weights.

The shipped graphs take one frame at a time and branch on the sample rate (`If`, which TensorRT refuses), or take
frames that the caller has cut. This one takes PCM, cuts the frames itself, and runs the same layers: what depends on
one frame only is computed for all frames at once, then one LSTM walks over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
from onnx import numpy_helper

from deployments.models.convert.graph import Array, GraphBuilder
from deployments.models.errors import ModelBuildError

_FRAME = 512  # samples; 32 ms
_CONTEXT = 64  # samples of the frame before, which the net sees as well
_FFT, _HOP = 256, 128
_BINS = _FFT // 2 + 1
_HIDDEN = 128
_FLOAT = 1  # TensorProto.FLOAT
_TO_END = 2**63 - 1


def vad(sources: Mapping[str, Path], out: Path) -> None:
    """`audio` INT16 [samples, at least one] -> `probability` [ceil(samples / 512)] of speech."""
    weights = _weights(sources["net"])
    graph = GraphBuilder("vad")
    frames, count = _frames(graph)
    value = _encoded(graph, frames, weights)
    # Frames back to sequences, time first: [frames, batch, 128].
    value = graph.op("Reshape", value, graph.op("Concat", graph.ints(-1), count, graph.ints(_HIDDEN), axis=0))
    value = graph.op("Transpose", value, perm=(1, 0, 2))
    lstm = [graph.constant(weights[name]) for name in ("lstm.W", "lstm.R", "lstm.B")]
    hidden = graph.op("LSTM", value, *lstm, hidden_size=_HIDDEN)  # [frames, 1, batch, 128]
    hidden = graph.op("Relu", graph.op("Squeeze", hidden, graph.ints(1)))
    kernel = weights["output.weight"].reshape(1, _HIDDEN).T
    logit = graph.op("Add", graph.op("MatMul", hidden, graph.constant(kernel)), graph.constant(weights["output.bias"]))
    logit = graph.op("Transpose", graph.op("Squeeze", logit, graph.ints(2)), perm=(1, 0))
    graph.output("probability", graph.op("Sigmoid", logit), "frames")
    graph.save(out / "model.onnx")


def _frames(graph: GraphBuilder) -> tuple[str, str]:
    """PCM -> ([batch * frames, 576] FP32 in -1..1, number of frames INT64 [1]).

    The last frame is filled up with silence; each frame begins with the end of the one before.
    """
    audio = graph.input("audio", "INT16", "samples")
    audio = graph.op("Mul", graph.op("Cast", audio, to=_FLOAT), graph.floats(1 / 32768))
    samples = graph.op("Slice", graph.op("Shape", audio), graph.ints(1), graph.ints(2), graph.ints(0))
    count = graph.op("Div", graph.op("Add", samples, graph.ints(_FRAME - 1)), graph.ints(_FRAME))
    missing = graph.op("Sub", graph.op("Mul", count, graph.ints(_FRAME)), samples)
    audio = graph.op("Pad", audio, graph.op("Concat", graph.ints(0, 0, 0), missing, axis=0))
    frames = graph.op("Reshape", audio, graph.op("Concat", graph.ints(-1), count, graph.ints(_FRAME), axis=0))
    ends = graph.op("Slice", frames, graph.ints(_FRAME - _CONTEXT), graph.ints(_TO_END), graph.ints(2))
    ends = graph.op("Pad", ends, graph.ints(0, 1, 0, 0, 0, 0))
    context = graph.op("Slice", ends, graph.ints(0), graph.ints(-1), graph.ints(1))
    frames = graph.op("Concat", context, frames, axis=2)
    return graph.op("Reshape", frames, graph.ints(-1, _CONTEXT + _FRAME)), count


def _encoded(graph: GraphBuilder, frames: str, weights: Mapping[str, Array]) -> str:
    """[n, 576] -> [n, 128, 1]: magnitude spectrogram of 4 steps, then four convolutions."""
    padded = graph.op("Pad", frames, graph.ints(0, 0, 0, _CONTEXT), mode="reflect")
    basis = graph.constant(weights["stft.forward_basis_buffer"])  # windowed cosines, then sines
    spectrum = graph.op("Conv", graph.op("Unsqueeze", padded, graph.ints(1)), basis, strides=[_HOP])
    real, imaginary = graph.ops("Split", 2, spectrum, graph.ints(_BINS, _BINS), axis=1)
    power = graph.op("Add", graph.op("Mul", real, real), graph.op("Mul", imaginary, imaginary))
    value = graph.op("Sqrt", power)
    for layer, stride in enumerate((1, 2, 2, 1)):
        kernel, bias = (graph.constant(weights[f"encoder.{layer}.{name}"]) for name in ("weight", "bias"))
        value = graph.op("Relu", graph.op("Conv", value, kernel, bias, strides=[stride], pads=[1, 1]))
    return value


def _weights(path: Path) -> dict[str, Array]:
    """The arrays of the published 16 kHz graph by name; those of the LSTM as `lstm.W`, `lstm.R`, `lstm.B`."""
    graph = onnx.load(path).graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    lstm = [node for node in graph.node if node.op_type == "LSTM"]
    if len(lstm) != 1:
        raise ModelBuildError("the published graph does not hold exactly one LSTM")
    return weights | {f"lstm.{name}": weights[lstm[0].input[slot]] for slot, name in enumerate("WRB", start=1)}

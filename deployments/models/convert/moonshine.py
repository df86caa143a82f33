"""Moonshine tiny (English) from its int8 `.ort` files to a clean fp32 ONNX encoder, an fp32 and an int8 decoder.

The published files are ONNX Runtime's own format with fused and dynamically quantised operators, control flow,
and masks that let padding leak into the output. They are read for their weights only (dequantised exactly);
the graphs are written anew. Architecture: Jeffries et al. 2024, https://arxiv.org/abs/2410.15608, and
https://github.com/huggingface/transformers/blob/main/src/transformers/models/moonshine/modeling_moonshine.py.

Departures that change no result: the query's scale sits in its weights; the rotary pairs, interleaved in the
original, are brought to half a block apart by the same permutation of query and key columns; the keys and
values of cross-attention are computed by the encoder.
"""

import base64
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import numpy_helper

from deployments.models.convert.eight_bits import write_eight_bits
from deployments.models.convert.speech_decoder import (
    DecoderLayout,
    LayerResult,
    cached_attention,
    cross_attention,
    declare_outputs,
    last_token,
    past_and_new_tokens,
)
from deployments.models.convert.transformer_graph import Heads, TransformerGraph
from deployments.models.errors import ModelBuildError

LAYERS = 6
HEADS = Heads(count=8, width=36)
ROTARY_BASE = 10000.0
ROTARY = 32  # values of each head that rotate: 0.9 of 36, rounded down to even
ALIGNMENT_HEADS = ((2, 0), (3, 0), (3, 5), (4, 1), (5, 6), (5, 7))
"""Cross-attention heads that follow the audio best: of all 48 the ones whose word times come nearest to pauses in the
signal and to Whisper's times on read English (median 24 ms apart, 90% within 84 ms)."""

START_OF_TEXT, END_OF_TEXT = 1, 2

Float = npt.NDArray[np.float32]


def convert(sources: Mapping[str, Path], out: Path) -> None:
    """Write `encoder.onnx`, `decoder.onnx`, `decoder_int8.onnx` and `vocabulary.json` into `out`.

    Sources: `encoder` (encoder_model.ort), `decoder` (decoder_model_merged.ort), `tokenizer` (tokenizer.bin).
    """
    tokens = read_tokenizer(sources["tokenizer"].read_bytes())
    layout = DecoderLayout(LAYERS, HEADS, len(tokens), ALIGNMENT_HEADS)
    encoder, decoder = OrtWeights.read(sources["encoder"]), OrtWeights.read(sources["decoder"])
    _encoder(encoder, decoder, layout).save(out / "encoder.onnx")
    _decoder(decoder, layout).save(out / "decoder.onnx")
    write_eight_bits(out / "decoder.onnx", out / "decoder_int8.onnx")
    document = {
        "tokens": [base64.b64encode(text_of(token)).decode() for token in tokens],
        "start_of_text": START_OF_TEXT,
        "end_of_text": END_OF_TEXT,
    }
    (out / "vocabulary.json").write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


class OrtWeights:
    """The weights of an `.ort` file, found by the node that uses them (the initializers' names say nothing)."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._tensors: dict[str, onnx.TensorProto] = {}
        self._nodes: dict[str, onnx.NodeProto] = {}
        self._collect(model.graph)

    @classmethod
    def read(cls, path: Path) -> "OrtWeights":
        """Have ONNX Runtime write the file back as ONNX, unoptimised, and read that."""
        with tempfile.TemporaryDirectory() as folder:
            options = ort.SessionOptions()
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
            options.optimized_model_filepath = str(Path(folder) / "model.onnx")
            options.add_session_config_entry("session.load_model_format", "ORT")
            options.add_session_config_entry("session.save_model_format", "ONNX")
            ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            return cls(onnx.load(options.optimized_model_filepath))

    def _collect(self, graph: onnx.GraphProto) -> None:
        self._tensors |= {tensor.name: tensor for tensor in graph.initializer}
        for node in graph.node:
            self._nodes |= dict.fromkeys(node.output, node)
            for attribute in node.attribute:
                # The decoder's two branches (with and without cache) hold the same weights.
                if attribute.type == onnx.AttributeProto.GRAPH:
                    self._collect(attribute.g)

    def tensor(self, name: str) -> npt.NDArray[Any]:
        """An initializer by its name; KeyError when there is none."""
        return numpy_helper.to_array(self._tensors[name])

    def norm(self, layer: str) -> Float:
        """The gain of the layer normalisation `layer` (Moonshine's have no bias)."""
        fused = f"{layer}/LayerNormalization_output_0"
        return np.asarray(self.tensor(self._nodes[fused].input[1]), np.float32)

    def linear(self, output: str) -> Float:
        """The dequantised weight [in, out] of the matrix product that makes `output`."""
        node = self._nodes[output]
        match node.op_type:
            case "DynamicQuantizeMatMul":
                weight, scale, zero = node.input[1:4]
            case "MatMulIntegerToFloat":
                weight, scale, zero = node.input[1], node.input[3], node.input[5]
            case other:
                raise ModelBuildError(f"{output} is made by {other}, not by a quantised matrix product")
        return self.dequantised(weight, scale, zero)

    def dequantised(self, weight: str, scale: str, zero: str) -> Float:
        """(weight - zero) x scale in float32."""
        centred = self.tensor(weight).astype(np.float32) - self.tensor(zero).astype(np.float32)
        return np.asarray(centred * self.tensor(scale), np.float32)


def rotary_columns() -> npt.NDArray[np.int64]:
    """Where each column of a query or key weight comes from so that rotary pairs lie half a block apart."""
    rotated = np.concatenate([np.arange(0, ROTARY, 2), np.arange(1, ROTARY, 2), np.arange(ROTARY, HEADS.width)])
    starts = np.arange(HEADS.count)[:, None] * HEADS.width
    return np.asarray(starts + rotated, np.int64).reshape(-1)


def _angles(graph: TransformerGraph, positions: str) -> tuple[str, str]:
    """Cosine and sine [tokens, ROTARY / 2] of position x frequency."""
    frequencies = graph.constant((ROTARY_BASE ** -(np.arange(0, ROTARY, 2) / ROTARY)).astype(np.float32))
    column = graph.op("Unsqueeze", graph.op("Cast", positions, to=1), graph.ints(1))
    angles = graph.op("Mul", column, frequencies)
    return graph.op("Cos", angles), graph.op("Sin", angles)


def _rotated_qk(
    graph: TransformerGraph, weights: OrtWeights, x: str, scope: str, angles: tuple[str, str]
) -> tuple[str, str]:
    """Scaled query and key of self-attention, [batch, heads, tokens, width], rotated."""
    columns = rotary_columns()
    rotated = []
    for kind, scale in (("q", HEADS.width**-0.5), ("k", 1.0)):
        weight = weights.linear(f"{scope}/{kind}_proj/MatMul_output_0")[:, columns] * np.float32(scale)
        heads = graph.split_heads(graph.linear(x, weight), HEADS)
        rotated.append(graph.rotate(heads, *angles, ROTARY, HEADS.width))
    return rotated[0], rotated[1]


def _projection(graph: TransformerGraph, weights: OrtWeights, x: str, scope: str, kind: str) -> str:
    return graph.linear(x, weights.linear(f"{scope}/{kind}_proj/MatMul_output_0"))


def _dense(graph: TransformerGraph, weights: OrtWeights, x: str, scope: str, bias: str) -> str:
    return graph.linear(x, weights.linear(f"{scope}/Add_output_0"), weights.tensor(bias))


def _encoder(weights: OrtWeights, decoder: OrtWeights, layout: DecoderLayout) -> TransformerGraph:
    """`audio` [batch, samples] (16 kHz, -1 to 1) to the cross caches of every decoder layer.

    One frame of time is 384 samples (24 ms). The rows of a batch must be of one length: the group
    normalisation runs over the whole of a row, so padding would change its every frame.
    """
    graph = TransformerGraph("moonshine_tiny_encoder")

    def conv(x: str, name: str, kernel: int, stride: int, *, bias: bool = True) -> str:
        inputs = [x, graph.constant(weights.tensor(f"{name}.weight_add_tensor"))]
        if bias:
            inputs.append(graph.constant(weights.tensor(f"{name}.bias")))
        return graph.op("Conv", *inputs, kernel_shape=[kernel], strides=[stride])

    x = graph.op("Unsqueeze", graph.input("audio", "FP32", "samples"), graph.ints(1))
    x = graph.op("Tanh", conv(x, "conv1", kernel=127, stride=64, bias=False))
    # Group normalisation with one group is instance normalisation of all channels laid end to end.
    flat = graph.op("Reshape", x, graph.ints(0, 1, -1))
    one, none = graph.constant(np.ones(1, np.float32)), graph.constant(np.zeros(1, np.float32))
    flat = graph.op("InstanceNormalization", flat, one, none, epsilon=1e-5)
    x = graph.op("Reshape", flat, graph.ints(0, HEADS.dim, -1))
    x = graph.op("Mul", x, graph.constant(weights.tensor("onnx::Mul_2080")))
    x = graph.op("Add", x, graph.constant(weights.tensor("onnx::Add_2081")))
    x = graph.gelu(conv(x, "conv2", kernel=7, stride=3))
    x = graph.gelu(conv(x, "conv3", kernel=3, stride=2))
    x = graph.op("Transpose", x, perm=[0, 2, 1])
    angles = _angles(graph, graph.positions(graph.index(0), graph.length(x, 1)))
    for layer in range(LAYERS):
        scope = f"/layers.{layer}"
        attention = f"{scope}/self_attn"
        normed = graph.layer_norm(x, weights.norm(f"{scope}/input_layernorm"))
        query, key = _rotated_qk(graph, weights, normed, attention, angles)
        value = graph.split_heads(_projection(graph, weights, normed, attention, "v"), HEADS)
        context, _ = graph.attention(query, graph.op("Transpose", key, perm=[0, 1, 3, 2]), value, HEADS)
        x = graph.op("Add", x, _projection(graph, weights, context, attention, "o"))
        normed = graph.layer_norm(x, weights.norm(f"{scope}/post_attention_layernorm"))
        hidden = graph.gelu(_dense(graph, weights, normed, f"{scope}/mlp/fc1", f"layers.{layer}.mlp.fc1.bias"))
        hidden = _dense(graph, weights, hidden, f"{scope}/mlp/fc2", f"layers.{layer}.mlp.fc2.bias")
        x = graph.op("Add", x, hidden)
    x = graph.layer_norm(x, weights.tensor("layer_norm.weight"))
    for layer in range(LAYERS):
        scope = f"/model/decoder/layers.{layer}/encoder_attn"
        key, value = (_projection(graph, decoder, x, scope, kind) for kind in ("k", "v"))
        layout.show_cross_cache(
            graph, layer, graph.split_heads(key, HEADS, transposed=True), graph.split_heads(value, HEADS)
        )
    return graph


def _decoder(weights: OrtWeights, layout: DecoderLayout) -> TransformerGraph:
    """Token ids and caches to logits, alignment weights and grown caches; see speech_decoder."""
    graph = TransformerGraph("moonshine_tiny_decoder")
    layout.declare_inputs(graph)
    past, count = past_and_new_tokens(graph)
    embeddings = weights.dequantised(
        *(f"model.decoder.embed_tokens.weight_merged_0_{part}" for part in ("quantized", "scale", "zero_point"))
    )
    x = graph.op("Gather", graph.constant(embeddings), "ids", axis=0)
    angles = _angles(graph, graph.positions(past, count))
    mask = graph.causal_mask(past, count)
    results = []
    for layer in range(LAYERS):
        scope = f"/model/decoder/layers.{layer}"
        attention, cross = f"{scope}/self_attn", f"{scope}/encoder_attn"
        normed = graph.layer_norm(x, weights.norm(f"{scope}/input_layernorm"))
        query, key = _rotated_qk(graph, weights, normed, attention, angles)
        value = graph.split_heads(_projection(graph, weights, normed, attention, "v"), HEADS)
        context, keys, values = cached_attention(graph, HEADS, layer, query, key, value, mask)
        x = graph.op("Add", x, _projection(graph, weights, context, attention, "o"))
        normed = graph.layer_norm(x, weights.norm(f"{scope}/post_attention_layernorm"))
        scaled = weights.linear(f"{cross}/q_proj/MatMul_output_0") * np.float32(HEADS.width**-0.5)
        query = graph.split_heads(graph.linear(normed, scaled), HEADS)
        context, looks = cross_attention(graph, HEADS, layer, query)
        x = graph.op("Add", x, _projection(graph, weights, context, cross, "o"))
        normed = graph.layer_norm(x, weights.norm(f"{scope}/final_layernorm"))
        x = graph.op("Add", x, _gated_mlp(graph, weights, normed, layer))
        results.append(LayerResult(keys, values, looks))
    x = graph.layer_norm(last_token(graph, x), weights.norm("/model/decoder/norm"))
    declare_outputs(graph, layout, graph.linear(x, weights.linear("logits")), results)
    return graph


def _gated_mlp(graph: TransformerGraph, weights: OrtWeights, x: str, layer: int) -> str:
    """fc1's first half times the SiLU of its second half, through fc2."""
    scope, bias = f"/model/decoder/layers.{layer}/mlp", f"model.decoder.layers.{layer}.mlp"
    both = _dense(graph, weights, x, f"{scope}/fc1", f"{bias}.fc1.bias_merged_0")
    half = HEADS.dim * 4
    gate = graph.silu(graph.slice(both, -1, half, 2 * half))
    gated = graph.op("Mul", gate, graph.slice(both, -1, 0, half))
    return _dense(graph, weights, gated, f"{scope}/fc2", f"{bias}.fc2.bias_merged_0")


def read_tokenizer(data: bytes) -> list[bytes]:
    """Tokens in the order of their ids from Moonshine's tokenizer.bin.

    Each token is its length and its bytes; a length of 128 or more takes two bytes, low seven bits first
    (https://github.com/moonshine-ai/moonshine, BinTokenizer). Raises ModelBuildError for a truncated file.
    """
    tokens: list[bytes] = []
    at = 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            length = data[at] * 128 + length - 128
            at += 1
        if at + length > len(data):
            raise ModelBuildError(f"tokenizer.bin ends inside token {len(tokens)}")
        tokens.append(data[at : at + length])
        at += length
    return tokens


def text_of(token: bytes) -> bytes:
    """A token as it reads in text: SentencePiece's word mark is a space, special tokens are empty."""
    special = (b"<unk>", b"<s>", b"</s>")
    if token in special or token.startswith(b"<<ST_"):
        return b""
    return token.replace("\u2581".encode(), b" ")

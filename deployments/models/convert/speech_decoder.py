"""The common face of both speech decoders: names and shapes of caches, outputs, and the alignment heads.

Moonshine and Whisper differ inside, but a decoding loop needs the same of both: token ids, the self-attention
cache of each layer (grows by a token a step), the cross-attention keys and values of each layer (made once by
the encoder), and back come the logits of the last token and how the chosen heads looked at the audio.

Caches are one tensor a layer, not one stacked tensor: a runtime can then hand a cache from step to step by
reference, where splitting a stacked one would copy all of it for every token.

Inputs of layer n: `past_key_n`, `past_value_n` [batch, heads, tokens so far, width], `cross_key_n` [batch, heads,
width, time] (transposed, ready to multiply), `cross_value_n` [batch, heads, time, width]. For all layers: `time_bias`
[batch, 1, 1, time], 0 where a row has audio and -10,000 where it is only filled up to the longest of the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from deployments.models.convert.transformer_graph import Heads, TransformerGraph


@dataclass(frozen=True, slots=True)
class DecoderLayout:
    """Sizes of a speech decoder, and the (layer, head) pairs whose cross-attention follows the audio."""

    layers: int
    heads: Heads
    vocabulary: int
    alignment_heads: tuple[tuple[int, int], ...]

    def declare_inputs(self, graph: TransformerGraph) -> None:
        """`ids` [batch, tokens], `time_bias`, then each layer's self and cross cache (see the module's docstring)."""
        heads, width = self.heads.count, self.heads.width
        graph.input("ids", "INT32", "tokens")
        graph.input("time_bias", "FP32", 1, 1, "time")
        for layer in range(self.layers):
            graph.input(f"past_key_{layer}", "FP32", heads, "past_tokens", width)
            graph.input(f"past_value_{layer}", "FP32", heads, "past_tokens", width)
            graph.input(f"cross_key_{layer}", "FP32", heads, width, "time")
            graph.input(f"cross_value_{layer}", "FP32", heads, "time", width)

    def show_cross_cache(self, graph: TransformerGraph, layer: int, key: str, value: str) -> None:
        """Name an encoder's output for one decoder layer, under the decoder's input names."""
        heads, width = self.heads.count, self.heads.width
        graph.output(f"cross_key_{layer}", key, heads, width, "time")
        graph.output(f"cross_value_{layer}", value, heads, "time", width)


@dataclass(frozen=True, slots=True)
class LayerResult:
    """Tensors that one decoder layer leaves behind: its grown cache and its cross-attention weights."""

    key: str
    value: str
    cross_weights: str


def past_and_new_tokens(graph: TransformerGraph) -> tuple[str, str]:
    """Lengths of the self cache and of `ids`, INT64 scalars."""
    return graph.length("past_key_0", 2), graph.length("ids", 1)


def cached_attention(
    graph: TransformerGraph, heads: Heads, layer: int, query: str, key: str, value: str, mask: str
) -> tuple[str, str, str]:
    """Self-attention over the cache and the new tokens (all three [batch, heads, tokens, width]).

    Returns the context [batch, tokens, dim] and the grown key and value caches.
    """
    keys = graph.op("Concat", f"past_key_{layer}", key, axis=2)
    values = graph.op("Concat", f"past_value_{layer}", value, axis=2)
    transposed = graph.op("Transpose", keys, perm=[0, 1, 3, 2])
    context, _ = graph.attention(query, transposed, values, heads, mask)
    return context, keys, values


def cross_attention(graph: TransformerGraph, heads: Heads, layer: int, query: str) -> tuple[str, str]:
    """Attention over the audio: context [batch, tokens, dim] and weights [batch, heads, tokens, time]."""
    return graph.attention(query, f"cross_key_{layer}", f"cross_value_{layer}", heads, "time_bias")


def declare_outputs(graph: TransformerGraph, layout: DecoderLayout, logits: str, layers: Sequence[LayerResult]) -> None:
    """Name the outputs: `logits` [batch, vocabulary] of the last token, `alignment` [batch, alignment heads,
    tokens, time] (the cross-attention weights of the alignment heads) and the grown self caches.
    """
    by_layer: dict[int, list[int]] = {}
    for layer, head in layout.alignment_heads:
        by_layer.setdefault(layer, []).append(head)
    looks = [
        graph.op("Gather", layers[layer].cross_weights, graph.ints(*heads), axis=1)
        for layer, heads in sorted(by_layer.items())
    ]
    graph.output("logits", logits, layout.vocabulary)
    chosen = graph.op("Concat", *looks, axis=1)
    graph.output("alignment", chosen, len(layout.alignment_heads), "tokens", "time")
    for layer, result in enumerate(layers):
        for kind, tensor in (("key", result.key), ("value", result.value)):
            graph.output(f"present_{kind}_{layer}", tensor, layout.heads.count, "total_tokens", layout.heads.width)


def last_token(graph: TransformerGraph, x: str) -> str:
    """[batch, tokens, dim] to [batch, dim], the last token's row."""
    return graph.op("Gather", x, graph.index(-1), axis=1)

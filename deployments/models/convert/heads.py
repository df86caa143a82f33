"""Small nets over sentence embeddings, from the weights that `viva models train` wrote.

All begin alike: a sentence's embedding and cues become a hidden vector, and a recurrent layer that reads the answer in
both directions adds what stands around it. A model is the mean of a few nets that differ by their seed: what one of
them takes for a sign by accident, the others do not. Rows of a batch may be padded: `mask` holds ones for sentences,
then zeros.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from deployments.models.convert.graph import Array, GraphBuilder

EMBEDDING = 512
FIT = 3  # columns of `rubric_fit`
# A unit vector's 512 entries are about 1/22 each; scaled up, weights start in their usual range.
SENTENCE_SCALE, QUESTION_SCALE, FIT_SCALE = 10.0, 3.0, 4.0
_FLOAT, _INT32 = 1, 6  # TensorProto
_FAR_BELOW = -1e4

Weights = Mapping[str, Array]


def star_tagger(sources: Mapping[str, Path], out: Path) -> None:
    """`embedding`, `cue`, `mask` -> `probability` [sentences, 5] of the roles S T A R O."""
    members = _members(sources["weights"])
    graph = GraphBuilder("star_tagger")
    embedding, cue, mask = _sentence_inputs(graph, members[0])
    found = []
    for weights in members:
        seen = _context(graph, weights, _hidden(graph, weights, embedding, cue, None), mask)
        found.append(graph.op("Softmax", _linear(graph, weights, "role", seen), axis=-1))
    graph.output("probability", _average(graph, found), "sentences", 5)
    graph.save(out / "model.onnx")


def answer_judge(sources: Mapping[str, Path], out: Path) -> None:
    """`embedding`, `cue`, `mask`, `question`, `fit` -> probabilities of statements, grades and relevance.

    `shows`, `against` [sentences, 9]: a sentence shows a competency, or its contrary; `empty`, `own` [sentences]: it
    says nothing that happened; the deed in it is the speaker's own. `addresses`, `recites` [sentences]: it speaks to
    whoever scores; it strings keywords together. `grade` [9, 5]: the anchor level that the answer reaches. `relevant`
    [1]: it answers the question. The ninth competency is one that nobody trained.
    """
    members = _members(sources["weights"])
    graph = GraphBuilder("answer_judge")
    embedding, cue, mask = _sentence_inputs(graph, members[0])
    question = graph.input("question", "FP32", EMBEDDING)
    places = members[0]["shows.bias"].shape[0] + 1
    fit = graph.op("Mul", graph.input("fit", "FP32", "sentences", places, FIT), graph.floats(FIT_SCALE))
    found = [_judged(graph, weights, embedding, cue, mask, question, fit, places) for weights in members]
    dims: dict[str, tuple[int | str, ...]] = {
        "shows": ("sentences", places),
        "against": ("sentences", places),
        "grade": (places, 5),
        "relevant": (1,),
    }
    for name in found[0]:
        graph.output(name, _average(graph, [values[name] for values in found]), *dims.get(name, ("sentences",)))
    graph.save(out / "model.onnx")


def _judged(
    graph: GraphBuilder,
    weights: Weights,
    embedding: str,
    cue: str,
    mask: str,
    question: str,
    fit: str,
    places: int,
) -> dict[str, str]:
    """What one member of the judge says, by output."""
    hidden = _hidden(graph, weights, embedding, cue, question)
    seen = _context(graph, weights, hidden, mask)
    kept = graph.op("Cast", mask, to=_FLOAT)
    found = {}
    told_of = [fit]
    borne = _borne(graph, weights, seen, fit, places)
    for column, name in enumerate(("shows", "against")):
        logit = graph.op("Add", _column(graph, borne, column, 3), _one_more(graph, _linear(graph, weights, name, seen)))
        found[name] = graph.op("Sigmoid", logit)
        told_of.append(graph.op("Unsqueeze", found[name], graph.ints(3)))
    for head, value, names in (("style", seen, ("empty", "own")), ("gaming", hidden, ("addresses", "recites"))):
        probability = graph.op("Sigmoid", _linear(graph, weights, head, value))
        found.update({name: _column(graph, probability, column, 2) for column, name in enumerate(names)})
    pooled = graph.op("Concat", *_mean_and_highest(graph, seen, kept, 3), axis=1)
    statistics = graph.op("Concat", *_mean_and_highest(graph, graph.op("Concat", *told_of, axis=3), kept, 4), axis=2)
    found["grade"] = graph.op("Softmax", _grades(graph, weights, pooled, statistics, places), axis=-1)
    match = _match(graph, weights, embedding, kept, question)
    found["relevant"] = graph.op("Sigmoid", graph.op("Add", _linear(graph, weights, "relevant", pooled), match))
    return found


def _average(graph: GraphBuilder, values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else graph.op("Mean", *values)


def _borne(graph: GraphBuilder, weights: Weights, seen: str, fit: str, places: int) -> str:
    """What a sentence's fit to a rubric says, by one function for all competencies, [batch, sentences, places, 2]."""
    bearing = _each(graph, _linear(graph, weights, "bearing", seen), 2, places)
    hidden = graph.op("Relu", _linear(graph, weights, "bearing_hidden", graph.op("Concat", bearing, fit, axis=3)))
    return _linear(graph, weights, "bearing_out", hidden)


def _grades(graph: GraphBuilder, weights: Weights, pooled: str, statistics: str, places: int) -> str:
    """Logits [batch, places, 5]: one function for all of quality and statistics, and one of each competency's own."""
    quality = _each(graph, _linear(graph, weights, "quality", pooled), 1, places)
    hidden = graph.op("Relu", _linear(graph, weights, "grade_hidden", graph.op("Concat", quality, statistics, axis=2)))
    own = graph.op("Reshape", _linear(graph, weights, "grade", pooled), graph.ints(-1, places - 1, 5))
    own = graph.op("Pad", own, graph.ints(0, 0, 0, 0, 1, 0))
    return graph.op("Add", _linear(graph, weights, "grade_out", hidden), own)


def _each(graph: GraphBuilder, value: str, axis: int, times: int) -> str:
    """The same for each of `times` places, along a new axis."""
    value = graph.op("Unsqueeze", value, graph.ints(axis))
    return graph.op("Concat", *([value] * times), axis=axis)


def _column(graph: GraphBuilder, value: str, column: int, axis: int) -> str:
    return graph.op("Gather", value, graph.constant(np.array(column)), axis=axis)


def _one_more(graph: GraphBuilder, logit: str) -> str:
    """[batch, sentences, n] with a zero after the n."""
    return graph.op("Pad", logit, graph.ints(0, 0, 0, 0, 0, 1))


def _members(path: Path) -> list[Weights]:
    """Weights of each net of an ensemble: `0.role.weight`, `1.role.weight` ..."""
    found: dict[str, dict[str, Array]] = {}
    for name, value in _load(path).items():
        member, _, inner = name.partition(".")
        found.setdefault(member, {})[inner] = value
    return [found[member] for member in sorted(found, key=int)]


def _load(path: Path) -> dict[str, Array]:
    with np.load(path) as file:
        return {name: file[name].astype(np.float32) for name in file.files}


def _sentence_inputs(graph: GraphBuilder, weights: Weights) -> tuple[str, str, str]:
    embedding = graph.input("embedding", "FP32", "sentences", EMBEDDING)
    cue = graph.input("cue", "FP32", "sentences", weights["cue.weight"].shape[1])
    mask = graph.input("mask", "INT32", "sentences")
    return embedding, cue, mask


def _linear(graph: GraphBuilder, weights: Weights, name: str, value: str) -> str:
    """torch's Linear: weight [out, in]."""
    value = graph.op("MatMul", value, graph.constant(weights[f"{name}.weight"].T))
    bias = weights.get(f"{name}.bias")
    return value if bias is None else graph.op("Add", value, graph.constant(bias))


def _hidden(graph: GraphBuilder, weights: Weights, embedding: str, cue: str, question: str | None) -> str:
    scaled = graph.op("Mul", embedding, graph.floats(SENTENCE_SCALE))
    value = graph.op("Add", _linear(graph, weights, "sentence", scaled), _linear(graph, weights, "cue", cue))
    if question is not None:
        asked = _linear(graph, weights, "question", graph.op("Mul", question, graph.floats(QUESTION_SCALE)))
        value = graph.op("Add", value, graph.op("Unsqueeze", asked, graph.ints(1)))
    return graph.op("Relu", value)


def _context(graph: GraphBuilder, weights: Weights, hidden: str, mask: str) -> str:
    """[batch, sentences, h] -> [batch, sentences, 2g + h]: a bidirectional GRU's states beside its input."""
    size = weights["gru.weight_hh_l0"].shape[1]
    kernels = [
        graph.constant(np.stack([_onnx_gates(weights[f"gru.{kind}_l0{way}"]) for way in ("", "_reverse")]))
        for kind in ("weight_ih", "weight_hh")
    ]
    bias = np.stack(
        [
            np.concatenate([_onnx_gates(weights[f"gru.{kind}_l0{way}"]) for kind in ("bias_ih", "bias_hh")])
            for way in ("", "_reverse")
        ]
    )
    lengths = graph.op("ReduceSum", mask, graph.ints(1), keepdims=0)
    states = graph.op(
        "GRU",
        graph.op("Transpose", hidden, perm=(1, 0, 2)),
        *kernels,
        graph.constant(bias),
        graph.op("Cast", lengths, to=_INT32),
        hidden_size=size,
        direction="bidirectional",
        linear_before_reset=1,
    )  # [sentences, 2, batch, g]
    states = graph.op("Transpose", states, perm=(2, 0, 1, 3))
    return graph.op("Concat", graph.op("Reshape", states, graph.ints(0, 0, 2 * size)), hidden, axis=2)


def _onnx_gates(array: Array) -> Array:
    """torch orders a GRU's gates reset, update, new; ONNX update, reset, hidden."""
    reset, update, new = np.split(array, 3)
    return np.concatenate([update, reset, new])


def _mean_and_highest(graph: GraphBuilder, value: str, kept: str, rank: int) -> tuple[str, str]:
    """Mean and maximum over the sentences (axis 1) of a value of that rank."""
    kept = graph.op("Unsqueeze", kept, graph.ints(*range(2, rank)))
    absent = graph.op("Sub", graph.floats(1.0), kept)
    lowered = graph.op("Add", value, graph.op("Mul", absent, graph.floats(_FAR_BELOW)))
    total = graph.op("ReduceSum", graph.op("Mul", value, kept), graph.ints(1), keepdims=0)
    mean = graph.op("Div", total, graph.op("ReduceSum", kept, graph.ints(1), keepdims=0))
    return mean, graph.op("ReduceMax", lowered, axes=[1], keepdims=0)


def _match(graph: GraphBuilder, weights: Weights, embedding: str, kept: str, question: str) -> str:
    """Scaled cosine of question and mean sentence, each in a projection of its own, [batch, 1]."""
    sides = [
        _linear(graph, weights, "asked", question),
        _linear(graph, weights, "told", _mean_and_highest(graph, embedding, kept, 3)[0]),
    ]
    units = []
    for side in sides:
        norm = graph.op("ReduceL2", side, axes=[1], keepdims=1)
        units.append(graph.op("Div", side, graph.op("Max", norm, graph.floats(1e-8))))
    cosine = graph.op("ReduceSum", graph.op("Mul", *units), graph.ints(1), keepdims=1)
    return graph.op("Mul", cosine, graph.constant(weights["match"].reshape(1)))


def competency_scorer(sources: Mapping[str, Path], out: Path) -> None:
    """`feature` [features], `competency` [1] -> `points` [1 + features]: the base, then each feature's points.

    A feature's points are a sum of ramps, each from 0 at its knot to its height one step later, all of one sign: a
    curve that never turns. Weights: `base` [competencies], `height` [competencies, features, ramps].
    """
    weights = _load(sources["weights"])
    base, height = weights["base"], weights["height"]
    competencies, features, ramps = height.shape
    graph = GraphBuilder("competency_scorer")
    feature = graph.op("Unsqueeze", graph.input("feature", "FP32", features), graph.ints(2))
    place = graph.input("competency", "INT32", 1)
    knots = np.arange(ramps, dtype=np.float32).reshape(1, 1, ramps)
    risen = graph.op("Sub", graph.op("Mul", feature, graph.floats(float(ramps))), graph.constant(knots))
    risen = graph.op("Clip", risen, graph.floats(0.0), graph.floats(1.0))  # [batch, features, ramps]
    flat = graph.op("Reshape", place, graph.ints(-1))
    points = graph.op("Mul", risen, graph.op("Gather", graph.constant(height), flat, axis=0))
    points = graph.op("ReduceSum", points, graph.ints(2), keepdims=0)
    first = graph.op("Gather", graph.constant(base.reshape(competencies, 1)), flat, axis=0)
    graph.output("points", graph.op("Concat", first, points, axis=1), features + 1)
    graph.save(out / "model.onnx")

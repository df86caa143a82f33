"""What every model of the repository takes and gives, whatever hardware serves it.

The contract is that of the *outer* model: the same names, data types and dims in `configs/cpu.pbtxt` as in any
GPU config, so a client never knows which one answers. The batch dimension comes from each config's
`max_batch_size` and is not listed; -1 is a dim that varies from request to request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Datatype = Literal["UINT8", "INT16", "INT32", "FP32", "BYTES"]
"""Triton's name of a tensor's element type, as in the v2 inference protocol (without config.pbtxt's `TYPE_`)."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output: its name, element type and dims (no batch dimension; -1 varies)."""

    name: str
    datatype: Datatype
    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ModelContract:
    """The inputs and outputs of one outer model, in the order of its config."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def input(self, name: str) -> TensorSpec:
        """The input called `name`; KeyError when the model has none."""
        return _named(self.inputs, name)

    def output(self, name: str) -> TensorSpec:
        """The output called `name`; KeyError when the model has none."""
        return _named(self.outputs, name)


def _named(specs: tuple[TensorSpec, ...], name: str) -> TensorSpec:
    for spec in specs:
        if spec.name == name:
            return spec
    raise KeyError(name)


_VAD = ModelContract(
    inputs=(TensorSpec("audio", "INT16", (-1,)),),  # 16 kHz mono PCM
    outputs=(TensorSpec("probability", "FP32", (-1,)),),  # of speech, one per 512 samples (32 ms)
)

_ASR = ModelContract(
    inputs=(
        TensorSpec("audio", "INT16", (-1,)),  # 16 kHz mono PCM, zero-padded to a bucket's length
        TensorSpec("sample_count", "INT32", (1,)),  # true length of `audio`
        TensorSpec("language", "BYTES", (1,)),  # "en", "zh", or "" to detect it
    ),
    outputs=(
        TensorSpec("text", "BYTES", (1,)),
        TensorSpec("language", "BYTES", (1,)),
        TensorSpec("language_probability", "FP32", (1,)),
        # A word is a whitespace word in English and a character in Chinese; the four arrays run in parallel.
        TensorSpec("word", "BYTES", (-1,)),
        TensorSpec("word_start_s", "FP32", (-1,)),
        TensorSpec("word_end_s", "FP32", (-1,)),
        TensorSpec("word_probability", "FP32", (-1,)),
    ),
)

_SENTENCE_ENCODER = ModelContract(
    inputs=(TensorSpec("input_ids", "INT32", (-1,)), TensorSpec("attention_mask", "INT32", (-1,))),
    outputs=(TensorSpec("sentence_embedding", "FP32", (512,)),),  # L2-normalised
)

# Small heads over sentence embeddings. `sentences` varies; `mask` holds ones for sentences, then zeros.
_SENTENCES = (
    TensorSpec("embedding", "FP32", (-1, 512)),
    TensorSpec("cue", "FP32", (-1, 20)),
    TensorSpec("mask", "INT32", (-1,)),
)

_STAR_TAGGER = ModelContract(
    inputs=_SENTENCES,
    outputs=(TensorSpec("probability", "FP32", (-1, 5)),),  # of the roles S T A R O
)

_ANSWER_JUDGE = ModelContract(
    inputs=(
        *_SENTENCES,
        TensorSpec("question", "FP32", (512,)),
        TensorSpec("fit", "FP32", (-1, 9, 3)),  # how each sentence lies to each competency's rubric
    ),
    outputs=(
        TensorSpec("shows", "FP32", (-1, 9)),  # a sentence shows a competency
        TensorSpec("against", "FP32", (-1, 9)),  # ... or its contrary
        TensorSpec("empty", "FP32", (-1,)),  # it tells nothing that happened
        TensorSpec("own", "FP32", (-1,)),  # the deed in it is the speaker's own
        TensorSpec("addresses", "FP32", (-1,)),  # it speaks to whoever scores
        TensorSpec("recites", "FP32", (-1,)),  # it strings keywords or phrases of a rubric together
        TensorSpec("grade", "FP32", (9, 5)),  # anchor level reached
        TensorSpec("relevant", "FP32", (1,)),  # the answer answers the question
    ),
)

_COMPETENCY_SCORER = ModelContract(
    inputs=(
        TensorSpec("feature", "FP32", (14,)),
        TensorSpec("competency", "INT32", (1,)),  # 0 to 7 as in COMPETENCIES, 8 for one that a caller defined
    ),
    outputs=(TensorSpec("points", "FP32", (15,)),),  # the base, then each feature's, out of 10
)

_FACE_DETECTOR = ModelContract(
    inputs=(TensorSpec("image", "UINT8", (128, 128, 3)),),  # RGB
    outputs=(
        TensorSpec("regressors", "FP32", (896, 16)),  # box and 6 key points relative to each anchor
        TensorSpec("scores", "FP32", (896,)),  # raw logits
    ),
)

_FACE_MESH = ModelContract(
    inputs=(TensorSpec("image", "UINT8", (192, 192, 3)),),  # RGB crop of one face
    outputs=(
        TensorSpec("landmarks", "FP32", (468, 3)),  # pixels of the crop
        TensorSpec("presence", "FP32", (1,)),  # probability
    ),
)

_FACE_EXPRESSION = ModelContract(
    inputs=(TensorSpec("image", "UINT8", (64, 64, 1)),),  # grey crop of one face
    outputs=(TensorSpec("probability", "FP32", (7,)),),  # angry disgust fear happy sad surprise neutral
)

_BODY_POSE = ModelContract(
    inputs=(TensorSpec("image", "UINT8", (256, 256, 3)),),  # RGB crop of one person
    outputs=(
        TensorSpec("landmarks", "FP32", (39, 5)),  # x y z in pixels of the crop, visibility, presence
        TensorSpec("presence", "FP32", (1,)),  # probability
    ),
)

RECOGNISERS: Final = ("asr_en", "asr_multilingual")
"""The models whose requests run for seconds, and which ask whether anybody still waits."""

CONTRACT: Mapping[str, ModelContract] = MappingProxyType(
    {
        "vad": _VAD,
        **dict.fromkeys(RECOGNISERS, _ASR),
        "sentence_encoder": _SENTENCE_ENCODER,
        "star_tagger": _STAR_TAGGER,
        "answer_judge": _ANSWER_JUDGE,
        "competency_scorer": _COMPETENCY_SCORER,
        "face_detector": _FACE_DETECTOR,
        "face_mesh": _FACE_MESH,
        "face_expression": _FACE_EXPRESSION,
        "body_pose": _BODY_POSE,
    }
)

"""The pipeline's models, served by Triton."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from serving.adapters.triton.client import TritonClient
from serving.adapters.triton.contract import RECOGNISERS
from serving.adapters.triton.tensors import Array, contract_of
from serving.adapters.triton.together import Together
from serving.adapters.triton.tokenizer import SentenceTokenizer
from serving.domain.assessment import ModelVersion
from serving.domain.competency import LANGUAGES, Language
from serving.domain.errors import InternalFault, ModelFailed
from serving.domain.transcript import SegmentTranscript, Word
from serving.pipeline import precedence
from serving.pipeline.concurrency import all_of
from serving.pipeline.cores import ANY_CORE, Core, another_is_free
from serving.pipeline.ports import HeadOutputs, SentenceBatch

_VERSION_FOLDER = "1"

_Segment: TypeAlias = tuple[NDArray[np.int16], Language | None]

LONGEST_TOGETHER = 256
"""Tokens of a sentence that shares a request. A longer one, which is hardly a sentence, goes alone: a GPU's engine has
room for many short rows or for one long one (model_repository/sentence_encoder/engines.yaml)."""

# A sentence takes some tens of microseconds. Many hold up the event loop; for a few a thread costs more than they do.
_TOKENISED_IN_PLACE = 32


@dataclass(frozen=True, slots=True)
class CallConfig:
    """Limits of the calls that one answer makes.

    Attributes:
        timeout_s: of one request, its wait behind other answers included: as long as an answer may take. The caller's
            own deadline cancels the task, and the request with it; a server that is away is waited for much shorter.
        in_flight: most requests of this process that are at Triton, waiting there or running.
    """

    timeout_s: float = 600.0
    in_flight: int = 16


class TritonModels:
    """Implements the pipeline's `Models`. Belongs to one event loop; the owner closes it."""

    def __init__(
        self,
        client: TritonClient,
        repository: Path,
        config: CallConfig | None = None,
        core: Core = ANY_CORE,
    ) -> None:
        """Load the tokenizer.

        Args:
            repository: folder of the built models; read for the tokenizer and the manifests only.
            core: held by calls of the models that take sound and pictures; those of text take milliseconds, and wait
                for nobody.

        Raises:
            InternalFault: the sentence encoder was not built.
        """
        self._client = client
        self._repository = repository
        self._config = config or CallConfig()
        self._core = core
        self._slots = asyncio.Semaphore(self._config.in_flight)
        self._recognisers = {
            model: Together[_Segment, SegmentTranscript](
                partial(self._recognise, model), partial(self._turn, core), partial(another_is_free, core), _samples
            )
            for model in RECOGNISERS
        }
        vocabulary = repository / "sentence_encoder" / _VERSION_FOLDER / "sentencepiece.model"
        try:
            self._tokenizer = SentenceTokenizer(vocabulary)
        except OSError as error:
            raise InternalFault(f"the models are not built: {error}") from error

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()

    def available(self) -> bool:
        """Whether a model server that infers is published on this node now."""
        return self._client.available()

    async def voice_probability(self, pcm: NDArray[np.int16]) -> NDArray[np.float32]:
        """See `SpeechModels`."""
        if not len(pcm):
            return np.empty(0, np.float32)
        outputs = await self._infer("vad", {"audio": pcm[np.newaxis]}, self._core)
        probability: NDArray[np.float32] = outputs["probability"][0]
        return probability

    async def transcribe(self, pcm: NDArray[np.int16], language: Language | None) -> SegmentTranscript:
        """See `SpeechModels`. English goes to the English model; the rest, and what is to be detected, does not."""
        model = "asr_en" if language == "en" else "asr_multilingual"
        limit = await self._client.max_batch_size(model, self._config.timeout_s)
        return await self._recognisers[model].row((pcm, language), limit)

    async def _recognise(self, model: str, segments: Sequence[_Segment]) -> list[SegmentTranscript]:
        audio = np.zeros((len(segments), max(len(pcm) for pcm, _ in segments)), np.int16)
        for row, (pcm, _) in enumerate(segments):
            audio[row, : len(pcm)] = pcm
        inputs: dict[str, Array] = {
            "audio": audio,
            "sample_count": np.array([[len(pcm)] for pcm, _ in segments], np.int32),
            "language": np.array([[(language or "").encode()] for _, language in segments], np.object_),
        }
        outputs = await self._client.infer(model, inputs, timeout_s=self._config.timeout_s)
        return [_transcript(model, outputs, row) for row in range(len(segments))]

    @asynccontextmanager
    async def _turn(self, core: Core) -> AsyncIterator[None]:
        # Whoever waits holds nothing that others need: neither a core nor a place, and for a core no place either.
        async with core, self._slots:
            yield

    async def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """See `LanguageModels`."""
        embedding = contract_of("sentence_encoder").output("sentence_embedding")
        found = np.empty((len(sentences), *embedding.dims), np.float32)
        if not sentences:
            return found
        if len(sentences) <= _TOKENISED_IN_PLACE:
            tokens = self._tokens(sentences)
        else:
            tokens = await asyncio.to_thread(self._tokens, sentences)
        # Neighbours in length share a request, for little padding; the order of the rows moves no bit of them.
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        limit = await self._client.max_batch_size("sentence_encoder", self._config.timeout_s)
        short = [i for i in order if len(tokens[i]) <= LONGEST_TOGETHER]
        groups = [short[start : start + limit] for start in range(0, len(short), limit)]
        groups += [[i] for i in order[len(short) :]]
        calls = [self._infer("sentence_encoder", _padded([tokens[i] for i in group])) for group in groups]
        for group, outputs in zip(groups, await all_of(calls), strict=True):
            found[group] = outputs[embedding.name]
        return found

    async def tag_star(self, batch: SentenceBatch) -> NDArray[np.float32]:
        """See `HeadModels`."""
        return (await self._sentences("star_tagger", batch))["probability"]

    async def judge_heads(self, batch: SentenceBatch) -> HeadOutputs:
        """See `HeadModels`."""
        outputs = await self._sentences("answer_judge", batch)
        return HeadOutputs(
            shows=outputs["shows"],
            against=outputs["against"],
            empty=outputs["empty"],
            own=outputs["own"],
            addresses=outputs["addresses"],
            recites=outputs["recites"],
            grade=outputs["grade"],
            relevant=outputs["relevant"][:, 0],
        )

    async def score_points(self, features: NDArray[np.float32], competencies: Sequence[int]) -> NDArray[np.float32]:
        """See `CompetencyScorer`."""
        places = np.array(competencies, np.int32)[:, np.newaxis]
        return (await self._rows("competency_scorer", {"feature": features, "competency": places}))["points"]

    async def detect_faces(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `FaceModels`."""
        outputs = await self._images("face_detector", images)
        return outputs["regressors"], outputs["scores"]

    async def face_mesh(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `FaceModels`."""
        outputs = await self._images("face_mesh", crops)
        return outputs["landmarks"], outputs["presence"][:, 0]

    async def expression(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `FaceModels`."""
        return (await self._images("face_expression", crops[..., np.newaxis]))["probability"]

    async def body_pose(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `FaceModels`."""
        outputs = await self._images("body_pose", crops)
        return outputs["landmarks"], outputs["presence"][:, 0]

    def versions(self, names: Sequence[str]) -> tuple[ModelVersion, ...]:
        """See `Models`.

        Raises:
            InternalFault: a model was not built.
        """
        return tuple(_version(self._repository, name) for name in names)

    def _tokens(self, sentences: Sequence[str]) -> list[NDArray[np.int32]]:
        return [self._tokenizer.encode(sentence) for sentence in sentences]

    async def _images(self, model: str, images: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        """Run uint8 [n, *dims] in requests as large as the model takes, side by side; outputs [n, ...]."""
        if not len(images):
            return {spec.name: np.empty((0, *spec.dims), np.float32) for spec in contract_of(model).outputs}
        return await self._rows(model, {"image": images}, self._core)

    async def _sentences(self, model: str, batch: SentenceBatch) -> Mapping[str, NDArray[np.float32]]:
        inputs = {
            "embedding": batch.embeddings,
            "cue": batch.cues,
            "mask": batch.mask,
            "question": batch.questions,
            "fit": batch.fit,
        }
        return await self._rows(model, {spec.name: inputs[spec.name] for spec in contract_of(model).inputs})

    async def _rows(
        self, model: str, inputs: Mapping[str, Array], core: Core = ANY_CORE
    ) -> Mapping[str, NDArray[np.float32]]:
        """Run at least one row in requests as large as the model takes, side by side; outputs [n, ...]."""
        rows = await self._client.max_batch_size(model, self._config.timeout_s)
        count = len(next(iter(inputs.values())))
        parts = await all_of(
            [
                self._infer(model, {name: array[start : start + rows] for name, array in inputs.items()}, core)
                for start in range(0, count, rows)
            ]
        )
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    async def _infer(self, model: str, inputs: Mapping[str, Array], core: Core = ANY_CORE) -> dict[str, Any]:
        await precedence.let_pass()
        async with self._turn(core):
            return await self._client.infer(model, inputs, timeout_s=self._config.timeout_s)


def _samples(segment: _Segment) -> int:
    return len(segment[0])


def _padded(rows: Sequence[NDArray[np.int32]]) -> dict[str, Array]:
    """Token ids of different lengths as one batch, with the mask by which the model tells the padding."""
    ids = np.zeros((len(rows), max(map(len, rows))), np.int32)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _transcript(model: str, outputs: Mapping[str, Array], row: int) -> SegmentTranscript:
    language = _text(outputs["language"][row, 0])
    if language not in LANGUAGES:
        raise ModelFailed(f"{model} answered in the language {language!r}")
    columns = (outputs[name][row] for name in ("word", "word_start_s", "word_end_s", "word_probability"))
    words = tuple(
        Word(_text(word), float(start), float(end), float(probability))
        for word, start, end, probability in zip(*columns, strict=True)
        if word  # a row with fewer than the longest is filled up
    )
    return SegmentTranscript(
        text=_text(outputs["text"][row, 0]),
        language=language,
        language_probability=float(outputs["language_probability"][row, 0]),
        words=words,
    )


def _text(content: bytes) -> str:
    return content.decode()


@cache
def _version(repository: Path, name: str) -> ModelVersion:
    """Version of a built model and the sha256 of its manifest."""
    try:
        content = (repository / name / _VERSION_FOLDER / "manifest.json").read_bytes()
    except OSError as error:
        raise InternalFault(f"{name} is not built: {error}") from error
    return ModelVersion(name, json.loads(content)["version"], hashlib.sha256(content).hexdigest())

"""Labelled answers as the models see them: in the neutral form, embedded, with their labels as arrays."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from deployments.evaluation.formats import BadItem, read_items
from deployments.models.training.noise import Recogniser
from serving.adapters.triton.tokenizer import SentenceTokenizer
from serving.domain.competency import COMPETENCIES, Language
from serving.domain.judgement import AnswerState
from serving.signals.scoring.likeness import rubric_fit
from serving.signals.text.anchors import compare
from serving.signals.text.cues import cue_features, find_wording
from serving.signals.text.neutral import neutral
from serving.signals.text.references import References, make_references, reference_sentences
from serving.signals.text.resources import load_yaml
from serving.signals.text.sentences import split_sentences
from serving.signals.text.units import units

# Kinds of answers (see docs/evaluation.md) whose every sentence tells nothing that happened ...
EMPTY_KINDS: Final = frozenset({"vague", "claims", "stuffed", "template", "restated"})
# ... and whose sentences do, but for those that play no part in the story.
TELLING_KINDS: Final = frozenset(
    {"complete", "short", "honest_failure", "no_result", "mediocre", "unethical", "opposite", "off_topic", "asr"}
    | {"first", "second", "both_weak"}
)
ROLES: Final = "STARO"
GAMING: Final = ("addresses", "recites")
_COLUMN_OF_ATTACK: Final = {"instruction": 0, "rubric": 1, "keywords": 1}
_FROM_HONEST: Final = 0.6
_SHOWN_LEVEL: Final = 2.0


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """One labelled answer.

    Attributes:
        group: answers of one story; folds never divide it.
        competency: the one its question asks about.
        cues: float32 [sentences, 20], see `cue_features`.
        roles: int64 [sentences], place in S T A R O.
        shows, against: float32 [sentences, 8], 1 where a rater would quote the sentence for or against.
        levels: float32 [8], anchor levels 1..5.
        variants: the same answer as recognisers write it, without and with wrong words, and with an
            aside or a moral.
    """

    id: str
    group: str
    kind: str
    competency: str
    question: str
    sentences: tuple[str, ...]
    state: AnswerState
    roles: NDArray[np.int64]
    shows: NDArray[np.float32]
    against: NDArray[np.float32]
    levels: NDArray[np.float32]
    variants: tuple[LabelledAnswer, ...] = ()
    cues: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cues", cue_features(self.state))

    @property
    def language(self) -> Language:
        return self.state.language

    def gaming(self) -> NDArray[np.float32]:
        """Labels of `GAMING`, float32 [sentences, 2]; NaN where it is a matter of taste."""
        found = np.zeros((len(self.sentences), len(GAMING)), np.float32)
        found[:, 1] = {"stuffed": 1.0, "template": np.nan}.get(self.kind, 0.0)
        return found

    def told(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Labels of `empty` and `own`, float32 [sentences] each; NaN where the kind of answer does not tell."""
        count = len(self.sentences)
        empty = np.full(count, np.nan, np.float32)
        own = np.full(count, np.nan, np.float32)
        other, deed = self.roles == ROLES.index("O"), self.roles == ROLES.index("A")
        if self.kind in EMPTY_KINDS:
            empty[:] = 1.0
        elif self.kind in TELLING_KINDS:
            empty[:] = other
            own[deed] = 1.0
        elif self.kind == "padded":
            empty[other] = 1.0
        elif self.kind == "we":
            own[deed] = 0.0
        return empty, own


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text of which is known what in it is honest, and what tries to game the scorer.

    Attributes:
        new: bool [sentences]: part of the attempt; everything else is honest.
        column: what the attempt is, a place in `GAMING`; None when it is told by its form alone.
    """

    state: AnswerState
    new: NDArray[np.bool_]
    column: int | None
    cues: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cues", cue_features(self.state))


class Embedder:
    """The sentence encoder, without a server. Embeddings are kept on disk between runs."""

    def __init__(self, repository: Path, cache: Path) -> None:
        folder = repository / "sentence_encoder" / "1"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        graph = folder / "model.onnx"
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self._tokenizer = SentenceTokenizer(folder / "sentencepiece.model")
        digest = hashlib.sha256(graph.read_bytes()).hexdigest()[:16]
        self._cache = cache / f"embeddings-{digest}.npz"
        self._known: dict[str, NDArray[np.float32]] = {}
        self._references: dict[Language, References] = {}
        if self._cache.exists():
            with np.load(self._cache) as file:
                self._known = dict(zip(file["texts"].tolist(), file["rows"], strict=True))

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, 512], L2-normalised."""
        for text in texts:
            if text not in self._known:
                ids = self._tokenizer.encode(text)[np.newaxis]
                feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
                self._known[text] = self._session.run(["sentence_embedding"], feed)[0][0]
        return np.stack([self._known[text] for text in texts]) if texts else np.empty((0, 512), np.float32)

    def references(self, language: Language) -> References:
        """The embedded sentences of the rubrics."""
        if language not in self._references:
            texts = [neutral(text, language) for text in reference_sentences(language)]
            self._references[language] = make_references(language, self(texts))
        return self._references[language]

    def save(self) -> None:
        """Keep what was embedded for the next run."""
        self._cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(self._cache, texts=np.array(list(self._known)), rows=np.stack(list(self._known.values())))


def read_answers(folders: Iterable[Path], embed: Embedder, seed: int) -> list[LabelledAnswer]:
    """The labelled answers of `answers.jsonl` beneath the folders, in order of path and line.

    Raises:
        ValueError: a line lacks a label that training needs; the message names file and line.
    """
    found = [_answer(fields, embed) for fields in read_lines(folders)]
    recogniser = Recogniser((answer.language, text) for answer in found for text in answer.sentences)
    chance = random.Random(seed)
    added = load_yaml("deployments.models.training", "asides.yaml")
    return [
        replace(
            answer,
            variants=(
                _heard(answer, recogniser, chance, embed, 0.0),
                _heard(answer, recogniser, chance, embed, None),
                _with_aside(answer, added["asides"][answer.language], chance, embed),
                _with_aside(answer, added["morals"][answer.language], chance, embed),
            ),
        )
        for answer in found
    ]


def read_lines(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """The labelled lines of `answers.jsonl` beneath the folders, checked.

    Raises:
        ValueError: a line lacks a label that training needs; the message names file and line.
    """
    found = []
    for path in sorted(path for folder in folders for path in folder.rglob("answers.jsonl")):
        for item in read_items(path):
            if isinstance(item, BadItem):
                raise ValueError(item.message)
            fields = dict(item.fields) | {"language": item.language}
            for name in ("story", "kind", "competency", "roles", "marks", "levels"):
                if not fields.get(name):
                    raise ValueError(f"{item.where}: training needs {name}")
            if len(fields["marks"]) != len(fields["sentences"]):
                raise ValueError(f"{item.where}: marks has {len(fields['marks'])} entries, not one a sentence")
            if missing := [name for name in COMPETENCIES if name not in fields["levels"]]:
                raise ValueError(f"{item.where}: levels lacks {missing[0]}")
            found.append(fields)
    return found


def _heard(
    answer: LabelledAnswer, recogniser: Recogniser, chance: random.Random, embed: Embedder, most: float | None
) -> LabelledAnswer:
    sentences, parts = recogniser.hear(answer.sentences, answer.language, chance, most)
    state = make_state(sentences, answer.language, answer.question, embed)
    return replace(
        answer,
        sentences=tuple(sentences),
        state=state,
        roles=np.array([answer.roles[part[0]] for part in parts]),
        shows=np.stack([answer.shows[part].max(axis=0) for part in parts]),
        against=np.stack([answer.against[part].max(axis=0) for part in parts]),
    )


def _with_aside(
    answer: LabelledAnswer, asides: Sequence[str], chance: random.Random, embed: Embedder
) -> LabelledAnswer:
    """The same answer with one or two sentences more that change nothing: at an end, or anywhere."""
    sentences, rows = list(answer.sentences), list(range(len(answer.sentences)))
    for aside in chance.sample(list(asides), chance.choice((1, 1, 2))):
        at = chance.choice((0, len(rows), chance.randint(0, len(rows))))
        sentences.insert(at, aside)
        rows.insert(at, -1)
    told = np.array(rows)
    state = make_state(sentences, answer.language, answer.question, embed)
    return replace(
        answer,
        sentences=tuple(sentences),
        state=state,
        roles=np.where(told < 0, ROLES.index("O"), answer.roles[told]),
        shows=np.where(told[:, None] < 0, 0.0, answer.shows[told]).astype(np.float32),
        against=np.where(told[:, None] < 0, 0.0, answer.against[told]).astype(np.float32),
    )


def read_texts(folders: Iterable[Path], embed: Embedder) -> list[LabelledText]:
    """Honest texts and attacks of `attacks.jsonl` and `honest.jsonl` beneath the folders, in order of path and line."""
    found = []
    for path in sorted(path for folder in folders for path in folder.rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines() if path.stem in ("attacks", "honest") else ():
            fields = json.loads(line)
            language: Language = fields["language"]
            honest = [s.text for s in split_sentences(fields["honest"], language)]
            found.append(_text(honest, [False] * len(honest), None, language, fields.get("question", ""), embed))
            if path.stem == "attacks":
                said = [s.text for s in split_sentences(fields["attack"], language)]
                new = [not _is_from(sentence, honest) for sentence in said]
                column = _COLUMN_OF_ATTACK.get(fields["kind"])
                found.append(_text(said, new, column, language, fields["question"], embed))
    return found


def _text(
    sentences: Sequence[str], new: Sequence[bool], column: int | None, language: Language, asked: str, embed: Embedder
) -> LabelledText:
    state = make_state(sentences, language, asked, embed)
    return LabelledText(state, np.array(new, dtype=bool), column)


def _is_from(sentence: str, honest: Sequence[str]) -> bool:
    """Whether most of a sentence's words stand in one of the honest ones."""
    words = set(units(sentence.lower()))
    return any(len(words & set(units(other.lower()))) >= _FROM_HONEST * len(words) for other in honest)


def jumbled(answer: LabelledAnswer, order: Sequence[int]) -> LabelledAnswer:
    """The same answer in another order: a level less in whatever it showed, as what came of what cannot be followed."""
    rows = np.asarray(order)
    state = answer.state.only(list(order))
    return replace(
        answer,
        id=f"{answer.id}/jumbled",
        kind="jumbled",
        sentences=tuple(answer.sentences[at] for at in order),
        state=state,
        roles=answer.roles[rows],
        shows=answer.shows[rows],
        against=answer.against[rows],
        levels=np.where(answer.levels > _SHOWN_LEVEL, answer.levels - 1.0, answer.levels).astype(np.float32),
    )


def _answer(fields: dict[str, Any], embed: Embedder) -> LabelledAnswer:
    sentences = tuple(fields["sentences"])
    language: Language = fields["language"]
    shows = np.zeros((len(sentences), len(COMPETENCIES)), np.float32)
    against = np.zeros_like(shows)
    for at, marks in enumerate(fields["marks"]):
        for mark in marks:
            (shows if mark[0] == "+" else against)[at, COMPETENCIES.index(mark[1:])] = 1.0
    state = make_state(sentences, language, fields["question"], embed)
    return LabelledAnswer(
        id=fields["id"],
        group=fields["story"],
        kind=fields["kind"],
        competency=fields["competency"],
        question=fields["question"],
        sentences=sentences,
        state=state,
        roles=np.array([ROLES.index(role) for role in fields["roles"]]),
        shows=shows,
        against=against,
        levels=np.array([fields["levels"][name] for name in COMPETENCIES], np.float32),
    )


def make_state(sentences: Sequence[str], language: Language, question: str, embed: Embedder) -> AnswerState:
    """What a judge looks at, as serving makes it."""
    neutrals = tuple(neutral(sentence, language) for sentence in sentences)
    asked = neutral(question, language) if question else ""
    rows = embed(neutrals)
    question_row = embed([asked])[0] if asked else np.zeros(rows.shape[1], np.float32)
    fit = rubric_fit(compare(rows, embed.references(language)))
    return AnswerState(language, asked, neutrals, find_wording(neutrals, language), rows, question_row, fit)

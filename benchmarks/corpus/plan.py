"""What a corpus will hold: drawn from a seed alone, before anything is encoded."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from benchmarks.corpus.answers import Topic, compose, topics
from benchmarks.corpus.distribution import LogNormal, apportion, spread
from benchmarks.harness.core import BenchError, Modality
from serving.domain.competency import LANGUAGES, Language
from serving.domain.limits import LIMITS

_SIGMA: Final = 0.4  # the middle two thirds lie between 0.62 and 1.4 times the mean
_SHORTEST, _LONGEST = 0.25, 2.5  # times the mean
# Words of English. Chinese characters: half as many again, about one and a half characters a word.
_WRITTEN: Final[dict[Language, LogNormal]] = {
    "en": LogNormal(mean=150, sigma=_SIGMA, low=60, high=300),
    "zh": LogNormal(mean=225, sigma=_SIGMA, low=90, high=450),
}
# Chrome and Firefox record WebM; Safari records MPEG-4, and so does Chrome where it is asked to; recorders of
# employers' own apps send PCM.
_CONTAINERS: Final[dict[Modality, dict[str, float]]] = {
    Modality.AUDIO: {"webm": 0.4, "m4a": 0.4, "wav": 0.2},
    Modality.VIDEO: {"mp4": 0.75, "webm": 0.25},
}
_FRAMINGS: Final = {"near": 0.4, "middle": 0.4, "far": 0.2}  # how much of the picture the speaker fills


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked for.

    Attributes:
        count: answers.
        mix, languages: relative weights.
        mean_seconds: mean length of spoken answers; they last from 0.25 to 2.5 times as long.

    Raises:
        BenchError: on creation, naming the field and its limit.
    """

    seed: int = 1
    count: int = 60
    mix: Mapping[Modality, float] = field(
        default_factory=lambda: {Modality.TEXT: 0.5, Modality.AUDIO: 0.3, Modality.VIDEO: 0.2}
    )
    languages: Mapping[Language, float] = field(default_factory=lambda: {"en": 0.7, "zh": 0.3})
    mean_seconds: float = 120.0

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 100_000:
            raise BenchError(f"count: must be between 1 and 100000, not {self.count}")
        longest = LIMITS.media_duration_s / _LONGEST
        if not 10 <= self.mean_seconds <= longest:
            raise BenchError(f"mean-seconds: must be between 10 and {longest:g}, not {self.mean_seconds:g}")
        for name, weights in (("mix", self.mix), ("languages", self.languages)):
            if any(not 0 <= weight < math.inf for weight in weights.values()) or not any(weights.values()):
                raise BenchError(f"{name}: weights must be finite, at least 0 and not all 0")
        if unknown := set(self.languages) - set(LANGUAGES):
            raise BenchError(f"languages: {min(unknown)!r} is none of {', '.join(LANGUAGES)}")

    @property
    def spoken(self) -> LogNormal:
        """Seconds of audio and video answers."""
        return LogNormal(self.mean_seconds, _SIGMA, self.mean_seconds * _SHORTEST, self.mean_seconds * _LONGEST)

    def as_json(self) -> dict[str, Any]:
        """With everything else that the plan is drawn from."""
        return {
            "seed": self.seed,
            "count": self.count,
            "mix": {modality.value: weight for modality, weight in self.mix.items()},
            "languages": dict(self.languages),
            "spoken_seconds": asdict(self.spoken),
            "written_words_en": asdict(_WRITTEN["en"]),
            "written_characters_zh": asdict(_WRITTEN["zh"]),
            "containers": {modality.value: weights for modality, weights in _CONTAINERS.items()},
            "framings": _FRAMINGS,
        }


@dataclass(frozen=True, slots=True)
class Planned:
    """One answer that is to be made.

    Attributes:
        duration_s: of media, 0 for text.
        container: file name ending of media, "" for text.
        framing: `near`, `middle` or `far` for video, else "".
        seed: of everything random in the media.
    """

    sample_id: str
    modality: Modality
    language: Language
    question: str
    competencies: tuple[str, ...]
    text: str = ""
    duration_s: float = 0.0
    container: str = ""
    framing: str = ""
    seed: str = ""


def plan(settings: Settings) -> tuple[Planned, ...]:
    """The corpus of `settings`; equal settings give equal plans."""
    dice = random.Random(f"corpus {settings.seed}")
    counts = apportion(settings.count, settings.mix)
    drawn: list[Planned] = []
    for modality in Modality:
        tongues = spread(counts.get(modality, 0), settings.languages, dice)
        drawn += (
            _written(settings, tongues, dice)
            if modality is Modality.TEXT
            else _spoken(settings, modality, tongues, dice)
        )
    dice.shuffle(drawn)
    return tuple(drawn)


def plan_sha256(planned: tuple[Planned, ...]) -> str:
    """Equal for equal plans, whatever encodes them."""
    text = json.dumps([asdict(one) for one in planned], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _written(settings: Settings, tongues: list[Language], dice: random.Random) -> list[Planned]:
    lengths = {language: iter(_WRITTEN[language].draw(tongues.count(language), dice)) for language in LANGUAGES}
    answers = []
    for index, language in enumerate(tongues):
        topic, text = _compose(language, round(next(lengths[language])), dice)
        name = f"text-{language}-{index:04d}"
        answers.append(Planned(name, Modality.TEXT, language, topic.question, topic.competencies(dice), text=text))
    return answers


def _compose(language: Language, size: int, dice: random.Random) -> tuple[Topic, str]:
    bounds = _WRITTEN[language]
    while True:  # many topics have enough sentences for the longest answer
        topic = dice.choice(topics(language))
        text = compose(topic, language, size, round(bounds.low), round(bounds.high), dice)
        if text is not None:
            return topic, text


def _spoken(settings: Settings, modality: Modality, tongues: list[Language], dice: random.Random) -> list[Planned]:
    seconds = settings.spoken.draw(len(tongues), dice)
    containers = spread(len(tongues), _CONTAINERS[modality], dice)
    video = modality is Modality.VIDEO
    framings = spread(len(tongues), _FRAMINGS, dice) if video else [""] * len(tongues)
    answers = []
    for index, language in enumerate(tongues):
        topic = dice.choice(topics(language))
        name = f"{modality.value}-{language}-{index:04d}"
        answers.append(
            Planned(
                name,
                modality,
                language,
                topic.question,
                topic.competencies(dice),
                duration_s=round(seconds[index], 2),
                container=containers[index],
                framing=framings[index],
                seed=f"{settings.seed} {name}",
            )
        )
    return answers

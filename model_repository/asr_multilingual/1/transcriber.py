"""Transcribes segments with Whisper: detects the language, decodes greedily, times the words."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from mel import HOP, SAMPLE_RATE_HZ, log_mel
from viva_speech.alignment import token_starts
from viva_speech.decoding import Hypothesis, Rules, Stop, greedy, never
from viva_speech.engine import SpeechEngine
from viva_speech.tokens import Token, decode_vocabulary, text_of, words_of
from viva_speech.transcript import LANGUAGES, MAX_SECONDS, Transcript, is_silent
from viva_speech.trimming import trim_words

FRAME_SAMPLES = 2 * HOP  # the encoder halves the frames: one time step is 20 ms
MIN_WINDOW_S = 5
TRAILING_SILENCE_S = 1

TOKENS_PER_SECOND, SPARE_TOKENS = 12, 16
"""The cap on tokens. Fast Mandarin is about 6 characters of 1-2 tokens a second."""

NO_SPEECH_PROBABILITY = 0.6
MIN_MEAN_LOG_PROBABILITY = -1.0
"""A text is invented when the model finds no speech and is unsure of the text or loops; the thresholds are Whisper's
own (https://github.com/openai/whisper/blob/main/whisper/transcribe.py)."""

Float = npt.NDArray[np.float32]

_DIGITS = frozenset(b"0123456789")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens, and the ids that mean something else than text."""

    tokens: list[bytes]
    end_of_text: int
    start_of_transcript: int
    transcribe: int
    no_timestamps: int
    no_speech: int
    languages: dict[str, int]
    suppress: list[int]
    suppress_at_start: list[int]

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """From the converter's vocabulary.json."""
        document = json.loads(path.read_text(encoding="utf-8"))
        return cls(**document | {"tokens": decode_vocabulary(document["tokens"])})

    def suppressed(self, language: str) -> list[int]:
        """Ids that never stand in a text of that language.

        These are the sounds and symbols that Whisper bars, every special token but the end of the text, and in
        Mandarin the digits: numbers are then written as they are spoken, a character a syllable, which keeps
        rates and times right and spares the endless numbers that Whisper makes of counting.
        """
        special = range(self.end_of_text + 1, len(self.tokens))
        digits = (id_ for id_, token in enumerate(self.tokens) if not _DIGITS.isdisjoint(token))
        return sorted({*self.suppress, *special, *(digits if language == "zh" else ())})


def window_samples(samples: int) -> int:
    """Length of the window for a segment: whole seconds, at least one of silence after it and at least 5 in all.

    Whisper was trained on 30 s windows; a window cut to the segment costs a fraction and reads as well, if some
    silence follows the speech. Whole seconds keep the number of shapes small.
    """
    seconds = -(-samples // SAMPLE_RATE_HZ) + TRAILING_SILENCE_S
    return min(max(seconds, MIN_WINDOW_S), MAX_SECONDS) * SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Opening:
    """What the first look at a segment says: its language, how sure that is, and whether nobody speaks."""

    language: str
    language_probability: float
    no_speech: float


class Whisper:
    """A transcriber of English and Mandarin."""

    def __init__(self, directory: Path, encoder: str, decoder: str) -> None:
        self._engine = SpeechEngine(directory / encoder, directory / decoder)
        self._vocabulary = Vocabulary.read(directory / "vocabulary.json")
        self._suppress = {code: self._vocabulary.suppressed(code) for code in LANGUAGES}

    def transcribe(
        self, audio: Sequence[Float], languages: Sequence[str], given_up: Callable[[], bool] = never
    ) -> list[Transcript]:
        """See viva_speech.transcript.Transcriber."""
        found = [Transcript("", language or LANGUAGES[0], 0.0, ()) for language in languages]
        loud = [row for row, samples in enumerate(audio) if not is_silent(samples)]
        if not loud:
            return found
        decoding = self._engine.encode([log_mel(audio[row], window_samples(len(audio[row])))[None] for row in loud])
        # The first token alone: its logits tell the language and whether anybody speaks at all.
        first = decoding.feed([[self._vocabulary.start_of_transcript]] * len(loud)).logits
        openings = [self._opening(softmax(logits), languages[row]) for row, logits in zip(loud, first, strict=True)]
        hypotheses = greedy(
            decoding,
            [self._prompt(opening) for opening in openings],
            [self._rules(opening, len(audio[row])) for row, opening in zip(loud, openings, strict=True)],
            given_up,
        )
        for row, opening, hypothesis in zip(loud, openings, hypotheses, strict=True):
            found[row] = self._transcript(audio[row], opening, hypothesis)
        return found

    def _opening(self, start: Float, language: str) -> Opening:
        ids = self._vocabulary.languages
        language = language or max(LANGUAGES, key=lambda code: float(start[ids[code]]))
        # Among all the languages that Whisper knows: a low one says that it hears a third.
        probability = float(start[ids[language]] / start[list(ids.values())].sum())
        return Opening(language, probability, float(start[self._vocabulary.no_speech]))

    def _prompt(self, opening: Opening) -> tuple[int, ...]:
        vocabulary = self._vocabulary
        return (vocabulary.languages[opening.language], vocabulary.transcribe, vocabulary.no_timestamps)

    def _rules(self, opening: Opening, samples: int) -> Rules:
        return Rules(
            end_of_text=self._vocabulary.end_of_text,
            max_tokens=samples * TOKENS_PER_SECOND // SAMPLE_RATE_HZ + SPARE_TOKENS,
            suppress=self._suppress[opening.language],
            suppress_at_start=self._vocabulary.suppress_at_start,
        )

    def _transcript(self, audio: Float, opening: Opening, hypothesis: Hypothesis) -> Transcript:
        if is_invented(opening.no_speech, hypothesis):
            return Transcript("", opening.language, opening.language_probability, ())
        tokens = self._timed(hypothesis, len(audio))
        words = trim_words(words_of(tokens), audio)
        return Transcript(text_of(tokens), opening.language, opening.language_probability, words)

    def _timed(self, hypothesis: Hypothesis, samples: int) -> list[Token]:
        duration_s = samples / SAMPLE_RATE_HZ
        frames = max(samples // FRAME_SAMPLES, 1)
        starts_s = token_starts(hypothesis.attention, frames) * (FRAME_SAMPLES / SAMPLE_RATE_HZ)
        bounds_s = [*starts_s, duration_s]
        return [
            Token(self._vocabulary.tokens[token], bounds_s[row], bounds_s[row + 1], probability)
            for row, (token, probability) in enumerate(zip(hypothesis.ids, hypothesis.probabilities, strict=True))
        ]


def is_invented(no_speech_probability: float, hypothesis: Hypothesis) -> bool:
    """Whether a text is to be taken for an invention over silence or noise."""
    unsure = hypothesis.mean_log_probability < MIN_MEAN_LOG_PROBABILITY or hypothesis.stop is Stop.REPETITION
    return no_speech_probability > NO_SPEECH_PROBABILITY and unsure


def softmax(logits: Float) -> Float:
    """Probabilities of a vector of logits."""
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum(), np.float32)

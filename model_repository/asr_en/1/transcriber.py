"""Transcribes segments of English with Moonshine."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from viva_speech.alignment import token_starts
from viva_speech.decoding import Hypothesis, Rules, Stop, greedy, never
from viva_speech.engine import SpeechEngine
from viva_speech.tokens import Token, decode_vocabulary, text_of, words_of
from viva_speech.transcript import SAMPLE_RATE_HZ, Transcript, is_silent
from viva_speech.trimming import trim_words

FRAME_SAMPLES = 384  # strides 64 x 3 x 2 of the encoder's convolutions: one time step is 24 ms

TRAILING_SILENCE_S = 0.5
"""Silence put after every segment. Without it Moonshine does not hear that a phrase has ended and runs on: of the
words in clips of one to eight words it invents half as many with it."""

TOKENS_PER_SECOND, SPARE_TOKENS = 6.5, 4
"""The cap on tokens; the rate is the one that Moonshine's authors give against running on."""

SPARSE_TOKENS_PER_SECOND = 1.0  # speech has 2 to 6
MIN_MEAN_LOG_PROBABILITY = -1.0  # Whisper's threshold for a failed decoding
STOCK_ANSWER = "You"
"""What Moonshine says to noise of any kind. A spoken "you" comes with a full stop."""

Float = npt.NDArray[np.float32]


class Moonshine:
    """A transcriber of English; whatever language is asked for, it answers in English."""

    def __init__(self, directory: Path, encoder: str, decoder: str) -> None:
        self._engine = SpeechEngine(directory / encoder, directory / decoder)
        document = json.loads((directory / "vocabulary.json").read_text(encoding="utf-8"))
        self._tokens = decode_vocabulary(document["tokens"])
        self._start_of_text = int(document["start_of_text"])
        self._end_of_text = int(document["end_of_text"])

    def transcribe(
        self, audio: Sequence[Float], languages: Sequence[str], given_up: Callable[[], bool] = never
    ) -> list[Transcript]:
        """See viva_speech.transcript.Transcriber."""
        del languages
        found = [Transcript("", "en", 1.0, ())] * len(audio)
        loud = [row for row, samples in enumerate(audio) if not is_silent(samples)]
        if not loud:
            return found
        silence = np.zeros(int(TRAILING_SILENCE_S * SAMPLE_RATE_HZ), np.float32)
        hypotheses = greedy(
            self._engine.encode([np.concatenate([audio[row], silence])[None] for row in loud]),
            [(self._start_of_text,)] * len(loud),
            [self._rules(len(audio[row]) / SAMPLE_RATE_HZ) for row in loud],
            given_up,
        )
        for row, hypothesis in zip(loud, hypotheses, strict=True):
            found[row] = self._transcript(audio[row], hypothesis)
        return found

    def _rules(self, duration_s: float) -> Rules:
        return Rules(self._end_of_text, int(duration_s * TOKENS_PER_SECOND) + SPARE_TOKENS)

    def _transcript(self, audio: Float, hypothesis: Hypothesis) -> Transcript:
        duration_s = len(audio) / SAMPLE_RATE_HZ
        frames = max(len(audio) // FRAME_SAMPLES, 1)
        starts_s = token_starts(hypothesis.attention, frames) * (FRAME_SAMPLES / SAMPLE_RATE_HZ)
        bounds_s = [*starts_s, duration_s]
        tokens = [
            Token(self._tokens[token], bounds_s[row], bounds_s[row + 1], probability)
            for row, (token, probability) in enumerate(zip(hypothesis.ids, hypothesis.probabilities, strict=True))
        ]
        text = text_of(tokens)
        if is_invented(text, hypothesis, duration_s):
            return Transcript("", "en", 1.0, ())
        return Transcript(text, "en", 1.0, trim_words(words_of(tokens), audio))


def is_invented(text: str, hypothesis: Hypothesis, duration_s: float) -> bool:
    """Whether a text is to be taken for an invention over noise."""
    unsure = hypothesis.mean_log_probability < MIN_MEAN_LOG_PROBABILITY or hypothesis.stop is Stop.REPETITION
    sparse = len(hypothesis.ids) < duration_s * SPARSE_TOKENS_PER_SECOND
    return text == STOCK_ANSWER or (sparse and unsure)

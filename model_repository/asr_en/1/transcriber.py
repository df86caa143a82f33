"""Transcribes one segment of English with Moonshine."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from viva_speech.alignment import token_starts
from viva_speech.decoding import Rules, greedy
from viva_speech.engine import SpeechEngine
from viva_speech.tokens import Token, decode_vocabulary, text_of, words_of
from viva_speech.transcript import SAMPLE_RATE_HZ, Transcript

FRAME_SAMPLES = 384  # strides 64 x 3 x 2 of the encoder's convolutions: one time step is 24 ms
MIN_SAMPLES = 895  # what the convolutions need for one time step

TOKENS_PER_SECOND, SPARE_TOKENS = 6.5, 4
"""The cap on tokens; the rate is the one that Moonshine's authors give against running on."""

Float = npt.NDArray[np.float32]


class Moonshine:
    """A transcriber of English; whatever language is asked for, it answers in English."""

    def __init__(self, directory: Path, encoder: str, decoder: str) -> None:
        self._engine = SpeechEngine(directory / encoder, directory / decoder)
        document = json.loads((directory / "vocabulary.json").read_text(encoding="utf-8"))
        self._tokens = decode_vocabulary(document["tokens"])
        self._start_of_text = int(document["start_of_text"])
        self._end_of_text = int(document["end_of_text"])

    def transcribe(self, audio: Float, language: str) -> Transcript:
        """See viva_speech.transcript.Transcriber."""
        if len(audio) < MIN_SAMPLES:
            return Transcript("", "en", 1.0, ())
        duration_s = len(audio) / SAMPLE_RATE_HZ
        hypothesis = greedy(
            self._engine.encode(audio[None]),
            (self._start_of_text,),
            Rules(self._end_of_text, int(duration_s * TOKENS_PER_SECOND) + SPARE_TOKENS),
        )
        frames = hypothesis.attention.shape[2]
        starts_s = token_starts(hypothesis.attention, frames) * (FRAME_SAMPLES / SAMPLE_RATE_HZ)
        bounds_s = [*starts_s, duration_s]
        tokens = [
            Token(self._tokens[token], bounds_s[row], bounds_s[row + 1], probability)
            for row, (token, probability) in enumerate(zip(hypothesis.ids, hypothesis.probabilities, strict=True))
        ]
        return Transcript(text_of(tokens), "en", 1.0, words_of(tokens))

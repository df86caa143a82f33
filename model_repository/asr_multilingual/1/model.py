"""Triton python backend: speech of up to 30 s in English or Mandarin to text and words with times."""

from typing import Any

from transcriber import Whisper
from viva_speech.triton_io import answer, parameters


class TritonPythonModel:
    """One instance: one thread, one copy of the weights."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the graphs that the config names."""
        directory, values = parameters(args)
        self._transcriber = Whisper(directory, values["encoder"], values["decoder"])

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer a batch of requests."""
        return answer(requests, self._transcriber)

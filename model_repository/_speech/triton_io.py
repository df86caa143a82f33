"""Between Triton's tensors and a transcriber: reads requests, answers each row, turns faults into clear errors."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import triton_python_backend_utils as pb_utils
from viva_speech.decoding import GivenUp
from viva_speech.transcript import LANGUAGES, MAX_SECONDS, SAMPLE_RATE_HZ, Transcriber, Transcript


class BadRequest(ValueError):
    """The request cannot be answered as it is; the message says why and is fit for the caller's eyes."""


def parameters(args: dict[str, str]) -> tuple[Path, dict[str, str]]:
    """The version's directory and the string parameters of the model's config."""
    config = json.loads(args["model_config"])
    values = {name: entry["string_value"] for name, entry in config.get("parameters", {}).items()}
    return Path(args["model_repository"]) / args["model_version"], values


def answer(requests: Sequence[Any], transcriber: Transcriber) -> list[Any]:
    """One response a request, in order; the rows of a request are transcribed together."""
    return [_respond(request, transcriber) for request in requests]


def _respond(request: Any, transcriber: Transcriber) -> Any:
    try:
        if request.is_cancelled():  # while it waited behind others
            raise GivenUp
        audio = _input(request, "audio")
        counts = _input(request, "sample_count").reshape(len(audio))
        languages = _input(request, "language").reshape(len(audio))
        rows = transcriber.transcribe(
            [samples(row, int(count)) for row, count in zip(audio, counts, strict=True)],
            [language_code(language) for language in languages],
            request.is_cancelled,
        )
    except GivenUp:
        return pb_utils.InferenceResponse(
            error=pb_utils.TritonError("nobody waits for the text", pb_utils.TritonError.CANCELLED)
        )
    except BadRequest as error:
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error), pb_utils.TritonError.INVALID_ARG))
    durations_s = [int(count) / SAMPLE_RATE_HZ for count in counts]
    return pb_utils.InferenceResponse(
        [pb_utils.Tensor(name, array) for name, array in outputs(rows, durations_s).items()]
    )


def _input(request: Any, name: str) -> npt.NDArray[Any]:
    return np.asarray(pb_utils.get_input_tensor_by_name(request, name).as_numpy())


def samples(row: npt.NDArray[np.int16], count: int) -> npt.NDArray[np.float32]:
    """The first `count` samples of a row as float32 in -1 to 1; BadRequest when there are not that many."""
    if not 0 <= count <= len(row):
        raise BadRequest(f"sample_count is {count}, audio holds {len(row)} samples")
    if count > MAX_SECONDS * SAMPLE_RATE_HZ:
        seconds = count / SAMPLE_RATE_HZ
        raise BadRequest(f"the segment is {seconds:.2f} s long, the model takes {MAX_SECONDS} s at most")
    return row[:count].astype(np.float32) / np.float32(32768)


def language_code(value: bytes) -> str:
    """The language asked for, "" when it is to be detected."""
    code = value.decode("utf-8", "replace")
    if code and code not in LANGUAGES:
        raise BadRequest(f"language is {code!r}, expected one of {', '.join(LANGUAGES)} or an empty string")
    return code


def outputs(rows: Sequence[Transcript], durations_s: Sequence[float]) -> dict[str, npt.NDArray[Any]]:
    """The output tensors of a batch; rows with fewer words than the longest are filled with empty ones."""
    width = max(len(row.words) for row in rows)
    words = np.full((len(rows), width), b"", object)
    starts, ends, probabilities = (np.zeros((len(rows), width), np.float32) for _ in range(3))
    for index, (row, duration_s) in enumerate(zip(rows, durations_s, strict=True)):
        count = len(row.words)
        words[index, :count] = [word.text.encode() for word in row.words]
        starts[index, :count] = [min(word.start_s, duration_s) for word in row.words]
        ends[index, :count] = [min(word.end_s, duration_s) for word in row.words]
        probabilities[index, :count] = [word.probability for word in row.words]
    return {
        "text": np.array([[row.text.encode()] for row in rows], object),
        "language": np.array([[row.language.encode()] for row in rows], object),
        "language_probability": np.array([[row.language_probability] for row in rows], np.float32),
        "word": words,
        "word_start_s": starts,
        "word_end_s": ends,
        "word_probability": probabilities,
    }

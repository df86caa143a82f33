"""`viva replay`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from deployments.cli.options import Server, server_options
from deployments.cli.output import Failure, client_errors, connect, err, out
from deployments.cli.report import read_assessment
from deployments.cli.score import is_text, read_text

if TYPE_CHECKING:
    from viva.v1.assessment_pb2 import Assessment
    from viva_client import AnswerOptions

_SHOWN: Final = 20  # differences that are listed
_NO_CONSENT: Final = "no_consent"


@click.command(
    epilog="""\b
Example:
  viva score answer.mp4 --language en --json > assessment.json
  viva replay assessment.json --media answer.mp4
"""
)
@click.argument("assessment", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--media",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The answer: the media, or the text as a .txt file. Default for a text answer: its transcript.",
)
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=1), default=300, show_default=True, help="Seconds.")
@server_options(wait_s=15)
def replay(assessment: Path, media: Path | None, timeout_s: float, server: Server) -> int:
    """Score the answer of ASSESSMENT again, as it was asked then, and compare every field.

    ASSESSMENT is the JSON that `viva score --json` prints, or one line of `viva batch`.

    Exit code: 0 the same bit for bit, 1 something differs (each difference is listed, provenance first), 2 wrong usage.
    """
    then = read_assessment(assessment)
    if media is None and then.media.kind != "text":
        raise click.UsageError("name the file that was scored with --media")
    if not then.HasField("asked"):
        raise Failure("the assessment does not say how it was asked (`asked`): it was made by an earlier version")
    options = options_of(then)
    with connect(server, timeout_s=timeout_s) as client, client_errors(server), err().status("scoring"):
        if media is not None and not is_text(media):
            now = client.score_media(media, options, kind=then.asked.media_kind)
        else:
            now = client.score_text(read_text(media) if media else then.transcript.text, options)
    if then.provenance.input_sha256 != now.provenance.input_sha256:
        raise Failure("this is not the input that was scored then: provenance.input_sha256 differs")
    differences = list(compare(then, now))
    if not differences:
        out().print("identical", markup=False)
        return 0
    for line in differences[:_SHOWN]:
        out().print(line, markup=False, soft_wrap=True)
    err().print(f"{len(differences)} fields differ", markup=False)
    return 1


def options_of(assessment: Assessment) -> AnswerOptions:
    """The options with which an answer was scored."""
    from google.protobuf.json_format import MessageToDict

    from viva_client import AnswerOptions

    asked = assessment.asked
    denied = {item.name: item.reason for item in asked.denied}
    return AnswerOptions(
        question=assessment.question,
        language=asked.language,
        competencies=tuple(competency.name for competency in assessment.competencies),
        role=assessment.role,
        sentences=tuple(s.text for s in assessment.transcript.sentences) if asked.sentences_given else (),
        allow=() if "expression" in denied else ("expression",),
        deny=tuple(name for name in ("speech", "language", "face") if denied.get(name, _NO_CONSENT) != _NO_CONSENT),
        voice_consent=False if denied.get("speech") == _NO_CONSENT else None,
        face_consent=False if denied.get("face") == _NO_CONSENT else None,
        custom_competencies=tuple(
            MessageToDict(item, preserving_proto_field_name=True) for item in asked.custom_competencies
        ),
        signal_weights=tuple(MessageToDict(item, preserving_proto_field_name=True) for item in asked.signal_weights),
    )


def compare(then: Assessment, now: Assessment) -> Iterator[str]:
    """One line for each field that differs but the trace; provenance first, as it may explain the rest."""
    first, second = _scored(then), _scored(now)
    for name in sorted(first.keys() | second.keys(), key=lambda name: (name != "provenance", name)):
        yield from _differences(name, first.get(name), second.get(name))


def _scored(assessment: Assessment) -> dict[str, object]:
    """What depends on what was scored: all but the trace of the call."""
    from viva_client import assessment_to_dict

    found = assessment_to_dict(assessment)
    if isinstance(made := found.get("provenance"), dict):
        made.pop("trace_id", None)
    return found


def _differences(place: str, then: Any, now: Any) -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for name in sorted(then.keys() | now.keys()):
            yield from _differences(f"{place}.{name}", then.get(name), now.get(name))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for at, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _differences(f"{place}[{at}]", one, other)
    elif then != now:
        yield f"{place}: {then!r} then, {now!r} now"

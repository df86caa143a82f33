"""Options, uploads and assessments as values."""

from __future__ import annotations

import hashlib
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from viva.v1 import scoring_pb2 as pb
from viva_client import AnswerOptions, Assessment, InvalidArgumentError, OverloadedError, assessment_to_dict
from viva_client.errors import error_from_rpc
from viva_client.upload import CHUNK_BYTES, Upload


def test_options_that_are_not_given_are_absent_from_the_message() -> None:
    config = AnswerOptions().to_config()
    assert config == pb.AnswerConfig()
    assert not config.HasField("consent")
    assert not config.HasField("modality_policy")


def test_consent_and_its_time_reach_the_message() -> None:
    given = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    config = AnswerOptions(voice_consent=True, face_consent=False, consent_time=given).to_config()
    assert config.consent.voice_analysis
    assert config.consent.HasField("face_analysis")
    assert not config.consent.face_analysis
    assert config.consent.consent_time.ToDatetime(UTC) == given


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deny": ("taste",)}, "unknown modality 'taste'"),
        ({"deny": ("face",), "allow": ("face",)}, "both allowed and denied"),
        ({"competencies": "teamwork"}, "not a string"),
        ({"consent_time": datetime(2026, 1, 1)}, "time zone"),
    ],
)
def test_a_slip_in_the_options_is_an_error_at_once(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AnswerOptions(**options)  # type: ignore[arg-type]


def test_an_upload_is_config_chunks_and_a_commit_that_fits(tmp_path: Path) -> None:
    data = b"ab" * CHUNK_BYTES + b"c"
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    first, *chunks, last = Upload(pb.UploadConfig(request_id="r"), path)
    assert first.config.request_id == "r"
    assert [len(message.chunk) for message in chunks] == [CHUNK_BYTES, CHUNK_BYTES, 1]
    assert last.commit.size_bytes == len(data)
    assert last.commit.sha256 == hashlib.sha256(data).hexdigest()


def test_json_has_zeros_and_empty_lists_but_no_scores_that_are_absent() -> None:
    assessment = Assessment()
    assessment.competencies.add(name="teamwork", status="insufficient_evidence")
    assessment.delivery.word_count = 0
    found = assessment_to_dict(assessment)
    assert found["competencies"] == [
        {
            "name": "teamwork",
            "status": "insufficient_evidence",
            "reason": "",
            "contributions": [],
            "dimensions": [],
            "evidence": [],
            "concerns": [],
        }
    ]
    assert found["flags"] == []
    assert "coherence" not in found
    assert "overall" not in found


class _Failed(grpc.RpcError):
    def __init__(self, trailing: tuple[tuple[str, bytes], ...] | None) -> None:
        self._trailing = trailing

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.INVALID_ARGUMENT

    def details(self) -> str | None:
        return None

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...] | None:  # type: ignore[override]
        return self._trailing


@pytest.mark.parametrize("trailing", [None, (), (("grpc-status-details-bin", b"\xff\xff\xff"),), (("x-bin", b""),)])
def test_details_that_are_missing_or_broken_leave_the_code(trailing: tuple[tuple[str, bytes], ...] | None) -> None:
    error = error_from_rpc(_Failed(trailing))
    assert type(error) is InvalidArgumentError
    assert (error.reason, error.message, error.fields) == ("", "", [])


def test_what_the_server_said_comes_before_the_code_of_a_connection_that_was_reset() -> None:
    status = status_pb2.Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], message="full")
    error = error_from_rpc(_Failed((("grpc-status-details-bin", status.SerializeToString()),)))
    assert (type(error), error.message) == (OverloadedError, "full")


def test_errors_cross_processes() -> None:
    error = InvalidArgumentError(
        grpc.StatusCode.INVALID_ARGUMENT, "TEXT_EMPTY", "no", [("text", "empty")], 1.5, {"limit": "1"}, "id"
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is InvalidArgumentError
    assert vars(again) == vars(error)
    assert str(again) == "TEXT_EMPTY: no"


def test_definitions_and_weights_travel_as_messages() -> None:
    options = AnswerOptions(
        custom_competencies=[{"name": "innovation", "language": "en", "indicators": ["I tried a new way."]}],
        signal_weights=[{"competency": "teamwork", "signal": "pace", "points": 0.5}],
    )
    config = options.to_config()
    assert config.custom_competencies[0].indicators == ["I tried a new way."]
    assert config.signal_weights[0].points == 0.5


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"custom_competencies": {"name": "x"}}, "must be a sequence of mappings"),
        ({"custom_competencies": ["x"]}, r"custom_competencies\[0\] must be a mapping"),
        ({"custom_competencies": [{"title": "x"}]}, r"custom_competencies\[0\].*title"),
        ({"signal_weights": [{"points": "many"}]}, r"signal_weights\[0\].*points"),
    ],
)
def test_a_definition_that_is_none_is_refused_before_it_is_sent(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AnswerOptions(**fields)

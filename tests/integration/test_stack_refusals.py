"""What callers get wrong, and what media lacks: a clear status with the field, or an assessment that says why."""

from __future__ import annotations

import io
import time
import uuid
from pathlib import Path

import grpc
import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from PIL import Image

from tests import media, stack, texts
from viva.v1 import scoring_pb2 as pb
from viva.v1 import scoring_pb2_grpc
from viva_client import AnswerOptions, DeadlineExceededError, InvalidArgumentError, OverloadedError, VivaClient

ENGLISH = AnswerOptions("Tell me about yourself.", "en")


def _png() -> bytes:
    out = io.BytesIO()
    Image.fromarray(media.astronaut()).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"This is a text file and no film at all. " * 50, "MEDIA_UNREADABLE"),
        (b"\0" * 4096, "MEDIA_UNREADABLE"),
        (_png, "MEDIA_IS_IMAGE"),
    ],
)
def test_what_is_no_media_is_refused_by_its_reason(client: VivaClient, data: object, reason: str) -> None:
    content = data() if callable(data) else data
    with pytest.raises(InvalidArgumentError) as caught:
        client.score_media(content, ENGLISH)
    assert caught.value.reason == reason
    assert caught.value.fields


def test_an_empty_file_is_refused(client: VivaClient, tmp_path: Path) -> None:
    empty = tmp_path / "a.mp4"
    empty.write_bytes(b"")
    with pytest.raises(InvalidArgumentError) as caught:
        client.score_media(empty, ENGLISH)
    assert caught.value.reason == "MEDIA_EMPTY"


def test_silence_has_no_words_and_no_score(client: VivaClient, tmp_path: Path) -> None:
    silent = media.write_media(tmp_path / "a.wav", pcm=np.zeros(96_000, np.int16), audio_codec="pcm_s16le")
    assessment = client.score_media(silent, ENGLISH)
    assert [(m.name, m.state, m.reason) for m in assessment.modalities][:2] == [
        ("speech", "failed", "silence"),
        ("language", "skipped", "no_transcript"),
    ]
    assert {competency.status for competency in assessment.competencies} == {"insufficient_evidence"}
    assert not assessment.overall.HasField("score")
    assert not any(competency.HasField("score") for competency in assessment.competencies)


def test_noise_is_not_made_into_words(client: VivaClient, tmp_path: Path) -> None:
    noise = np.random.default_rng(5).normal(0, 2000, 48_000 * 8).astype(np.int16)
    path = media.write_media(tmp_path / "a.wav", pcm=noise, audio_codec="pcm_s16le")
    for language in ("en", "zh"):
        assessment = client.score_media(path, AnswerOptions("Why?", language))
        assert assessment.transcript.text == ""
        assert not assessment.overall.HasField("score")


def test_a_video_without_a_face_says_so_and_the_words_are_scored(client: VivaClient, tmp_path: Path) -> None:
    grey = [np.full((240, 320, 3), 90, np.uint8)]
    path = media.face_video(tmp_path / "a.mp4", 6, frames=grey, size=(320, 240))
    assessment = client.score_media(path, ENGLISH)
    face = next(modality for modality in assessment.modalities if modality.name == "face")
    assert (face.state, face.reason) == ("failed", "no_face")
    assert assessment.overall.HasField("score")


def test_a_truncated_film_is_scored_on_what_decodes_and_says_how_much(client: VivaClient, tmp_path: Path) -> None:
    whole = media.face_video(tmp_path / "a.mkv", 12, size=(320, 240))
    half = tmp_path / "half.mkv"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assessment = client.score_media(half, ENGLISH)
    speech = next(modality for modality in assessment.modalities if modality.name == "speech")
    assert (speech.state, speech.reason) == ("ran", "partial_media")
    assert assessment.media.truncated
    assert 0.2 < assessment.media.decoded_ratio < 0.8
    assert assessment.transcript.text.startswith("It was the best of times")


def test_a_film_of_more_than_4k_is_refused(client: VivaClient, tmp_path: Path) -> None:
    large = media.write_media(tmp_path / "a.mp4", pictures=[np.zeros((2400, 4200, 3), np.uint8)] * 3, fps=3)
    with pytest.raises(InvalidArgumentError) as caught:
        client.score_media(large, ENGLISH)
    assert caught.value.reason == "MEDIA_TOO_MANY_PIXELS"


def test_a_recording_of_more_than_ten_minutes_is_refused(client: VivaClient, tmp_path: Path) -> None:
    long = media.write_media(tmp_path / "a.flac", pcm=np.zeros(48_000 * 601, np.int16), audio_codec="flac")
    with pytest.raises(InvalidArgumentError) as caught:
        client.score_media(long, ENGLISH)
    assert caught.value.reason == "MEDIA_TOO_LONG"


def test_a_deadline_stops_the_work_and_the_next_call_is_served(client: VivaClient, tmp_path: Path) -> None:
    clip = media.speech_clip(tmp_path / "a.wav", 60, codec="pcm_s16le")
    given_up = time.monotonic() + 30
    with pytest.raises(DeadlineExceededError):
        while True:
            try:
                client.score_media(clip, ENGLISH, timeout_s=0.5)
            except OverloadedError:  # while the last of another test's work goes on: not tried at all
                assert time.monotonic() < given_up
                time.sleep(0.5)
            else:
                pytest.fail("a minute of speech was scored in half a second")
    assert client.score_text(texts.LEADER, ENGLISH).overall.HasField("score")


def test_an_upload_that_ends_early_is_aborted(stack: stack.Stack) -> None:
    with grpc.insecure_channel(stack.address) as channel:
        upload = scoring_pb2_grpc.ScoringStub(channel).UploadAnswer
        messages = [
            pb.UploadAnswerRequest(config=pb.UploadConfig(config=pb.AnswerConfig())),
            pb.UploadAnswerRequest(chunk=b"abc"),
        ]
        with pytest.raises(grpc.RpcError) as caught:
            upload(iter(messages))
    assert caught.value.code() is grpc.StatusCode.ABORTED  # type: ignore[attr-defined]


def test_a_client_that_hangs_up_leaves_no_media_behind(stack: stack.Stack) -> None:
    with grpc.insecure_channel(stack.address) as channel:
        call = scoring_pb2_grpc.ScoringStub(channel).UploadAnswer.future(_endless())
        time.sleep(0.5)
        call.cancel()
    spool = stack.data_dir / "spool"
    deadline = time.monotonic() + 10
    while list(spool.glob("answer-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(spool.glob("answer-*")) == []


def _endless():  # type: ignore[no-untyped-def]
    yield pb.UploadAnswerRequest(config=pb.UploadConfig(config=pb.AnswerConfig()))
    while True:
        yield pb.UploadAnswerRequest(chunk=b"x" * 1000)
        time.sleep(0.05)


def test_the_request_id_is_echoed(stack: stack.Stack) -> None:
    with grpc.insecure_channel(stack.address) as channel:
        given = str(uuid.uuid4())
        request = pb.ScoreAnswerRequest(request_id=given, text=texts.LEADER, config=pb.AnswerConfig(language="en"))
        assert scoring_pb2_grpc.ScoringStub(channel).ScoreAnswer(request).request_id == given


def test_health_answers_for_the_server_and_the_service(stack: stack.Stack) -> None:
    with grpc.insecure_channel(stack.address) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        for service in ("", "viva.v1.Scoring"):
            assert check(health_pb2.HealthCheckRequest(service=service)).status == 1
        with pytest.raises(grpc.RpcError):
            check(health_pb2.HealthCheckRequest(service="viva.v1.Nothing"))


def test_a_stranger_that_knows_only_reflection_gets_a_score(stack: stack.Stack) -> None:
    """What `grpcurl` does: no generated code of ours, everything from the server."""
    with grpc.insecure_channel(stack.address) as channel:
        reflect = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo
        pool, wanted, seen = descriptor_pool.DescriptorPool(), ["viva/v1/scoring.proto"], {}
        while wanted:
            name = wanted.pop()
            (reply,) = reflect(iter([reflection_pb2.ServerReflectionRequest(file_by_filename=name)]))
            for raw in reply.file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(raw)
                seen[file.name] = file
                wanted += [needed for needed in file.dependency if needed not in seen]
        _add(pool, seen, "viva/v1/scoring.proto")
        method = pool.FindServiceByName("viva.v1.Scoring").methods_by_name["ScoreAnswer"]
        request = message_factory.GetMessageClass(method.input_type)()
        request.text, request.config.language = texts.LEADER, "en"
        reply_class = message_factory.GetMessageClass(method.output_type)
        call = channel.unary_unary(
            "/viva.v1.Scoring/ScoreAnswer",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=reply_class.FromString,
        )
        assert call(request).assessment.overall.score > 0


def _add(pool: descriptor_pool.DescriptorPool, files: dict[str, descriptor_pb2.FileDescriptorProto], name: str) -> None:
    for needed in files[name].dependency:
        _add(pool, files, needed)
    pool.Add(files[name])


def test_metrics_count_calls_and_stages(stack: stack.Stack, client: VivaClient) -> None:
    from urllib.request import urlopen

    client.score_text(texts.LEADER, ENGLISH)
    page = urlopen(f"http://127.0.0.1:{stack.port + 2}/metrics", timeout=5).read().decode()
    assert 'viva_requests_total{code="OK",method="ScoreAnswer"}' in page
    assert 'viva_stage_seconds_bucket{le="0.05",stage="embed"}' in page

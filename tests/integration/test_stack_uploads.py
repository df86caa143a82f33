"""Uploads to the running stack: they go on where they broke off, and belong to one tenant."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests import media
from tests.employers import Employer, employer, eventually
from tests.stack import Stack
from viva.v1 import answers_pb2, answers_pb2_grpc, scoring_pb2
from viva_client import NotFoundError, VivaError
from viva_client.errors import error_from_status

CHUNK = 200_000


@pytest.fixture(scope="module")
def ours(stack: Stack) -> Iterator[Employer]:
    with employer(stack.address) as made:
        yield made


@pytest.fixture(scope="module")
def theirs(stack: Stack) -> Iterator[Employer]:
    with employer(stack.address) as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """10 s of speech, 960 kB."""
    return media.speech_clip(tmp_path_factory.mktemp("clip") / "a.wav", 10, codec="pcm_s16le").read_bytes()


@pytest.fixture
def stub(stack: Stack) -> Iterator[answers_pb2_grpc.AnswersStub]:
    with grpc.insecure_channel(stack.address) as channel:
        yield answers_pb2_grpc.AnswersStub(channel)  # type: ignore[no-untyped-call]  # generated


def _messages(name: str, content: bytes, start: int, end: int) -> Iterator[answers_pb2.UploadMediaRequest]:
    """The config and the chunks from one offset to another."""
    yield answers_pb2.UploadMediaRequest(config=answers_pb2.UploadMediaConfig(name=name, offset=start))
    for at in range(start, end, CHUNK):
        yield answers_pb2.UploadMediaRequest(chunk=content[at : min(at + CHUNK, end)])


def _broken_off(stub: answers_pb2_grpc.AnswersStub, of: Employer, content: bytes, size: int) -> str:
    """Name of an upload whose stream broke after so many bytes had arrived."""
    name, forever = f"{of.name}/uploads/{uuid.uuid4()}", threading.Event()

    def stalled() -> Iterator[answers_pb2.UploadMediaRequest]:
        yield from _messages(name, content, 0, size)
        forever.wait()

    call = stub.UploadMedia.future(stalled(), metadata=of.metadata)
    try:
        eventually(lambda: _stored(of, name) == size)
    finally:
        call.cancel()
        forever.set()
    return name


def _stored(of: Employer, name: str) -> int:
    try:
        return of.client.answers.get_upload(name=name).size_bytes
    except NotFoundError:
        return 0


def test_an_upload_that_broke_goes_on_where_it_was_and_the_digest_is_that_of_the_whole(
    ours: Employer, stub: answers_pb2_grpc.AnswersStub, clip: bytes
) -> None:
    arrived = 3 * CHUNK
    name = _broken_off(stub, ours, clip, arrived)
    assert ours.client.answers.get_upload(name=name).size_bytes == arrived
    sent: list[int] = []
    stored = ours.client.answers.upload_media(clip, name=name, progress=lambda done, _: sent.append(done))
    assert min(sent) > arrived  # what was there is not sent again
    assert (stored.size_bytes, stored.sha256) == (len(clip), hashlib.sha256(clip).hexdigest())
    with pytest.raises(NotFoundError):
        ours.client.answers.get_upload(name=name)
    answer = answers_pb2.Answer(question_id="q1", media_sha256=stored.sha256)
    scored = ours.ended(ours.client.answers.submit(answer, parent=ours.invite(ours.role()).name))
    assert scored.assessment.transcript.text.startswith("It was the best of times")


def test_the_rest_must_fit_what_the_commit_says_of_the_whole(
    ours: Employer, stub: answers_pb2_grpc.AnswersStub, clip: bytes
) -> None:
    name = _broken_off(stub, ours, b"x" + clip[1:], 2 * CHUNK)
    commit = scoring_pb2.UploadCommit(size_bytes=len(clip), sha256=hashlib.sha256(clip).hexdigest())
    call = eventually(lambda: _continued(stub, ours, name, clip, 2 * CHUNK, commit))
    assert call.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "commit.sha256" in (call.details() or "")
    with pytest.raises(NotFoundError):
        ours.client.answers.get_upload(name=name)


def _continued(
    stub: answers_pb2_grpc.AnswersStub,
    of: Employer,
    name: str,
    content: bytes,
    start: int,
    commit: scoring_pb2.UploadCommit,
) -> grpc.Call | None:
    """The ended call that sent the rest; None while the stream before is still seen as running."""
    messages = [*_messages(name, content, start, len(content)), answers_pb2.UploadMediaRequest(commit=commit)]
    call = stub.UploadMedia.future(iter(messages), metadata=of.metadata)
    return None if call.exception() and call.code() is grpc.StatusCode.FAILED_PRECONDITION else call


def test_an_upload_cannot_be_seen_or_continued_by_another_tenant(
    ours: Employer, theirs: Employer, stub: answers_pb2_grpc.AnswersStub, clip: bytes
) -> None:
    name = _broken_off(stub, ours, clip, 2 * CHUNK)
    with pytest.raises(NotFoundError):
        theirs.client.answers.get_upload(name=name)
    with pytest.raises(grpc.RpcError) as refused:
        stub.UploadMedia(_messages(name, clip, 2 * CHUNK, len(clip)), metadata=theirs.metadata)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    own = f"tenants/-/uploads/{name.rpartition('/')[2]}"  # the same id is another upload
    with pytest.raises(NotFoundError):
        theirs.client.answers.get_upload(name=own)
    with pytest.raises(grpc.RpcError) as refused:
        stub.UploadMedia(_messages(own, clip, 2 * CHUNK, len(clip)), metadata=theirs.metadata)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert ours.client.answers.get_upload(name=name).size_bytes == 2 * CHUNK
    with pytest.raises(NotFoundError):
        theirs.client.answers.get_upload(name=own)


def test_two_tenants_that_send_the_same_file_do_not_see_each_others(
    ours: Employer, theirs: Employer, stack: Stack, clip: bytes
) -> None:
    content = clip + b"the same of both"
    sha256 = ours.client.answers.upload_media(content).sha256
    answer = answers_pb2.Answer(question_id="q1", media_sha256=sha256)
    interview = theirs.invite(theirs.role())
    with pytest.raises(VivaError) as refused:
        theirs.client.answers.submit(answer, parent=interview.name)
    assert (refused.value.reason, refused.value.fields[0][0]) == ("NOT_FOUND", "answer.media_sha256")
    assert _keepers(stack, sha256) == {ours.name}
    assert theirs.client.answers.upload_media(content).sha256 == sha256
    assert _keepers(stack, sha256) == {ours.name, theirs.name}
    assert theirs.ended(theirs.client.answers.submit(answer, parent=interview.name)).HasField("assessment")


@pytest.mark.parametrize("uri", ["https://127.0.0.1/a.wav", "https://localhost/a.wav", "http://127.0.0.1/a.wav"])
def test_media_at_an_address_of_this_host_is_not_fetched(stack: Stack, uri: str) -> None:
    with employer(stack.address, media_hosts=["127.0.0.1", "localhost"]) as careless:
        answer = answers_pb2.Answer(question_id="q1", media_uri=uri)
        interview = careless.invite(careless.role())
        failed = careless.ended(careless.client.answers.submit(answer, parent=interview.name))
    assert failed.state == answers_pb2.Answer.STATE_FAILED
    error = error_from_status(failed.error)
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "URI_NOT_ALLOWED")
    assert failed.attempt_count == 1


def _keepers(stack: Stack, sha256: str) -> set[str]:
    """Names of the tenants under which an object is kept."""
    objects = stack.data_dir / "objects"
    return {str(Path(*path.relative_to(objects).parts[:2])) for path in objects.rglob(sha256)}

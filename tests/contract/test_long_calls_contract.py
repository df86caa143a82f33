"""What outlives one call: uploads that go on, watches that resume, operations that are waited for."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import uuid
from pathlib import Path
from typing import Any

import grpc
import pytest
from conftest import FAST, Each
from google.longrunning import operations_pb2
from resources_double import Resources, ResourcesDouble, running_resources, until
from scoring_double import AWAY, Fault

import viva_client
from viva.v1 import answers_pb2, candidates_pb2
from viva_client import AsyncVivaClient, Pending, RetryPolicy, VivaClient
from viva_client.upload import CHUNK_BYTES

DATA = bytes(range(256)) * 5000  # 1.28 MB: four whole chunks and a part
GONE = Fault(grpc.StatusCode.UNAVAILABLE, rich=False)
INCOMPLETE = Fault(grpc.StatusCode.ABORTED, "UPLOAD_NOT_COMMITTED", "no commit")
INTERVIEW = "tenants/acme/interviews/i"


def test_media_is_stored_in_one_stream_with_its_digest(resources: Resources, each: Each, tmp_path: Path) -> None:
    path = tmp_path / "answer.mp4"
    path.write_bytes(DATA)
    told: list[tuple[int, int]] = []
    client = each.connect(resources.address)
    media = each.done(
        client.answers.upload_media(path, INTERVIEW, progress=lambda sent, total: told.append((sent, total)))
    )
    assert media.sha256 == hashlib.sha256(DATA).hexdigest()
    (seen,) = resources.double.seen
    assert seen.method == "UploadMedia"
    assert seen.request.name.startswith("tenants/-/uploads/")
    assert (seen.request.interview, seen.request.offset) == (INTERVIEW, 0)
    sizes = [CHUNK_BYTES * count for count in range(1, 5)] + [len(DATA)]
    assert told == [(size, len(DATA)) for size in sizes]


@pytest.mark.parametrize("fault", [AWAY, GONE, INCOMPLETE])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_an_upload_that_breaks_goes_on_where_it_ended(
    resources: Resources, each: Each, tmp_path: Path, fault: Fault, as_bytes: bool
) -> None:
    path = tmp_path / "answer.mp4"
    path.write_bytes(DATA)
    resources.double.break_after.extend([(1, fault), (2 * CHUNK_BYTES, fault)])
    client = each.connect(resources.address)
    media = each.done(client.answers.upload_media(DATA if as_bytes else path))
    assert media.sha256 == hashlib.sha256(DATA).hexdigest()
    assert media.size_bytes == len(DATA)
    streams = resources.double.of("UploadMedia")
    assert [seen.request.offset for seen in streams] == [0, CHUNK_BYTES, 3 * CHUNK_BYTES]
    assert len({seen.request.name for seen in streams}) == 1
    assert len(resources.double.of("GetUpload")) == 2


def test_an_upload_survives_a_restart_of_the_server(each: Each) -> None:
    double = ResourcesDouble()
    first = running_resources(double)
    running = first.__enter__()
    port = int(running.address.rpartition(":")[2])
    client = each.connect(running.address, retry=RetryPolicy(max_attempts=100, initial_s=0.05, max_s=0.2))
    data = DATA * 20
    restarted = threading.Event()

    def restart() -> None:
        until(lambda: any(len(stored) > len(data) // 4 for stored in double.uploads.values()))
        first.__exit__(None, None, None)
        with running_resources(double, port):
            restarted.wait(30)

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        media = each.done(client.answers.upload_media(data))
    finally:
        restarted.set()
        thread.join()
    assert media.sha256 == hashlib.sha256(data).hexdigest()
    offsets = [seen.request.offset for seen in double.of("UploadMedia")]
    assert offsets[0] == 0
    assert offsets[-1] > len(data) // 4


def test_an_upload_of_an_earlier_process_goes_on_by_its_name(resources: Resources, each: Each) -> None:
    name = "tenants/-/uploads/6f6f2a2c-6c43-4e0e-9d07-0a6a3a1f1b11"
    resources.double.uploads[name] = bytearray(DATA[:1_000_000])  # in the middle of a chunk
    client = each.connect(resources.address)
    assert each.done(client.answers.upload_media(DATA, name=name)).size_bytes == len(DATA)
    (stream,) = resources.double.of("UploadMedia")
    assert stream.request.offset == 1_000_000
    unknown = f"tenants/-/uploads/{uuid.uuid4()}"
    assert each.done(client.answers.upload_media(DATA, name=unknown)).size_bytes == len(DATA)


def test_an_upload_that_never_gets_further_ends_with_the_last_error(resources: Resources, each: Each) -> None:
    resources.double.faults["UploadMedia"].extend([AWAY] * 9)
    client = each.connect(resources.address, retry=RetryPolicy(max_attempts=3, initial_s=0.01, max_s=0.02))
    with pytest.raises(viva_client.UnavailableError):
        each.done(client.answers.upload_media(DATA))
    assert len(resources.double.of("UploadMedia")) == 3


def test_only_failures_without_a_byte_more_count(resources: Resources, each: Each) -> None:
    resources.double.break_after.extend([(CHUNK_BYTES, GONE)] * 4)
    client = each.connect(resources.address, retry=RetryPolicy(max_attempts=2, initial_s=0.01, max_s=0.02))
    assert each.done(client.answers.upload_media(DATA)).size_bytes == len(DATA)
    assert len(resources.double.of("UploadMedia")) == 5


def test_an_upload_that_is_refused_is_not_sent_again(resources: Resources, each: Each, tmp_path: Path) -> None:
    resources.double.faults["UploadMedia"].append(Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED"))
    client = each.connect(resources.address)
    with pytest.raises(viva_client.OverloadedError):
        each.done(client.answers.upload_media(DATA))
    with pytest.raises(FileNotFoundError):
        each.done(client.answers.upload_media(tmp_path / "none.mp4"))
    with (tmp_path / "huge.mp4").open("wb") as file:
        file.truncate(200_000_001)
    with pytest.raises(viva_client.InvalidArgumentError, match="MEDIA_TOO_LARGE"):
        each.done(client.answers.upload_media(tmp_path / "huge.mp4"))
    assert len(resources.double.seen) == 1


def test_what_a_progress_callback_raises_ends_a_blocking_upload(resources: Resources) -> None:
    def stop(sent: int, total: int) -> None:
        raise LookupError("enough")

    with VivaClient(resources.address, retry=FAST) as client, pytest.raises(LookupError, match="enough"):
        client.answers.upload_media(DATA, progress=stop)


async def test_progress_comes_on_the_loop(resources: Resources) -> None:
    threads = set()
    async with AsyncVivaClient(resources.address, retry=FAST) as client:
        await client.answers.upload_media(DATA, progress=lambda sent, total: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


def numbers(each: Each, watch: Any, count: int) -> list[str]:
    return [each.next(watch).name.rpartition("/")[2] for _ in range(count)]


def test_a_watch_gives_reports_and_no_signs_of_life(resources: Resources, each: Each) -> None:
    client = each.connect(resources.address, timeout_s=1)
    watch = client.reports.watch(resume_token="start")
    resources.double.publish(1)
    resources.double.publish(1, sign_of_life=True)
    resources.double.publish(2)
    assert numbers(each, watch, 2) == ["1", "2"]
    assert watch.resume_token == "3"
    (seen,) = resources.double.seen
    assert (seen.request.parent, seen.request.resume_token) == ("tenants/-", "start")
    assert seen.remaining_s > 1e6  # a watch has no end of its own
    each.close(watch)
    assert each.done(watch) == []


@pytest.mark.parametrize("fault", [AWAY, GONE])
def test_a_watch_resumes_after_what_it_has_seen(resources: Resources, each: Each, fault: Fault) -> None:
    watch = each.connect(resources.address).reports.watch()
    resources.double.publish(1)
    assert numbers(each, watch, 1) == ["1"]
    resources.double.faults["WatchReports"].append(fault)
    until(lambda: not resources.double.faults["WatchReports"])
    resources.double.publish(2)
    assert numbers(each, watch, 1) == ["2"]
    assert [seen.request.resume_token for seen in resources.double.seen] == ["", "1"]
    each.close(watch)


def test_a_watch_survives_a_restart_of_the_server(each: Each) -> None:
    double = ResourcesDouble()
    with running_resources(double) as running:
        client = each.connect(running.address, retry=RetryPolicy(max_attempts=100, initial_s=0.05, max_s=0.2))
        watch = client.reports.watch()
        double.publish(1)
        assert numbers(each, watch, 1) == ["1"]
    double.publish(2)
    with running_resources(double, int(running.address.rpartition(":")[2])):
        double.publish(3)
        assert numbers(each, watch, 2) == ["2", "3"]
        each.close(watch)


def test_a_watch_that_is_refused_raises(resources: Resources, each: Each) -> None:
    resources.double.faults["WatchReports"].append(Fault(grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING"))
    watch = each.connect(resources.address).reports.watch()
    with pytest.raises(viva_client.PermissionDeniedError):
        each.next(watch)


def test_a_watch_ends_with_the_time_that_it_was_given(resources: Resources, each: Each) -> None:
    watch = each.connect(resources.address).reports.within(0.2).watch()
    with pytest.raises(viva_client.DeadlineExceededError):
        each.next(watch)


@pytest.mark.parametrize("what", ["watch", "client"])
def test_closing_a_watch_or_its_client_ends_an_iteration_that_waits(resources: Resources, what: str) -> None:
    client = VivaClient(resources.address, retry=FAST)
    watch = client.reports.watch()
    ended: list[list[Any]] = []
    thread = threading.Thread(target=lambda: ended.append(list(watch)))
    thread.start()
    until(lambda: bool(resources.double.seen))
    (watch if what == "watch" else client).close()
    thread.join(10)
    assert ended == [[]]
    client.close()


async def test_cancelling_an_asyncio_watch_closes_it(resources: Resources) -> None:
    async with AsyncVivaClient(resources.address, retry=FAST) as client:
        watch = client.reports.watch()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(watch), 0.05)
        assert [report async for report in watch] == []


def test_an_operation_is_waited_for_and_its_response_is_typed(resources: Resources, each: Each) -> None:
    client = each.connect(resources.address)
    pending = each.done(client.candidates.erase("tenants/-/candidates/c"))
    assert pending.name == "tenants/acme/operations/erase"
    stages: list[str] = []
    resources.double.faults["GetOperation"].append(AWAY)
    receipt = each.done(client.operations.wait(pending, 30, progress=lambda seen: stages.append(seen.stage)))
    assert isinstance(receipt, candidates_pb2.ErasureReceipt)
    assert receipt.answer_count == 3
    assert stages == ["working", "done"]


def test_a_batch_tells_of_each_answer(resources: Resources, each: Each) -> None:
    client = each.connect(resources.address)
    requests = [{"parent": INTERVIEW, "answer": {"text": text}} for text in ("one", "")]
    pending = each.done(client.answers.batch_submit(requests=requests))
    good, bad = each.done(client.operations.wait(pending)).results
    assert good.answer == f"{INTERVIEW}/answers/0"
    assert not good.status.code
    error = viva_client.error_from_status(bad.status)
    assert type(error) is viva_client.InvalidArgumentError
    assert error.reason == "TEXT_EMPTY"


def test_an_operation_that_failed_raises_its_error(resources: Resources, each: Each) -> None:
    fault = Fault(grpc.StatusCode.FAILED_PRECONDITION, "LEGAL_HOLD", "a legal hold is set")
    failed = operations_pb2.Operation(name="tenants/acme/operations/o", done=True, error=fault.status())
    failed.metadata.Pack(candidates_pb2.EraseCandidateMetadata(stage="records"))
    resources.double.scripts["GetOperation"] = lambda request: failed
    client = each.connect(resources.address)
    pending = each.done(client.candidates.erase("tenants/-/candidates/c"))
    with pytest.raises(viva_client.FailedPreconditionError) as caught:
        each.done(client.operations.wait(pending))
    assert (caught.value.reason, caught.value.message) == ("LEGAL_HOLD", "a legal hold is set")
    assert caught.value.request_id == "the-request"


def test_waiting_ends_with_its_time(resources: Resources, each: Each) -> None:
    resources.double.scripts["GetOperation"] = lambda request: operations_pb2.Operation(name=request.name)
    client = each.connect(resources.address)
    pending = each.done(client.candidates.erase("tenants/-/candidates/c"))
    with pytest.raises(viva_client.DeadlineExceededError, match="operations/erase is not done after 0.1 s"):
        each.done(client.operations.wait(pending, 0.1))


def test_an_operation_is_found_again_by_its_name(resources: Resources, each: Each) -> None:
    client = each.connect(resources.address)
    operation = each.done(client.operations.get("tenants/acme/operations/erase"))
    pending = Pending(operation, candidates_pb2.ErasureReceipt, candidates_pb2.EraseCandidateMetadata)
    assert each.done(client.operations.wait(pending)).interview_count == 1


def test_a_response_of_another_type_is_an_error(resources: Resources, each: Each) -> None:
    client = each.connect(resources.address)
    operation = operations_pb2.Operation(name="tenants/acme/operations/erase")
    pending = Pending(operation, answers_pb2.BatchSubmitAnswersResponse, candidates_pb2.EraseCandidateMetadata)
    with pytest.raises(viva_client.ServerError, match="instead of viva.v1.BatchSubmitAnswersResponse"):
        each.done(client.operations.wait(pending))

"""Broken input to every call of a running stack: each gets a status with a reason, none a fault, and all go on."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import socket
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from serving.domain.errors import Reason
from tests import estate, texts
from tests.stack import Stack
from viva.v1 import answers_pb2 as answers
from viva.v1 import interviews_pb2 as interviews
from viva.v1 import reports_pb2 as reports
from viva.v1 import tenants_pb2 as tenants
from viva_client import InvalidArgumentError, VivaClient

CONCURRENCY: Final = 16
CALL_S: Final = 30.0
WATCH_S: Final = 0.5  # of a stream that nothing is wrong with
MESSAGE_CHARS: Final = 2_000
QUOTED_CHARS: Final = 120
DEPTH: Final = 6
WORDS: Final = f"zebra{uuid.uuid4().hex} conspiracy "
REFUSALS: Final = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.PERMISSION_DENIED,
    }
)
STRINGS: Final = (
    "",
    "\0",
    f"{WORDS}\0",
    WORDS * 3_000,  # longer than any limit on a text
    "../../etc/passwd",
    "tenants/-/roles/%2f..%2f",
    "tenants/-/interviews/\u202e\u540d",
    "https://[",
    "'; DROP TABLE tenants; --",
    "\U0001f9ff\ud7ff\ufffe\u0301" * 20,
)
HUGE: Final = WORDS * 25_000  # over a megabyte
HUGE_FIELDS: Final = ("name", "parent", "page_token", "filter", "order_by", "resume_token", "etag", "request_id")
INJECTIONS: Final = {
    "page_token": ("WyJ4IiwxLDJd", "bnVsbA", "\u00e9", "[]", "e30"),
    "filter": (
        'create_time > "0001-01-01T00:00:00+14:00"',
        'name = "\0"',
        'state = "\0"',
        "overall > 1e999",
        "state = ",
        "1 OR 1",
        'name = "a',
        "(((",
    ),
    "order_by": ("name; DROP TABLE roles", "body desc", "name desc, name", "name  desc", "pg_sleep(9)"),
    "resume_token": ("OTk5OTk5OTk5OTk5OTk5OTk5OSw5OTk5OTk5OTk5OTk5OTk5OTk", "MSwx", "start "),
}
DOUBLES: Final = (math.nan, math.inf, -math.inf, -1.0, 1e308)
TIMES: Final = (
    (-62_135_596_800, 0),  # the first moment of the year 1
    (253_402_300_799, 999_999_999),  # the last of 9999
    (-62_135_596_801, 0),
    (2**63 - 1, 0),
    (0, -1),
    (0, 2**31 - 1),
)
BYTES: Final = (b"\xff\xff\xff", b"\x0a\x02\xff\xfe", b"\x12\x02\xff\xfe", b"\x1a\x02\xff\xfe", b"\x0b" * 200)


PLACES: Final[tuple[list[Any], ...]] = (
    ["x", "y"],
    ["x"],
    [10**30],
    [10**30, "y"],
    [True, 1],
    [None, None],
    [[], {}],
    ["2026-01-01T00:00:00+00:00", "\0"],
    ["2026-01-01T00:00:00+00:00", 5],
)


@dataclass(frozen=True, slots=True)
class Case:
    """A broken request.

    Attributes:
        what: which field was broken, and how.
        sent: its messages, or bytes that are none.
    """

    name: str
    what: str
    sent: tuple[Message | bytes, ...]


@pytest.fixture(scope="module")
def own(stack: Stack) -> estate.Estate:
    return estate.build(stack.address, f"broken-{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="module")
def channel(stack: Stack) -> Iterator[grpc.Channel]:
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(stack.address, options=options) as opened:
        yield opened


def test_a_page_token_that_was_made_up_is_refused_or_is_a_place(channel: grpc.Channel, own: estate.Estate) -> None:
    requests: dict[str, Any] = estate.requests_of(own)
    refused = 0
    for name, parent, filter_, order in (
        ("ListRoles", own.tenant, "", ""),
        ("ListReports", own.interview, "", "overall"),
        ("ListInterviews", own.tenant, "", "name"),
        ("ListAuditEntries", "audit", "", ""),
        ("ListUsageRecords", f"usage/{own.interview}", "", ""),
        ("ListWebhookDeliveries", own.endpoint, "", ""),
    ):
        fingerprint = hashlib.sha256("\0".join((parent, filter_, order)).encode()).hexdigest()[:16]
        for place in PLACES:
            request = type(requests[name])()
            request.CopyFrom(requests[name])
            for field, value in (("filter", filter_), ("order_by", order)):
                if field in request.DESCRIPTOR.fields_by_name:
                    setattr(request, field, value)
            text = json.dumps([fingerprint, *place]).encode()
            request.page_token = base64.urlsafe_b64encode(text).decode().rstrip("=")
            try:
                estate.call(channel, name)(request, metadata=estate.bearer(own.key), timeout=CALL_S)
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, (name, place)
                refused += 1
    assert refused > 45


@pytest.mark.parametrize("name", estate.METHODS)
def test_credentials_that_are_none_are_refused(channel: grpc.Channel, own: estate.Estate, name: str) -> None:
    keys = ("viva_" + "x" * 43, "x" * 4_000, " ", own.key[:-1], f"{own.key} ", "a.b.c", "'; --")
    valid: Any = estate.requests_of(own)[name]
    for key in keys if name == "GetTenant" else keys[:1]:
        with pytest.raises(grpc.RpcError) as caught:
            request = iter(valid) if isinstance(valid, list) else valid
            found = estate.call(channel, name)(request, metadata=[("authorization", f"Bearer {key}")], timeout=CALL_S)
            next(iter(found))
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED, key
        assert key.strip() == "" or key not in str(caught.value)


def test_times_at_the_end_of_the_calendar_are_taken_where_a_law_counts_days(stack: Stack, own: estate.Estate) -> None:
    with VivaClient(stack.address, api_key=own.key) as viva:
        for seconds in (-62_135_596_800, 253_370_764_800, 253_402_041_599, 253_402_300_799):
            audited = tenants.Tenant(name=own.tenant, bias_audit_time={"seconds": seconds})
            viva.tenants.update(audited)
            given = interviews.Interview(
                candidate=own.candidate, role_revision=own.revision, jurisdictions=["US-NY", "US-IL"]
            )
            given.consents.notice_time.seconds = given.consents.consent_time.seconds = seconds
            assert viva.interviews.create(given).policy.missing


def test_a_message_that_lists_much_still_arrives_with_its_reason(stack: Stack, own: estate.Estate) -> None:
    hosts = [f"h{number}.{'.'.join(['a' * 60] * 4)}" for number in range(50)]
    with VivaClient(stack.address, api_key=own.key) as viva:
        viva.tenants.update(tenants.Tenant(name=own.tenant, media_hosts=hosts))
        open_ = interviews.Interview(candidate=own.candidate, role_revision=own.revision)
        interview = viva.interviews.create(open_).name
        with pytest.raises(InvalidArgumentError) as caught:
            viva.answers.submit(answers.Answer(question_id="problem", media_uri="https://other.example/a"), interview)
    assert caught.value.reason == "URI_NOT_ALLOWED"
    assert len(caught.value.message) < MESSAGE_CHARS


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Content-Type: application/x-www-form-urlencoded; charset=bogus",), b"statement=abc"),
        (("Content-Type: application/x-www-form-urlencoded; charset=zip",), b"statement=abc"),
        (("Content-Type: application/x-www-form-urlencoded", "Content-Encoding: gzip"), b"statement=abc"),
        (("Content-Type: application/x-www-form-urlencoded",), b"statement=%00"),
        (("Content-Type: application/x-www-form-urlencoded",), b"question=../x&statement=abc"),
        (("Content-Type: application/json",), b"{}"),
    ],
)
def test_a_form_that_no_browser_sends_is_refused(own: estate.Estate, headers: tuple[str, ...], body: bytes) -> None:
    line = f"POST {_path(own)}/contest HTTP/1.1"
    assert _status(own, "\r\n".join((line, *headers, f"Content-Length: {len(body)}")), body) == 400


def test_a_form_is_not_read_beyond_its_limit(own: estate.Estate) -> None:
    head = f"POST {_path(own)}/contest HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    assert _status(own, f"{head}Content-Length: 1000000000", b"a" * 100_000) == 413


def test_a_link_that_was_tampered_with_leads_nowhere(own: estate.Estate) -> None:
    body, _, signature = _path(own).removeprefix("/r/").partition(".")
    swapped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for path in (
        f"{body}.{swapped}",
        body,
        f"{body}.",
        f"A{body}.{signature}",
        "%ff.%fe",
        "../../etc/passwd",
        "%2e%2e",
    ):
        assert _status(own, f"GET /r/{path} HTTP/1.1") == 404, path
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"):
        assert _status(own, f"{method} {_path(own)} HTTP/1.1") == 405, method
    assert _status(own, f"GET {_path(own)}? X: y HTTP/1.1") == 400  # a line that cannot be read
    assert _status(own, f"GET {_path(own)} HTTP/1.1") == 200


def test_what_a_candidate_says_is_text_and_never_markup_of_a_page(stack: Stack) -> None:
    script = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    own = estate.build(
        stack.address, f"markup-{uuid.uuid4().hex[:12]}", words=f"I led it. {script} {texts.LEADER}", statement=script
    )
    with VivaClient(stack.address, api_key=own.key) as viva:
        viva.reports.submit_satisfaction(reports.Satisfaction(rating=3, comment=script), own.interview)
        said = reports.Decision(outcome=reports.Decision.OUTCOME_HOLD, reason=script, decider=script, report=own.report)
        viva.reports.create_decision(said, own.interview)
        for link in (own.link, viva.reports.create_link(own.report).uri):
            with urllib.request.urlopen(link, timeout=CALL_S) as response:
                page = response.read().decode()
                assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert "&lt;script&gt;" in page
            assert "<script" not in page
            assert "<img" not in page


@pytest.mark.parametrize("name", estate.requests_of(estate.NOBODY))
def test_broken_input_is_refused_by_its_field_and_breaks_nothing(
    channel: grpc.Channel, own: estate.Estate, name: str
) -> None:
    broken = list(cases(own, name))
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        faults = list(pool.map(lambda case: fault(channel, own.key, case), broken))
    shown = [f"{case.what}: {found}" for case, found in zip(broken, faults, strict=True) if found]
    assert not shown, f"{len(shown)} of {len(broken)}\n" + "\n".join(shown[:60])


def test_nothing_that_was_sent_is_in_a_log_afterwards(stack: Stack, own: estate.Estate) -> None:
    folder, checked = stack.data_dir / "logs", 0
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(errors="replace")
            checked += 1
            assert WORDS.split()[0] not in text, path
            assert own.key not in text, path
            assert own.link.rpartition("/")[2] not in text, path
    assert checked > 2


def _path(own: estate.Estate) -> str:
    return urlsplit(own.link).path


def _status(own: estate.Estate, head: str, body: bytes = b"") -> int:
    """Status of a request to the server of the pages, as it is written here."""
    link = urlsplit(own.link)
    with socket.create_connection((link.hostname or "", link.port or 0), timeout=CALL_S) as connection:
        connection.sendall(f"{head}\r\nHost: {link.netloc}\r\nConnection: close\r\n\r\n".encode() + body)
        return int(connection.recv(4096).split()[1])


def cases(own: estate.Estate, name: str) -> Iterator[Case]:
    """Every broken request of a call: its valid one with one field broken at a time."""
    valid = estate.requests_of(own)[name]
    messages = valid if isinstance(valid, list) else [valid]
    for index, message in enumerate(messages):
        before, after = messages[:index], messages[index + 1 :]
        for what, broken in mutations(message):
            yield Case(name, what, (*before, broken, *after))
        yield Case(name, f"message {index} is empty", (*before, type(message)(), *after))
        for raw in BYTES:
            yield Case(name, f"message {index} is {raw[:4]!r}", (*before, raw, *after))
    if isinstance(valid, list):
        yield Case(name, "no message", ())
        yield Case(name, "parts in another order", tuple(reversed(messages)))


def mutations(message: Message) -> Iterator[tuple[str, Message]]:
    """Copies of a message that each have one field broken, at any depth."""
    for path, field in _fields(message.DESCRIPTOR, ()):
        for how, value in _broken(field):
            made = type(message)()
            made.CopyFrom(message)
            _set(made, path, value)
            yield f"{'.'.join(path)} is {how}", made


def fault(channel: grpc.Channel, key: str, case: Case) -> str:
    """What is wrong with the answer to a broken request, empty when nothing is."""
    method = estate.METHODS[case.name]
    request: Any = iter(case.sent) if method.client_streaming else case.sent[0]
    timeout_s = WATCH_S if method.server_streaming else CALL_S
    try:
        found = estate.call(channel, case.name)(request, metadata=estate.bearer(key), timeout=timeout_s)
        if method.server_streaming:
            next(found)
            found.cancel()
    except grpc.RpcError as error:
        return _fault_of(error, case, quiet=method.server_streaming)
    return ""


def _fault_of(error: Any, case: Case, *, quiet: bool) -> str:
    code, text = error.code(), error.details() or ""
    if quiet and code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return ""
    status = rpc_status.from_call(error)
    if code not in REFUSALS or status is None:
        return f"{code.name}: {text[:200]}"
    found: dict[str, Any] = {}
    for detail in status.details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest):
            if detail.Is(kind.DESCRIPTOR):
                found[kind.DESCRIPTOR.name] = unpacked = kind()
                detail.Unpack(unpacked)
    info = found.get("ErrorInfo")
    readable = not any(isinstance(one, bytes) for one in case.sent)
    if info is None or info.reason not in Reason.__members__ or info.domain != "viva.dev":
        return f"{code.name} without a reason: {text[:200]}"
    if code is grpc.StatusCode.INVALID_ARGUMENT and "BadRequest" not in found and readable:
        return f"{code.name} names no field: {text[:200]}"
    if len(text) > MESSAGE_CHARS or WORDS * (QUOTED_CHARS // len(WORDS) + 1) in text:
        return f"says too much: {text[:200]}"
    return ""


def _fields(descriptor: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], FieldDescriptor]]:
    for field in descriptor.fields:
        here = (*path, field.name)
        yield here, field
        nested = field.message_type
        if nested is None or nested.full_name.startswith("google.protobuf.") or len(here) == DEPTH:
            continue
        if not nested.GetOptions().map_entry:
            yield from _fields(nested, here)


def _broken(field: FieldDescriptor) -> Iterator[tuple[str, Any]]:
    """How a field can be broken, and the value that `_set` takes."""
    nested = field.message_type
    if nested is not None and nested.full_name == "google.protobuf.Timestamp":
        yield from ((f"the time {time}", {"seconds": time[0], "nanos": time[1]}) for time in TIMES)
    elif nested is not None and nested.full_name == "google.protobuf.Duration":
        yield from ((f"the duration {one}", {"seconds": one}) for one in (-1, 2**63 - 1, -(2**63)))
    elif nested is not None and nested.full_name == "google.protobuf.FieldMask":
        masks = ("", "name", "*", "create_time", "a.b", WORDS * 99)
        yield from ((f"the mask {one[:20]!r}", {"paths": [one]}) for one in masks)
        yield "a mask of a thousand", {"paths": ["display_name"] * 1_000}
    elif nested is not None and nested.GetOptions().map_entry:
        yield "of odd keys", {"": math.nan, "\0": 1.0, WORDS * 1_000: math.inf}
    elif nested is not None:
        yield "absent", None
        if field.is_repeated:
            yield "repeated 2,000 times", 2_000
    else:
        for value in _scalars(field):
            shown = repr(value)[:40]
            yield f"{shown} ({len(repr(value))})", [value] if field.is_repeated else value
        if field.is_repeated:
            yield "repeated 20,000 times", [_scalars(field)[0]] * 20_000


def _scalars(field: FieldDescriptor) -> tuple[Any, ...]:
    if field.type == FieldDescriptor.TYPE_STRING:
        return (*STRINGS, *INJECTIONS.get(field.name, ()), *((HUGE,) if field.name in HUGE_FIELDS else ()))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"", b"\0" * 2_000_000
    if field.type == FieldDescriptor.TYPE_BOOL:
        return (True,)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return 99, -1
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return DOUBLES
    if field.type == FieldDescriptor.TYPE_INT64:
        return -1, 2**63 - 1, -(2**63)
    return -1, 1_001, 2**31 - 1, -(2**31)


def _set(message: Any, path: tuple[str, ...], value: Any) -> None:
    *above, last = path
    for name in above:
        message = getattr(message, name)
        if hasattr(message, "add"):
            message = message[0] if message else message.add()
    field = message.DESCRIPTOR.fields_by_name[last]
    if value is None:
        message.ClearField(last)
    elif field.message_type is None:
        message.ClearField(last)
        if field.is_repeated:
            getattr(message, last).extend(value)
        else:
            setattr(message, last, value)
    elif isinstance(value, int):
        entries = getattr(message, last)
        one = entries[0] if entries else entries.add()
        entries.extend([one] * (value - 1))
    elif field.message_type.GetOptions().map_entry:
        getattr(message, last).update(value)
    elif field.is_repeated:
        getattr(message, last).add(**value)
    else:
        getattr(message, last).CopyFrom(type(getattr(message, last))(**value))

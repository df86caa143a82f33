"""What a peer answers becomes a reply of the harness."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest
import pytest_asyncio
from aiohttp import web

from benchmarks.harness.core import BenchError, Modality, Outcome, Request, Sample, TargetDown
from benchmarks.peers import environments
from benchmarks.peers.target import PeerTarget, Wire


class Peer:
    """Answers with what it is told to, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answer: Callable[[], web.Response] = lambda: web.json_response({"assessment": {"language": "en"}})
        self.got: dict[str, Any] = {}

    async def handle(self, request: web.Request) -> web.Response:
        if request.content_type == "application/msgpack":
            self.got = msgpack.unpackb(await request.read())
        elif request.method == "POST":
            form = await request.post()
            self.got = {"options": json.loads(str(form["options"]))}
            if "media" in form:
                self.got["media"] = form["media"].file.read()  # type: ignore[union-attr]
        return self.answer()  # a new one for each request


@pytest_asyncio.fixture
async def served() -> AsyncIterator[tuple[Peer, str]]:
    peer, app = Peer(), web.Application()
    app.router.add_route("*", "/", peer.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield peer, f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def reply_of(url: str, sample: Sample, wire: Wire = "multipart", deadline_s: float = 10.0) -> Any:
    target = PeerTarget("peer", url, wire)
    await target.open()
    try:
        return await target.send(Request(sample, 0.0, deadline_s))
    finally:
        await target.close()


TEXT = Sample("a", Modality.TEXT, "zh", "为什么？", ("teamwork",), text="我先问。")


@pytest.mark.parametrize("wire", ["multipart", "msgpack"])
async def test_media_and_options_arrive_as_they_are(served: tuple[Peer, str], wire: Wire, tmp_path: Path) -> None:
    peer, url = served
    file = tmp_path / "a.mp4"
    file.write_bytes(b"\0\xff" * 10)
    if wire == "msgpack":
        peer.answer = lambda: web.Response(body=msgpack.packb({"assessment": {"language": "en"}}))
    reply = await reply_of(url, Sample("v", Modality.VIDEO, "en", "Why?", path=file, duration_s=1.0), wire)
    assert reply.outcome is Outcome.OK and reply.assessment == {"language": "en"}
    options = {"question": "Why?", "language": "en", "competencies": [], "kind": "video"}
    assert peer.got == {"options": options, "media": b"\0\xff" * 10}


async def test_a_text_has_no_media(served: tuple[Peer, str]) -> None:
    peer, url = served
    await reply_of(url, TEXT)
    assert peer.got == {
        "options": {"question": "为什么？", "language": "zh", "competencies": ["teamwork"], "text": "我先问。"}
    }


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "retry_after_s"),
    [
        (429, {"Retry-After": "2"}, Outcome.REFUSED, 2.0),
        (503, {}, Outcome.REFUSED, None),
        (504, {}, Outcome.EXPIRED, None),
        (500, {}, Outcome.FAILED, None),
    ],
)
async def test_statuses_are_told_apart(
    served: tuple[Peer, str], status: int, headers: dict[str, str], outcome: Outcome, retry_after_s: float | None
) -> None:
    peer, url = served
    peer.answer = lambda: web.Response(status=status, headers=headers, text="no\nroom")
    reply = await reply_of(url, TEXT)
    assert (reply.outcome, reply.code, reply.detail) == (outcome, f"HTTP {status}", "no room")
    assert reply.retry_after_s == retry_after_s


async def test_an_error_of_the_pipeline_is_a_failure_with_its_reason(served: tuple[Peer, str]) -> None:
    peer, url = served
    peer.answer = lambda: web.json_response({"error": {"reason": "TEXT_EMPTY", "message": "text holds no letter"}})
    reply = await reply_of(url, TEXT)
    assert (reply.outcome, reply.code, reply.detail) == (Outcome.FAILED, "TEXT_EMPTY", "text holds no letter")


async def test_nobody_there_is_a_target_that_is_down() -> None:
    with pytest.raises(TargetDown, match="peer: nothing answers at"):
        await PeerTarget("peer", "http://127.0.0.1:1/", "multipart").open()


def test_a_peer_without_its_environment_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    with pytest.raises(BenchError, match="litserve is not installed; run `make peers`"):
        environments.python_of("litserve")


def test_changed_requirements_make_an_environment_stale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    (tmp_path / "mosec").mkdir()
    (tmp_path / "mosec" / "installed").write_text(environments._wanted("mosec"))
    assert environments.python_of("mosec") == tmp_path / "mosec" / "bin" / "python"
    (tmp_path / "mosec" / "installed").write_text("of other pins")
    with pytest.raises(BenchError, match="mosec is not installed"):
        environments.python_of("mosec")

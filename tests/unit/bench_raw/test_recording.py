"""Recorded model calls keep which of them waited for which."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.peers.bare_triton.replay import BareClient
from deployments.parity.recording import ModelCall, Recorder


class Server:
    """Answers a call when it is told to."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def infer(self, model: str, inputs: Mapping[str, Any], **_: object) -> dict[str, Any]:
        self.sent.append(model)
        await self.gates.setdefault(model, asyncio.Event()).wait()
        return {}


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_call_is_after_those_that_had_ended_and_beside_those_that_had_not() -> None:
    server = Server()
    recorder = Recorder(server)  # type: ignore[arg-type]
    x = {"x": np.zeros(1)}
    side = [asyncio.create_task(recorder.infer(name, x, timeout_s=1)) for name in ("encoder", "tagger")]
    await settled()
    server.gates["encoder"].set()
    await side[0]
    last = asyncio.create_task(recorder.infer("scorer", x, timeout_s=1))
    await settled()
    server.gates["tagger"].set()
    server.gates["scorer"].set()
    await asyncio.gather(*side, last)
    calls = recorder.take()
    assert [(call.model, call.after) for call in calls] == [
        ("encoder", frozenset()),
        ("tagger", frozenset()),
        ("scorer", frozenset({0})),
    ]
    assert recorder.take() == ()


async def test_replay_sends_each_call_once_those_before_it_are_back() -> None:
    client, gates, sent = BareClient("127.0.0.1:1"), {name: asyncio.Event() for name in "abc"}, []

    async def call(one: ModelCall) -> None:
        sent.append(one.model)
        await gates[one.model].wait()

    client._send = call  # type: ignore[method-assign]
    calls = [ModelCall("a", {}, frozenset()), ModelCall("b", {}, frozenset()), ModelCall("c", {}, frozenset({0}))]
    replay = asyncio.create_task(client.replay(calls))
    await settled()
    assert sent == ["a", "b"]
    gates["a"].set()
    await settled()
    assert sent == ["a", "b", "c"]
    for gate in gates.values():
        gate.set()
    await replay
    await client.close()

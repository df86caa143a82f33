"""Answers that nobody waits for let others pass, and come to their end all the same."""

from __future__ import annotations

import asyncio
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from serving.adapters.node_sign import NodeSign
from serving.pipeline.precedence import Precedence, let_pass


class Elsewhere:
    """A sign of another process."""

    up = False

    def show(self, busy: bool) -> None:
        pass

    def shown_elsewhere(self) -> bool:
        return self.up


async def bulk(precedence: Precedence, done: list[str], calls: int = 3) -> None:
    with precedence.yielding():
        for n in range(calls):
            await asyncio.create_task(let_pass())  # as the pipeline's tasks do
            done.append(f"bulk{n}")


async def test_a_bulk_answer_waits_before_each_model_call_for_what_somebody_waits_for() -> None:
    precedence, done = Precedence(Elsewhere(), 60.0), []
    with precedence.first(), precedence.first():
        task = asyncio.create_task(bulk(precedence, done))
        for _ in range(10):
            await asyncio.sleep(0)
        await let_pass()  # of the answer that goes first
        done.append("call")
        assert done == ["call"]
    await task
    assert done == ["call", "bulk0", "bulk1", "bulk2"]


async def test_it_waits_for_another_process_of_the_node_too() -> None:
    sign, done = Elsewhere(), []
    precedence = Precedence(sign, 60.0)
    sign.up = True
    task = asyncio.create_task(bulk(precedence, done))
    await asyncio.sleep(0.05)
    assert done == []
    sign.up = False
    await task
    assert len(done) == 3


async def test_its_patience_is_of_the_whole_answer() -> None:
    precedence, done = Precedence(Elsewhere(), 0.05), []
    with precedence.first():
        await bulk(precedence, done, calls=50)  # returns, although somebody waits all the time
    assert len(done) == 50


async def test_without_patience_nobody_stands_back() -> None:
    precedence, done = Precedence(Elsewhere(), 0.0), []
    with precedence.first():
        task = asyncio.create_task(bulk(precedence, done))
        for _ in range(20):
            await asyncio.sleep(0)
        assert task.done()


def _other(folder: str, connection: Connection) -> None:
    sign = NodeSign(Path(folder))
    for asked in iter(connection.recv, "end"):
        if asked == "look":
            connection.send(sign.shown_elsewhere())
        else:
            sign.show(asked == "show")
            connection.send(None)


def test_processes_of_a_node_see_each_others_sign_and_a_dead_one_shows_none(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    other = context.Process(target=_other, args=(str(tmp_path), theirs))
    other.start()
    try:

        def ask(what: str) -> object:
            ours.send(what)
            assert ours.poll(30)
            return ours.recv()

        sign = NodeSign(tmp_path)
        assert (ask("look"), sign.shown_elsewhere()) == (False, False)
        sign.show(True)
        assert (ask("look"), sign.shown_elsewhere()) == (True, False)  # our own is not another's
        sign.show(False)
        ask("show")
        assert (ask("look"), sign.shown_elsewhere()) == (False, True)
        other.kill()
        other.join()
        assert not sign.shown_elsewhere()
        sign.close()
    finally:
        other.kill()
        other.join()
        other.close()
        ours.close()
        theirs.close()

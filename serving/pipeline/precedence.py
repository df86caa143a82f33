"""Who goes first at the model server: an answer that nobody waits for lets those pass that somebody waits for.

Order is made here, one model call at a time, because the model server knows none: requests of one model queue up in
order of arrival, and a long video's would be in front of a short call's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

_LOOK_S: Final = 0.02  # how soon work goes on after the last call of another process; of this one at once

_YIELDING: Final[ContextVar[Yielding | None]] = ContextVar("yielding", default=None)


class Sign(Protocol):
    """Tells the other processes of a node that somebody waits for this one. Costs microseconds."""

    def show(self, busy: bool) -> None:
        """Somebody waits for this process, or nobody any more."""
        ...

    def shown_elsewhere(self) -> bool:
        """Whether somebody waits for another process."""
        ...


class Precedence:
    """Counts the answers of this process that somebody waits for.

    Args:
        sign: of the node.
        patience_s: longest time that one answer stands back in all, so that each comes to its end; 0 for never.
    """

    def __init__(self, sign: Sign, patience_s: float) -> None:
        self._sign = sign
        self._patience_s = patience_s
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def first(self) -> Iterator[None]:
        """Inside, an answer is scored that somebody waits for."""
        self._count += 1
        if self._count == 1:
            self._none.clear()
            self._sign.show(True)
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._none.set()
                self._sign.show(False)

    @contextmanager
    def yielding(self) -> Iterator[Yielding]:
        """Inside, model calls of this task and of those it makes let those of others pass."""
        yielding = Yielding(self, self._patience_s)
        token = _YIELDING.set(yielding)
        try:
            yield yielding
        finally:
            _YIELDING.reset(token)

    def busy(self) -> bool:
        """Whether somebody waits for an answer of this node."""
        return self._count > 0 or self._sign.shown_elsewhere()

    async def quiet(self, timeout_s: float) -> None:
        """Return when nobody waits for an answer of this node, or after `timeout_s`."""
        end = time.monotonic() + timeout_s
        while self.busy() and (left := end - time.monotonic()) > 0:
            if self._count:
                try:
                    await asyncio.wait_for(self._none.wait(), left)
                except TimeoutError:
                    return
            else:
                await asyncio.sleep(min(_LOOK_S, left))


class Yielding:
    """One answer that stands back.

    Attributes:
        stood_back_s: for how long, so far.
    """

    def __init__(self, precedence: Precedence, patience_s: float) -> None:
        self._precedence = precedence
        self._patience_s = patience_s
        self.stood_back_s = 0.0

    async def let_pass(self) -> None:
        if self.stood_back_s >= self._patience_s or not self._precedence.busy():
            return
        started = time.monotonic()
        try:
            await self._precedence.quiet(self._patience_s - self.stood_back_s)
        finally:
            self.stood_back_s += time.monotonic() - started


async def let_pass() -> None:
    """Called before each model call; waits only where its answer is one that stands back."""
    if yielding := _YIELDING.get():
        await yielding.let_pass()

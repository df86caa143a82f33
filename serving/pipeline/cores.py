"""As many steps at a time as there are cores, and no more.

Steps that take turns on a core cost each other time, since their data leave its caches: on a busy machine a tenth of
the CPU time (docs/performance.md). So more answers may be on their way than there are cores, but each of their steps
that takes long (a batch of pictures decoded, a model's run over sound or pictures) holds a core while it computes.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Final, TypeAlias

Core: TypeAlias = AbstractAsyncContextManager[Any]
"""Held by a step while it computes: an `asyncio.Semaphore` of the process's cores. Holders take no second one."""

ANY_CORE: Final[Core] = nullcontext()
"""For who leaves it to the operating system, and for what computes elsewhere."""


def another_is_free(core: Core) -> bool:
    """Whether somebody else could hold one at once, as far as is known."""
    return isinstance(core, asyncio.Semaphore) and not core.locked()

import asyncio
from typing import Any

import numpy as np
import pytest

from serving.adapters.triton.arena import Region, ShmArena, size_class
from serving.adapters.triton.shm import SHM_DIR, owner_prefix

_MIB = 1024 * 1024


class Registry:
    """Remembers what is registered, as the server would."""

    def __init__(self, error: Exception | None = None) -> None:
        self.regions: dict[str, int] = {}
        self.named_at_registration: list[bool] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error = error
        self.late = False

    async def register_system_shared_memory(self, name: str, key: str, byte_size: int, **_: Any) -> None:
        await self.gate.wait()
        if self.error:
            raise self.error
        self.named_at_registration.append((SHM_DIR / key.lstrip("/")).exists())
        self.regions[name] = byte_size
        if self.late:
            raise TimeoutError("mapped, but after the client had left")

    async def unregister_system_shared_memory(self, name: str, **_: Any) -> None:
        self.regions.pop(name, None)


async def _borrow(arena: ShmArena, byte_size: int) -> Region:
    region = await arena.borrow(byte_size)
    assert region is not None
    return region


async def test_a_region_is_registered_once_and_used_again() -> None:
    registry = Registry()
    arena = ShmArena(registry, limit_bytes=8 * _MIB)
    first = await _borrow(arena, _MIB)
    arena.give_back(first, answered=True)
    assert await _borrow(arena, _MIB - 5000) is first
    assert list(registry.regions.values()) == [_MIB]


async def test_a_lent_region_is_not_lent_again() -> None:
    arena = ShmArena(Registry(), limit_bytes=8 * _MIB)
    assert (await _borrow(arena, _MIB)).name != (await _borrow(arena, _MIB)).name


async def test_no_name_stays_in_dev_shm_once_the_server_has_mapped_it() -> None:
    registry = Registry()
    await _borrow(ShmArena(registry, limit_bytes=8 * _MIB), _MIB)
    assert registry.named_at_registration == [True]
    assert not list(SHM_DIR.glob(f"{owner_prefix()}*"))


async def test_the_total_is_bounded_and_idle_regions_make_room() -> None:
    registry = Registry()
    arena = ShmArena(registry, limit_bytes=2 * _MIB)
    small = [await _borrow(arena, _MIB) for _ in range(2)]
    assert await arena.borrow(_MIB) is None
    for region in small:
        arena.give_back(region, answered=True)
    assert await arena.borrow(2 * _MIB) is not None
    assert arena.reserved_bytes == 2 * _MIB
    assert list(registry.regions.values()) == [2 * _MIB]


async def test_a_region_that_the_server_may_still_read_is_never_unregistered() -> None:
    registry = Registry()
    arena = ShmArena(registry, limit_bytes=2 * _MIB)
    given_up = await _borrow(arena, 2 * _MIB)
    arena.give_back(given_up, answered=False)
    assert await arena.borrow(_MIB) is None  # it does not make room ...
    assert await arena.borrow(2 * _MIB) is given_up  # ... but serves again
    arena.give_back(given_up, answered=True)
    await arena.close()
    assert given_up.name in registry.regions


async def test_closing_frees_what_is_not_lent_and_the_rest_when_it_comes_back() -> None:
    registry = Registry()
    arena = ShmArena(registry, limit_bytes=8 * _MIB)
    lent, free = await _borrow(arena, _MIB), await _borrow(arena, _MIB)
    arena.give_back(free, answered=True)
    await arena.close()
    assert list(registry.regions) == [lent.name]
    assert free.memory.closed and not lent.memory.closed
    arena.give_back(lent, answered=True)
    assert lent.memory.closed
    assert await arena.borrow(_MIB) is None


async def test_a_server_that_never_maps_is_soon_not_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    arena = ShmArena(Registry(RuntimeError("no such region")), limit_bytes=8 * _MIB)
    for _ in range(6):
        assert await arena.borrow(_MIB) is None
    assert len(caplog.records) == 3
    assert arena.reserved_bytes == 0


async def test_a_server_that_is_late_however_often_is_asked_again() -> None:
    registry = Registry(TimeoutError("busy"))
    arena = ShmArena(registry, limit_bytes=8 * _MIB)
    for _ in range(6):
        assert await arena.borrow(_MIB) is None
    registry.error = None
    assert await arena.borrow(_MIB) is not None


async def test_a_region_that_was_mapped_too_late_is_unmapped() -> None:
    registry = Registry()
    arena = ShmArena(registry, limit_bytes=8 * _MIB)
    registry.late = True
    assert await arena.borrow(_MIB) is None
    assert registry.regions == {}


async def test_a_registration_whose_caller_was_cancelled_serves_the_next_one() -> None:
    registry = Registry()
    arena = ShmArena(registry, limit_bytes=_MIB)
    registry.gate.clear()
    call = asyncio.create_task(arena.borrow(_MIB))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    registry.gate.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await _borrow(arena, _MIB)
    assert len(registry.regions) == 1


async def test_arrays_of_any_layout_are_written_in_c_order() -> None:
    arena = ShmArena(Registry(), limit_bytes=8 * _MIB)
    region = await _borrow(arena, 24)
    array = np.arange(12, dtype=np.int16).reshape(3, 4).T
    region.write(array)
    assert bytes(region.memory[: array.nbytes]) == array.tobytes()
    region.memory.close()  # no view of it is left


@pytest.mark.parametrize(("byte_size", "expected"), [(1, 256 * 1024), (256 * 1024 + 1, 512 * 1024), (_MIB, _MIB)])
def test_size_classes_are_powers_of_two(byte_size: int, expected: int) -> None:
    assert size_class(byte_size) == expected

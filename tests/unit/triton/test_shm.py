import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from serving.adapters.triton.shm import (
    SHM_DIR,
    create_region,
    owner_is_alive,
    owner_prefix,
    sweep,
    sweep_stale,
    unlink_region,
)


@pytest.fixture
def prefix() -> Iterator[str]:
    """Names that no other test or process uses."""
    unique = f"vivatest{uuid.uuid4().hex}_"
    yield unique
    sweep(unique)


def _prefix_of_a_dead_process(prefix: str) -> str:
    code = f"from serving.adapters.triton.shm import owner_prefix; print(owner_prefix({prefix!r}))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_regions_of_a_dead_owner_are_swept_and_those_of_a_living_one_stay(prefix: str) -> None:
    dead, living = f"{_prefix_of_a_dead_process(prefix)}a", f"{owner_prefix(prefix)}a"
    for name in (dead, living):
        create_region(name, 4096).close()
    assert sweep_stale(prefix) == 1
    assert not (SHM_DIR / dead).exists()
    assert (SHM_DIR / living).exists()


def test_a_new_process_under_an_old_id_is_not_the_owner(prefix: str) -> None:
    assert owner_is_alive(f"{owner_prefix(prefix)}a", prefix)
    assert not owner_is_alive(f"{prefix}{os.getpid()}_1_a", prefix)


def test_names_that_tell_no_owner_are_left_alone(prefix: str) -> None:
    create_region(f"{prefix}plain", 4096).close()
    assert sweep_stale(prefix) == 0
    assert sweep(prefix) == 1


def test_a_region_outlives_its_name(prefix: str) -> None:
    memory = create_region(f"{prefix}a", 4096)
    unlink_region(f"{prefix}a")
    unlink_region(f"{prefix}a")
    memory[:4] = b"viva"
    assert memory[:4] == b"viva"
    memory.close()


def test_a_full_dev_shm_is_an_error_at_once_and_leaves_nothing(prefix: str) -> None:
    with pytest.raises(OSError):
        create_region(f"{prefix}huge", 1 << 60)
    assert not list(SHM_DIR.glob(f"{prefix}*"))

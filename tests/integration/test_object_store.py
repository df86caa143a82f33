"""A folder, and S3 as moto serves it, behind one interface."""

import asyncio
import hashlib
import os
import select
import socket
import stat
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from serving.adapters.objects.opening import S3Options, open_store
from serving.domain.errors import NotAllowedNow, NotFound, Overloaded, Reason, StoreUnavailable
from serving.records.objects import ObjectStore, StorageClasses, media_key

_BUCKET = "media"
_LARGE_BYTES = 12_000_000  # more than one part
_KEY = media_key("acme", "ab" * 32)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Endpoint of a server with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{_BUCKET}", method="PUT")).close()
    yield endpoint
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return open_store(f"file://{tmp_path}/objects")
    return open_store(f"s3://{_BUCKET}/{uuid.uuid4().hex}/kept", _options(request.getfixturevalue("s3")))


def _options(endpoint: str) -> S3Options:
    return S3Options(endpoint, "us-east-1", "test-id", "test-secret")


def _file(path: Path, size: int = 1000) -> Path:
    path.write_bytes(os.urandom(size))
    return path


async def test_what_was_put_is_fetched(store: ObjectStore, tmp_path: Path) -> None:
    source, copy = _file(tmp_path / "source"), tmp_path / "copy"
    await store.put_file(_KEY, source)
    await store.fetch_to(_KEY, copy)
    assert copy.read_bytes() == source.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert await store.exists(_KEY) == 1000


async def test_a_large_file_travels_in_parts(store: ObjectStore, tmp_path: Path) -> None:
    source, copy = _file(tmp_path / "source", _LARGE_BYTES), tmp_path / "copy"
    await store.put_file(_KEY, source)
    await store.fetch_to(_KEY, copy)
    assert hashlib.sha256(copy.read_bytes()).digest() == hashlib.sha256(source.read_bytes()).digest()
    assert await store.exists(_KEY) == _LARGE_BYTES


async def test_an_s3_object_was_put_in_parts(s3: str, tmp_path: Path) -> None:
    await open_store(f"s3://{_BUCKET}/parts", _options(s3)).put_file(_KEY, _file(tmp_path / "source", _LARGE_BYTES))
    request = urllib.request.Request(f"{s3}/{_BUCKET}/parts/{_KEY}", method="HEAD")
    with await asyncio.to_thread(urllib.request.urlopen, request) as response:
        assert response.headers["ETag"].strip('"').endswith("-2")  # S3 counts the parts there


async def test_an_empty_file_is_kept(store: ObjectStore, tmp_path: Path) -> None:
    await store.put_file(_KEY, _file(tmp_path / "source", 0))
    await store.fetch_to(_KEY, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""
    assert await store.exists(_KEY) == 0


async def test_putting_again_changes_nothing_or_replaces_all(store: ObjectStore, tmp_path: Path) -> None:
    first, second, copy = _file(tmp_path / "a", 5000), _file(tmp_path / "b", 70), tmp_path / "copy"
    for source in (first, first, second):
        await store.put_file(_KEY, source)
        await store.fetch_to(_KEY, copy)
        assert copy.read_bytes() == source.read_bytes()
    assert [key async for key in store.list("")] == [_KEY]


async def test_a_reader_never_sees_half_an_object(store: ObjectStore, tmp_path: Path) -> None:
    small, large, copy = _file(tmp_path / "small"), _file(tmp_path / "large", _LARGE_BYTES), tmp_path / "copy"
    await store.put_file(_KEY, small)
    putting = asyncio.create_task(store.put_file(_KEY, large))
    seen = set()
    while not putting.done():
        await store.fetch_to(_KEY, copy)
        seen.add(hashlib.sha256(copy.read_bytes()).digest())
    await putting
    assert seen <= {hashlib.sha256(file.read_bytes()).digest() for file in (small, large)}
    assert await store.exists(_KEY) == _LARGE_BYTES


async def test_a_missing_key_is_not_found(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await store.fetch_to(_KEY, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert await store.exists(_KEY) is None


async def test_a_folder_of_keys_is_not_a_key(store: ObjectStore, tmp_path: Path) -> None:
    await store.put_file(_KEY, _file(tmp_path / "source"))
    assert await store.exists("tenants/acme") is None


async def test_deleting_twice_tells_what_there_was(store: ObjectStore, tmp_path: Path) -> None:
    await store.put_file(_KEY, _file(tmp_path / "source"))
    assert await store.delete(_KEY)
    assert not await store.delete(_KEY)
    assert await store.exists(_KEY) is None


async def test_a_list_holds_what_is_below_a_folder(store: ObjectStore, tmp_path: Path) -> None:
    source = _file(tmp_path / "source")
    keys = {media_key(tenant, digit * 64) for tenant in ("acme", "acme-two") for digit in "0123"}
    for key in keys:
        await store.put_file(key, source)
    assert {key async for key in store.list("tenants/acme")} == {key for key in keys if key.startswith("tenants/acme/")}
    assert {key async for key in store.list("")} == keys
    assert [key async for key in store.list("tenants/nobody")] == []


async def test_a_missing_source_is_the_callers_and_nothing_is_kept(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await store.put_file(_KEY, tmp_path / "missing")
    assert [key async for key in store.list("")] == []


async def test_a_full_disk_is_an_overload(store: ObjectStore, tmp_path: Path) -> None:
    await store.put_file(_KEY, _file(tmp_path / "source"))
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with pytest.raises(Overloaded) as refused:
        await store.fetch_to(_KEY, full)
    assert refused.value.retry_after_s
    assert not full.is_symlink()  # nothing of it is left


def test_a_full_folder_is_an_overload_and_keeps_what_it_has(tmp_path: Path) -> None:
    """In a mount namespace of its own: a file system of 256 KiB."""
    objects, small, large = tmp_path / "objects", _file(tmp_path / "small"), _file(tmp_path / "large", 1_000_000)
    objects.mkdir()
    script = f"""
import asyncio
from pathlib import Path
from serving.adapters.objects.opening import open_store
from serving.domain.errors import Overloaded

async def main():
    store = open_store({str(objects)!r})
    await store.put_file("a", Path({str(small)!r}))
    try:
        await store.put_file("a", Path({str(large)!r}))
    except Overloaded as error:
        assert error.retry_after_s
    else:
        raise AssertionError("it found room")
    assert await store.exists("a") == 1000
    await store.put_file("b", Path({str(small)!r}))  # nothing of the failure takes room

asyncio.run(main())
"""
    mounted = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=256k tmpfs {objects}"
    if subprocess.run([*mounted, mount], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
    subprocess.run(
        [*mounted, f'{mount} && exec "$0" -c "$1"', sys.executable, script], check=True, cwd=Path(__file__).parents[2]
    )


async def test_a_fetch_that_is_cancelled_leaves_no_file(store: ObjectStore, tmp_path: Path) -> None:
    await store.put_file(_KEY, _file(tmp_path / "source", _LARGE_BYTES))
    copy = tmp_path / "copy"
    os.mkfifo(copy)  # takes no more than is read from it
    reader = os.open(copy, os.O_RDONLY | os.O_NONBLOCK)
    fetching = asyncio.create_task(store.fetch_to(_KEY, copy))
    while not select.select([reader], [], [], 0)[0]:
        await asyncio.sleep(0.01)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    os.set_blocking(reader, True)
    with os.fdopen(reader, "rb") as file:
        assert len(await asyncio.to_thread(file.read)) < _LARGE_BYTES
    async with asyncio.timeout(10):
        while copy.exists():
            await asyncio.sleep(0.01)


async def test_a_store_that_is_away_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        store = open_store(f"s3://{_BUCKET}/x", _options(f"http://127.0.0.1:{unused.getsockname()[1]}"))
        source = _file(tmp_path / "source")
        for call in (
            store.put_file(_KEY, source),
            store.fetch_to(_KEY, tmp_path / "copy"),
            store.delete(_KEY),
            store.exists(_KEY),
            anext(aiter(store.list(""))),
        ):
            with pytest.raises(StoreUnavailable) as refused:
                await call
            assert refused.value.retry_after_s
            assert "127.0.0.1" not in refused.value.message
    assert not (tmp_path / "copy").exists()


async def test_a_bucket_that_does_not_exist_is_unavailable_to_who_puts(s3: str, tmp_path: Path) -> None:
    store = open_store("s3://nobody-made-it", _options(s3))
    with pytest.raises(StoreUnavailable):
        await store.put_file(_KEY, _file(tmp_path / "source"))
    with pytest.raises(StoreUnavailable):
        await anext(aiter(store.list("")))


async def test_a_folder_that_went_away_is_unavailable(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "objects"))
    (tmp_path / "objects").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable):
        await store.put_file(_KEY, _file(tmp_path / "source"))


async def test_files_and_folders_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store(str(tmp_path / "objects"))
        await store.put_file(_KEY, _file(tmp_path / "source"))
    finally:
        os.umask(before)
    made = [tmp_path / "objects", *(tmp_path / "objects").rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()} == {0o700}


async def test_a_key_stays_inside_its_folder(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "objects"))
    for key in ("../outside", "/outside", "a//b", "a/../../outside"):
        with pytest.raises(ValueError):
            await store.put_file(key, _file(tmp_path / "source"))
    assert not (tmp_path / "outside").exists()


async def test_what_a_dead_process_left_is_not_listed_and_swept(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "objects"))
    new, old = (_file(tmp_path / "objects" / "incoming" / f"{name}#1") for name in ("new", "old"))
    os.utime(old, (time.time() - 7200,) * 2)
    assert [key async for key in store.list("")] == []
    open_store(str(tmp_path / "objects"))
    assert new.exists()
    assert not old.exists()


@pytest.mark.parametrize(
    "call", ["store.exists('a')", "store.put_file('b', Path(sys.argv[2]))", "anext(store.list(''))"]
)
def test_a_process_may_end_right_after_a_call(call: str, tmp_path: Path) -> None:
    """Each of obstore's own asyncio calls aborts one such process in three."""
    script = (
        "import asyncio, sys; from pathlib import Path; from serving.adapters.objects.opening import open_store\n"
        f"async def main():\n  store = open_store(sys.argv[1]); await {call}\nasyncio.run(main())"
    )
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "c").write_bytes(b"c")
    arguments = [sys.executable, "-c", script, str(tmp_path / "objects"), str(_file(tmp_path / "source"))]
    for _ in range(8):
        subprocess.run(arguments, check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("url", ["s3://", "ftp://host/x", "file://host/x", "gs://bucket/x"])
def test_an_address_of_no_known_store_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no store"):
        open_store(url)


def test_the_secret_is_not_shown() -> None:
    assert "test-secret" not in repr(_options("http://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("tenant", "sha256"), [("acme", "AB" * 32), ("acme", "ab"), ("../acme", "ab" * 32), ("acme", "ab" * 32 + "\n")]
)
def test_a_media_key_is_made_of_a_tenant_and_a_digest(tenant: str, sha256: str) -> None:
    assert media_key("acme", "ab" * 32) == f"tenants/acme/media/ab/{'ab' * 32}"
    with pytest.raises(ValueError):
        media_key(tenant, sha256)


def test_a_storage_class_that_nobody_configured_is_refused(tmp_path: Path) -> None:
    default = open_store(str(tmp_path))
    classes = StorageClasses({"default": default})
    assert classes.of("default") is default
    with pytest.raises(NotAllowedNow) as refused:
        classes.of("eu")
    assert refused.value.reason is Reason.STORAGE_CLASS_MISSING
    with pytest.raises(ValueError, match="default"):
        StorageClasses({"eu": default})

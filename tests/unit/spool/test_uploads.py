"""Uploads that break off: what a stream that goes on has, and what the one before can no longer do."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from serving.adapters.spool.uploads import FolderUploads
from serving.domain.answer import MediaKind
from serving.domain.errors import InvalidRequest, NotAllowedNow, NotFound

DATA = bytes(range(256)) * 9000  # 2.3 MB: more than is copied at a time
HALF = len(DATA) // 2


@pytest.fixture
def uploads(tmp_path: Path) -> FolderUploads:
    return FolderUploads(tmp_path)


def test_a_stream_that_goes_on_has_size_digest_and_bytes_of_the_whole(uploads: FolderUploads) -> None:
    first = uploads.resume("acme", "u", 0)
    first.write(DATA[: HALF + 100])
    first.keep()
    assert uploads.size("acme", "u") == HALF + 100
    second = uploads.resume("acme", "u", HALF)  # what was stored beyond is dropped
    second.write(DATA[HALF:])
    media = second.finish(MediaKind.AUDIO)
    assert (media.size_bytes, media.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert media.path.read_bytes() == DATA
    second.discard()
    with pytest.raises(NotFound):
        uploads.size("acme", "u")


def test_what_was_stored_before_is_not_received_again(tmp_path: Path) -> None:
    received: list[int] = []
    uploads = FolderUploads(tmp_path, received.append)
    first = uploads.resume("acme", "u", 0)
    first.write(DATA[:HALF])
    first.keep()
    second = uploads.resume("acme", "u", HALF)
    second.write(DATA[HALF:])
    second.discard()
    assert received == [HALF, len(DATA) - HALF]


def test_a_stream_that_was_taken_over_reaches_nothing_any_more(uploads: FolderUploads, tmp_path: Path) -> None:
    before = uploads.resume("acme", "u", 0)
    before.write(DATA[:HALF])
    after = uploads.resume("acme", "u", HALF)
    before.write(b"late")
    with pytest.raises(NotAllowedNow):
        before.finish(MediaKind.DETECT)
    before.discard()
    after.write(DATA[HALF:])
    assert after.finish(MediaKind.DETECT).path.read_bytes() == DATA
    after.discard()
    assert list(tmp_path.iterdir()) == []


def test_what_is_referred_to_stays_that_of_its_stream_when_another_takes_over(uploads: FolderUploads) -> None:
    one = uploads.resume("acme", "u", 0)
    one.write(DATA)
    media = one.finish(MediaKind.DETECT)
    other = uploads.resume("acme", "u", 0)
    other.write(b"other")
    assert hashlib.sha256(media.path.read_bytes()).hexdigest() == media.sha256
    one.keep()
    other.keep()


@pytest.mark.parametrize("offset", [-1, 101, 10**12])
def test_an_offset_beyond_what_is_stored_is_refused_and_changes_nothing(
    uploads: FolderUploads, tmp_path: Path, offset: int
) -> None:
    file = uploads.resume("acme", "u", 0)
    file.write(DATA[:100])
    file.keep()
    with pytest.raises(InvalidRequest) as caught:
        uploads.resume("acme", "u", offset)
    assert caught.value.field == "config.offset"
    assert uploads.size("acme", "u") == 100
    with pytest.raises(InvalidRequest):
        uploads.resume("acme", "unknown", 5)
    assert len(list(tmp_path.iterdir())) == 1

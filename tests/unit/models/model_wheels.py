"""Wheels made on the spot, and the hashes that pin what is in them."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_wheel(directory: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """A real wheel, version 1.0.0, that pip accepts."""
    info = f"{name}-1.0.0.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in {**files, **metadata}.items():
            archive.writestr(member, content)
    return path

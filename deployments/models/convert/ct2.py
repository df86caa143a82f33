"""Reads CTranslate2 model files (`model.bin`) into NumPy arrays.

The layout is that of CTranslate2's own writer, binary version 6
(https://github.com/OpenNMT/CTranslate2, python/ctranslate2/specs/model_spec.py): little endian; strings are
a uint16 length with the closing zero counted, then the bytes.
"""

import hashlib
import struct
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deployments.models.errors import ModelBuildError

_BINARY_VERSION = 6
_DTYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)

Weights = Mapping[str, npt.NDArray[np.generic]]


@dataclass(slots=True)
class _Cursor:
    """Reads fields one after another and refuses to run past the end."""

    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise ModelBuildError(f"model.bin ends at byte {len(self.data)}, a field needs {self.at + count}")
        self.at += count
        return self.data[self.at - count : self.at]

    def uint8(self) -> int:
        return self.take(1)[0]

    def uint32(self) -> int:
        return int(struct.unpack("<I", self.take(4))[0])

    def text(self) -> str:
        (length,) = struct.unpack("<H", self.take(2))
        return self.take(length)[:-1].decode()


def join_parts(parts: Sequence[Path], sha256: Set[str]) -> bytes:
    """The bytes of a file that was published in parts.

    Raises ModelBuildError when the whole is none of the files in `sha256`, e.g. halves of two different uploads.
    """
    data = b"".join(part.read_bytes() for part in parts)
    found = hashlib.sha256(data).hexdigest()
    if found not in sha256:
        names = ", ".join(part.name for part in parts)
        raise ModelBuildError(f"{names} join to a file with sha256 {found}, expected {' or '.join(sorted(sha256))}")
    return data


def read_weights(data: bytes) -> Weights:
    """Every variable by name (e.g. `encoder/layer_0/ffn/linear_0/weight`), in the dtype it was stored in.

    Raises ModelBuildError for another binary version, an unknown dtype or a truncated file.
    """
    cursor = _Cursor(data)
    version = cursor.uint32()
    if version != _BINARY_VERSION:
        raise ModelBuildError(f"CTranslate2 binary version {version}, expected {_BINARY_VERSION}")
    cursor.text()  # name of the specification, e.g. WhisperSpec
    cursor.uint32()  # its revision
    weights: dict[str, npt.NDArray[np.generic]] = {}
    for _ in range(cursor.uint32()):
        name = cursor.text()
        shape = [cursor.uint32() for _ in range(cursor.uint8())]
        code = cursor.uint8()
        if code >= len(_DTYPES):
            raise ModelBuildError(f"variable {name} has unknown dtype code {code}")
        size = cursor.uint32()
        weights[name] = np.frombuffer(cursor.take(size), _DTYPES[code]).reshape(shape)
    return weights

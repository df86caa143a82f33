"""A call of `grpc.health.v1.Health/Check` as bytes, for a balancer that knows HTTP/2 but no gRPC.

Frames and their types: RFC 9113, section 4.1 and 6. Headers: RFC 7541, literal fields without indexing. The message in
the data frame has gRPC's prefix of five bytes (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
"""

from __future__ import annotations

from typing import Final

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS = 0x0, 0x1, 0x4
_END_STREAM, _END_HEADERS = 0x1, 0x4
_NO_MESSAGE: Final = bytes(5)  # HealthCheckRequest with no service, which asks for the whole server
_FIELDS: Final = {
    ":method": "POST",
    ":scheme": "http",
    ":path": "/grpc.health.v1.Health/Check",
    ":authority": "balancer",
    "te": "trailers",
    "content-type": "application/grpc",
}

# HealthCheckResponse as it is inside of a data frame: two bytes, field 1, and the state.
SERVING: Final = "00000000020801"
SERVING_OR_NOT: Final = "0000000002080[12]"


def request() -> str:
    """All that a client sends, in hexadecimal."""
    headers = b"".join(b"\0" + _text(name) + _text(value) for name, value in _FIELDS.items())
    return (
        _PREFACE
        + _frame(_SETTINGS, 0, 0, b"")
        + _frame(_HEADERS, _END_HEADERS, 1, headers)
        + _frame(_DATA, _END_STREAM, 1, _NO_MESSAGE)
    ).hex()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _text(text: str) -> bytes:
    """A string literal of at most 126 bytes, not Huffman-coded."""
    return bytes((len(text),)) + text.encode("ascii")

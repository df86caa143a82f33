"""What is wrong with the media, in the words of the domain; and which exceptions of PyAV mean "bad media"."""

from __future__ import annotations

from typing import Final

import av

from serving.domain.errors import InvalidRequest, Reason

FIELD: Final = "media"

AV_FAULTS: Final = (av.FFmpegError, ValueError, ArithmeticError, RuntimeError, LookupError)
"""Caught around calls into PyAV only. It wraps most of FFmpeg's errors in `FFmpegError`, but reports odd headers
(a zero time base, an unknown channel layout or pixel format, undecodable metadata) as plain Python exceptions."""


def invalid(reason: Reason, message: str, **metadata: object) -> InvalidRequest:
    """An `InvalidRequest` about the media, with its facts as strings."""
    return InvalidRequest(
        message, reason=reason, field=FIELD, metadata={name: str(value) for name, value in metadata.items()}
    )


def too_long(limit_s: float, actual_s: float) -> InvalidRequest:
    return invalid(
        Reason.MEDIA_TOO_LONG,
        f"The media is longer than {limit_s:g} s.",
        limit=f"{limit_s:g}",
        actual=f"{actual_s:.1f}",
    )


def too_many_frames(limit: int, actual: int) -> InvalidRequest:
    return invalid(
        Reason.MEDIA_TOO_LONG, f"The video has more than {limit} frames.", limit=limit, actual=actual, unit="frames"
    )


def too_many_pixels(limit: int, width: int, height: int) -> InvalidRequest:
    return invalid(
        Reason.MEDIA_TOO_MANY_PIXELS,
        f"A picture of {width}x{height} has more than {limit} pixels.",
        limit=limit,
        actual=width * height,
    )


def unreadable(message: str) -> InvalidRequest:
    return invalid(Reason.MEDIA_UNREADABLE, message)


def no_track(what: str) -> InvalidRequest:
    return invalid(Reason.MEDIA_NO_TRACK, f"The media has no {what} track.")

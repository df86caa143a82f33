"""Decodes recorded answers with FFmpeg (PyAV). `av` is imported nowhere else.

An answer is read by two independent passes, one for sound and one for pictures, each sequential and on one thread, so
that recognition begins before the pictures are done and many answers share the cores without contention.
"""

from serving.adapters.media.config import DecodeConfig
from serving.adapters.media.decoder import PyAvDecoder

__all__ = ["DecodeConfig", "PyAvDecoder"]

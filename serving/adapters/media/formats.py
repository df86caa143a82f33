"""Which files may be opened, decided from their first bytes.

FFmpeg guesses a format among some 300, and several of them read *other* files or the network: playlists (HLS, DASH,
concat), SDP, subtitles that point to a film, image sequences; text alone opens as an ANSI-art video. So the guess is
never left to it: the container is recognised here from its signature, and FFmpeg is told to use that one demuxer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from serving.adapters.media.faults import invalid, unreadable
from serving.domain.errors import Reason

_HEAD_BYTES: Final = 4096  # holds the signature and, after an ID3 tag, the whole first MPEG audio frame

_OPEN_SIZE: Final = 0x7FFFFF00  # sizes from here on are placeholders of tools that write to a pipe

# Signature of the first atom of an ISO base media file (ISO/IEC 14496-12); `ftyp` is first in all modern files.
_MOV_ATOMS: Final = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide"})
_IMAGE_BRANDS: Final = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})
_IMAGE_SIGNATURES: Final = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",  # JPEG
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\x00",  # TIFF, little endian
    b"MM\x00*",  # TIFF, big endian
    b"\x00\x00\x01\x00",  # ICO
    b"\xff\x0a",  # JPEG XL codestream
    b"\x00\x00\x00\x0cJXL ",
)

_VIDEO_DECODERS: Final = ("h264", "hevc", "vp8", "libvpx", "vp9", "libvpx-vp9", "av1", "libdav1d", "mpeg4")
_AUDIO_DECODERS: Final = ("aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "libvorbis", "flac", "alac")
_PCM_DECODERS: Final = (
    "pcm_u8",
    "pcm_s16le",
    "pcm_s24le",
    "pcm_s32le",
    "pcm_f32le",
    "pcm_f64le",
    "pcm_s16be",
    "pcm_s24be",
    "pcm_alaw",
    "pcm_mulaw",
)
DECODERS: Final = (*_VIDEO_DECODERS, *_AUDIO_DECODERS, *_PCM_DECODERS)
"""FFmpeg's decoders that may run: what browsers, phones and recorders write. The several hundred others decode
nothing that an interview produces, and are old code that reads untrusted bytes."""


@dataclass(frozen=True, slots=True)
class ContainerFormat:
    """What the first bytes tell.

    Attributes:
        demuxer: FFmpeg's name of the one demuxer that may read the file.
        declares_duration: whether a duration that it gives was declared by the file rather than estimated.
        header_duration_s: duration by the header where the demuxer gives that of the bytes which are there.
    """

    demuxer: str
    declares_duration: bool = True
    header_duration_s: float | None = None


def sniff(path: Path) -> ContainerFormat:
    """Recognise the container.

    Raises:
        InvalidRequest: `MEDIA_EMPTY`, `MEDIA_IS_IMAGE` (any picture format, an animated one too), or
            `MEDIA_UNREADABLE` for everything that is not a supported container.
    """
    try:
        with path.open("rb") as stream:
            return _sniff(stream)
    except OSError as error:
        raise unreadable("The media cannot be read.") from error


def _sniff(stream: BinaryIO) -> ContainerFormat:
    head = stream.read(_HEAD_BYTES)
    if not head:
        raise invalid(Reason.MEDIA_EMPTY, "The media has no bytes.", limit=1, actual=0)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return ContainerFormat("matroska")
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return ContainerFormat("wav", header_duration_s=_wav_duration_s(head))
    if head.startswith(b"OggS"):
        return ContainerFormat("ogg")
    if head.startswith(b"fLaC"):
        return ContainerFormat("flac")
    if head[4:8] in _MOV_ATOMS and head[8:12] not in _IMAGE_BRANDS:
        return ContainerFormat("mov")
    if head.startswith(b"ID3") and len(head) >= 10:
        stream.seek(_id3_bytes(head))
        head = stream.read(_HEAD_BYTES)
        if head.startswith(b"fLaC"):
            return ContainerFormat("flac")
        # What follows the tag may be padding; the demuxer finds the first frame itself.
        return ContainerFormat("mp3", declares_duration=_counts_its_frames(head))
    if _is_mpeg_layer_3(head):
        return ContainerFormat("mp3", declares_duration=_counts_its_frames(head))
    if _is_image(head):
        raise invalid(Reason.MEDIA_IS_IMAGE, "The media is a picture.")
    raise unreadable(
        "The media is in none of the supported containers (mp4, mov, webm, mkv, m4a, mp3, wav, flac, ogg)."
    )


def _wav_duration_s(head: bytes) -> float | None:
    """Length by the sizes in the chunks `fmt ` and `data`; None when a recorder that streamed left them open."""
    at, bytes_per_second = 12, 0
    while at + 8 <= len(head):
        size = int.from_bytes(head[at + 4 : at + 8], "little")
        if head[at : at + 4] == b"fmt ":
            bytes_per_second = int.from_bytes(head[at + 16 : at + 20], "little")
        if head[at : at + 4] == b"data":
            return size / bytes_per_second if bytes_per_second and 0 < size < _OPEN_SIZE else None
        at += 8 + size + size % 2
    return None


def _id3_bytes(head: bytes) -> int:
    """Length of an ID3v2 tag: four bytes of seven bits each, and the header of ten (ID3v2.4.0, 3.1)."""
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return size + 10


def _is_mpeg_layer_3(head: bytes) -> bool:
    """A valid header of an MPEG audio layer III frame (ISO/IEC 11172-3, 2.4.1.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    layer, bitrate, rate = head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return layer == 1 and bitrate != 15 and rate != 3


def _counts_its_frames(head: bytes) -> bool:
    """Whether the first MPEG audio frame is a Xing, Info or VBRI header, which gives the number of frames.

    Without one the duration is guessed from the first frame's bit rate, and wrong for a variable rate.
    """
    return any(mark in head[:1500] for mark in (b"Xing", b"Info", b"VBRI"))


def _is_image(head: bytes) -> bool:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    if head[4:8] == b"ftyp":
        return True  # an image brand: a video one was taken before
    return head.startswith(_IMAGE_SIGNATURES)

"""The decoding loop that both passes share: damage is counted and stepped over, and nothing loops for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from serving.adapters.media.faults import AV_FAULTS
from serving.adapters.media.opening import OpenMedia

_MAX_FAILURES_IN_A_ROW: Final = 1000
"""Failed reads and packets without one decoded frame between them. A read that fails may not have moved the file
position, so this is what bounds the loop; 1000 is 20 s of lost Opus packets or 33 s of video at 30 fps."""


class PacketDecoder:
    """Decodes one track, packet by packet.

    Args:
        packet_limit: packets that may be read; `over_limit` makes the exception for one more.
        before: called with each packet before it is decoded.
    """

    def __init__(
        self,
        media: OpenMedia,
        stream: Any,
        cancel: threading.Event,
        packet_limit: int,
        over_limit: Callable[[int], Exception],
        before: Callable[[Any], None] = lambda packet: None,
    ) -> None:
        self._container = media.container
        self._stream = stream
        self._cancel = cancel
        self._packet_limit = packet_limit
        self._over_limit = over_limit
        self._before = before
        self.packet_count = 0
        self.error_count = 0
        self.stopped_early = False

    def __iter__(self) -> Iterator[tuple[Any, list[Any] | None]]:
        """Yields each packet with its frames (none while the decoder waits for more), or with None if it failed.

        Ends quietly when `cancel` is set, when the file was cut within a packet, or when too much in a row failed;
        `stopped_early` then tells.
        """
        failures = 0
        torn = False
        packets = self._container.demux(self._stream)
        while failures <= _MAX_FAILURES_IN_A_ROW:
            if self._cancel.is_set():
                break
            try:
                packet = next(packets, None)
            except AV_FAULTS:
                failures += 1
                self.error_count += 1
                packets = self._container.demux(self._stream)  # a generator ends with its exception
                continue
            if packet is None:
                self.stopped_early = torn
                return
            # FFmpeg marks a packet for which the file had too few bytes; as the last one, it is where the file was cut.
            torn = packet.is_corrupt if packet.size else torn
            frames = self._decode(packet)
            failures = 0 if frames else failures + (frames is None)
            yield packet, frames
        self.stopped_early = True

    def _decode(self, packet: Any) -> list[Any] | None:
        """Frames of a packet, or None when it is damaged."""
        if packet.size:  # the last, empty one flushes the decoder
            self.packet_count += 1
            if self.packet_count > self._packet_limit:
                raise self._over_limit(self.packet_count)
        try:
            self._before(packet)
            frames = list(packet.decode())
        except EOFError:
            return []
        except AV_FAULTS:
            self.error_count += 1
            return None
        if packet.is_corrupt:
            self.error_count += 1
        return frames

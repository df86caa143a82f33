"""A photo as a short video, which is what an answer with a face is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_FRAMES_PER_S: Final = 10
_MAX_SIDE: Final = 720


def film_still(image: Path, video: Path, seconds: float) -> None:
    """Write an mp4 (H.264, no sound) that shows the image.

    Raises:
        OSError: the file is no image that Pillow reads.
    """
    import av
    import numpy as np
    from PIL import Image

    with Image.open(image) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((_MAX_SIDE, _MAX_SIDE))
    even = (max(2, picture.width // 2 * 2), max(2, picture.height // 2 * 2))  # H.264 wants even sides
    frame = av.VideoFrame.from_ndarray(np.asarray(picture.resize(even)), format="rgb24")
    with av.open(str(video), "w") as out:
        stream = out.add_stream("libx264", rate=_FRAMES_PER_S, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *even, "yuv420p"
        for at in range(round(seconds * _FRAMES_PER_S)):
            frame.pts = at
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))

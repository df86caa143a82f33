"""How fast the whole stack scores answers, against the raw engines in a tight loop, in one run.

Usage: python -m benchmarks.answer_speed [--runs 5] [--concurrency 4] [--seconds 60] [--json OUT]

Prints: p50 and p95 of a warm text answer; wall time of one 720p answer alone; and, for answers at once, the share of
the machine that is raw stage compute: answers x raw CPU seconds / (cores x wall), where the raw CPU seconds are those
of decoding and of the engines for the same file in a tight loop with all cores loaded. Medians; the machine is named.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.raw.engines import RawEngines
from deployments import processes
from deployments.config import GatewayConfig, TritonConfig, VivaConfig
from serving.adapters.media import DecodeConfig, PyAvDecoder
from serving.adapters.triton.models import TritonModels
from serving.domain.answer import Answer, MediaRef
from serving.domain.competency import COMPETENCIES
from serving.domain.limits import LIMITS
from serving.pipeline.score_answer import ScoreAnswer
from tests import media, texts
from viva_client import AnswerOptions, VivaClient

QUESTION = "Tell me about a time you led a team."
PORT = 18560


def raw_cpu_s(video: Path) -> dict[str, float]:
    """CPU seconds of decoding and of each engine for one answer, alone on one thread (after one warm-up)."""
    engines = RawEngines(TritonConfig().model_repository)
    models = TritonModels(engines, TritonConfig().model_repository)  # type: ignore[arg-type]
    decoder = PyAvDecoder(DecodeConfig(), LIMITS)
    answer = Answer(QUESTION, "en", COMPETENCIES, media=MediaRef(video, video.stat().st_size, "0" * 64))

    async def twice() -> dict[str, float]:
        use_case = ScoreAnswer(models, decoder, "")
        await use_case.run(answer)  # sessions are made and reference sentences embedded
        engines.cpu_s.clear()
        await use_case.run(answer)
        return dict(engines.cpu_s)

    spent = asyncio.run(twice())
    spent["decode_audio"] = _thread_s(lambda: decoder.audio(video, threading.Event()))
    spent["decode_video"] = _thread_s(lambda: sum(1 for _ in decoder.frames(video, threading.Event())))
    return spent


def _loaded_raw_cpu_s(video: Path) -> dict[str, float]:
    """`raw_cpu_s` in one process a core at once, since cores that share a pipeline slow each other down; the mean."""
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(raw_cpu_s, [video] * cores))
    return {name: statistics.mean(spent[name] for spent in found) for name in found[0]}


def _thread_s(work: Callable[[], Any]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each measurement; medians are printed")
    parser.add_argument("--concurrency", type=int, default=4, help="video answers at once in the busy run")
    parser.add_argument("--seconds", type=int, default=60, help="length of the video answer")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = _measure(Path(folder), options.runs, options.concurrency, options.seconds)
    print(json.dumps(figures, indent=1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


def _measure(folder: Path, runs: int, concurrency: int, seconds: int) -> dict[str, Any]:
    pictures = [media.fit(picture, (1280, 720)) for picture in media.carphone()]
    video = media.face_video(folder / "answer.mp4", seconds, frames=pictures, size=(1280, 720))
    raw = _loaded_raw_cpu_s(video)
    config = VivaConfig(folder / "data", metrics_port=0, gateway=GatewayConfig(port=PORT))
    asked = AnswerOptions(QUESTION, "en")
    with processes.SupervisedStack(config) as stack:
        started = time.perf_counter()
        stack.wait_ready()
        start_s = time.perf_counter() - started
        with VivaClient(f"127.0.0.1:{PORT}", timeout_s=600) as client, ThreadPoolExecutor(concurrency) as pool:
            score_text: Callable[[int], object] = lambda _: client.score_text(texts.LEADER, asked)  # noqa: E731
            score_video: Callable[[int], object] = lambda _: client.score_media(video, asked)  # noqa: E731
            for index in range(20):
                score_text(index)
            text = sorted(_wall_s(lambda: score_text(0)) for _ in range(20 * runs))
            score_video(0)
            alone = [_wall_s(lambda: score_video(0)) for _ in range(runs)]
            busy = [_wall_s(lambda: list(pool.map(score_video, range(concurrency)))) for _ in range(max(1, runs // 2))]
    cores, raw_s, busy_s = os.cpu_count() or 1, sum(raw.values()), statistics.median(busy)
    return {
        "machine": f"{cores} cores, {processor()}",
        "start_to_ready_s": round(start_s, 1),
        "text_p50_ms": round(1000 * statistics.median(text), 1),
        "text_p95_ms": round(1000 * text[int(0.95 * len(text))], 1),
        "video_seconds": seconds,
        "video_alone_s": round(statistics.median(alone), 2),
        "busy_concurrency": concurrency,
        "busy_s_per_answer": round(busy_s / concurrency, 2),
        "raw_cpu_s": {name: round(spent, 2) for name, spent in sorted(raw.items())},
        "raw_cpu_s_per_answer": round(raw_s, 2),
        "raw_share_of_machine": round(concurrency * raw_s / (cores * busy_s), 3),
    }


def _wall_s(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    main()

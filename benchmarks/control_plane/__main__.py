"""The control plane at the scale of a season, on one machine: everything but the models.

Null engines wait as long as scoring takes and answer with a recorded assessment; edge, PostgreSQL, queue, events,
webhooks and reports are the product's own. Exit code 1: something was lost or done twice; 2: bad input.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.control_plane.engine import ServiceTimes
from benchmarks.control_plane.plan import Plan
from benchmarks.control_plane.run import run
from benchmarks.harness.core import BenchError
from deployments.errors import StackError

_UNITS_S: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def main() -> int:
    options = _parser().parse_args()
    try:
        plan = _plan(options)
        with tempfile.TemporaryDirectory(prefix="viva-control-plane-", dir=options.folder) as folder:
            outcome = run(plan, Path(folder), lambda line: print(line, file=sys.stderr, flush=True))
    except (BenchError, StackError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    figures = {**outcome.figures, "faults": outcome.faults}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps({name: value for name, value in figures.items() if name != "series"}, indent=1))
    return 1 if outcome.faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.control_plane",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rate", type=float, default=56.0, help="answers a second, Poisson (56)")
    parser.add_argument("--duration", default="60s", help="for how long they come, such as 60s, 10m or 1h (60s)")
    parser.add_argument("--workers", type=int, default=200, help="answers that are scored at a time (200)")
    parser.add_argument("--scorers", type=int, default=2, help="processes that they are spread over (2)")
    parser.add_argument("--gateways", type=int, default=1, help="processes at the edge (1)")
    parser.add_argument("--service-s", default="3.0", help="seconds an answer takes, or a JSON list of such (3.0)")
    parser.add_argument("--open-interviews", type=int, default=560, help="interviews that go on at a time (560)")
    parser.add_argument("--tenants", type=int, default=4, help="employers (4)")
    parser.add_argument("--media-kib", type=int, default=30, help="upload of an answer; 0 sends texts (30)")
    parser.add_argument("--all-events", action="store_true", help="webhooks for every event, not for reports only")
    parser.add_argument("--seed", type=int, default=1, help="of the arrivals (1)")
    parser.add_argument("--folder", type=Path, help="parent of the run's folder, which is deleted (the system's own)")
    parser.add_argument("--json", type=Path, help="also write all figures, with their course, to this file")
    return parser


def _plan(options: argparse.Namespace) -> Plan:
    """Raises BenchError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", options.duration)
    if found is None:
        raise BenchError(f"--duration is {options.duration!r}, it must be like 60s, 10m or 1h")
    for name in ("folder", "json"):
        path = getattr(options, name)
        if path is not None and not (path if name == "folder" else path.absolute().parent).is_dir():
            raise BenchError(f"--{name} is {path}: there is no such folder")
    try:
        service = ServiceTimes.parse(options.service_s)
    except (ValueError, OSError) as error:
        raise BenchError(f"--service-s: {error}") from None
    plan = Plan(
        rate=options.rate,
        duration_s=float(found[1]) * _UNITS_S[found[2]],
        workers=options.workers,
        scorers=options.scorers,
        gateways=options.gateways,
        service=options.service_s,
        open_interviews=options.open_interviews,
        tenants=options.tenants,
        media_bytes=1024 * options.media_kib,
        all_events=options.all_events,
        seed=options.seed,
    )
    if plan.rate * service.mean_s > plan.workers:
        raise BenchError(
            f"{plan.workers} workers do {plan.workers / service.mean_s:.1f} answers a second of {service.mean_s:g} s "
            f"each; --rate is {plan.rate:g}"
        )
    return plan


if __name__ == "__main__":
    sys.exit(main())

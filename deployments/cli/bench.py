"""`viva bench`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import click

from deployments.cli.main import LazyGroup
from deployments.cli.output import UsageFailure

_COMMANDS: Final = {
    "run": ("deployments.cli.bench_run:run", "Put a scenario's load on a server and say whether its SLOs held."),
    "compare": ("deployments.cli.bench_compare:compare", "Ratios between results, with intervals over their runs."),
    "scenarios": ("deployments.cli.bench_run:scenarios", "List the scenarios that are shipped."),
    "corpus": ("benchmarks.corpus.__main__:main", "Make the answers to measure with."),
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def bench() -> None:
    """Measure a server under load that does not wait for it (open loop).

    \b
    Exit codes: 0 every SLO held, 1 one did not or a run is void, 2 nothing could be measured.
    What each figure means: docs/benchmarks.md
    """
    if find_spec("psutil") is None:
        raise UsageFailure("the packages to measure with are not installed: pip install 'viva[bench]'")

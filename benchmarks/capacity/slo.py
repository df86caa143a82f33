"""What a plan must hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchmarks.harness.core import BenchError


@dataclass(frozen=True, slots=True)
class Slo:
    """A percentile of turnaround, from an answer's arrival to its stored result, under a limit.

    Attributes:
        percentile: above 0, below 100.
        limit_s: seconds.
    """

    percentile: float
    limit_s: float

    @classmethod
    def parse(cls, text: str) -> Slo:
        """`p95=60s`, `p99=2m`, `p99.9=500ms`.

        Raises:
            BenchError: it has another form, or a figure that cannot be.
        """
        found = re.fullmatch(r"p(\d+(?:\.\d+)?)=(\d+(?:\.\d+)?)(ms|s|m|h)?", text.strip(), re.ASCII)
        if not found:
            raise BenchError(f"slo is {text!r}, it must look like p95=60s (ms, s, m, h)")
        percentile, limit = float(found[1]), float(found[2]) * {"ms": 0.001, "m": 60.0, "h": 3600.0}.get(found[3], 1.0)
        if not 0 < percentile < 100:
            raise BenchError(f"slo is {text!r}, its percentile must be above 0 and below 100")
        if limit <= 0:
            raise BenchError(f"slo is {text!r}, its time must be above 0")
        return cls(percentile, limit)

    def __str__(self) -> str:
        return f"p{self.percentile:g} within {self.limit_s:g} s"

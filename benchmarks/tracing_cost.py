"""What tracing costs an answer: `python -m benchmarks.tracing_cost`. No server, no collector.

A step is what a stage or a model call is: it is begun and ended, and does nothing in between. A call is the one span
that stands for all of an answer in a process, with the decision whether it is recorded.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from serving.adapters.telemetry import TelemetryConfig
from serving.adapters.telemetry.otlp import OtlpTelemetry
from serving.domain import trace
from serving.domain.trace import TraceContext
from serving.pipeline import tracing
from serving.pipeline.tracer import Key, Kind, NoTracer, Tracer

_ROUNDS, _TIMES = 7, 2_000
_CALLER = trace.new()
_SAMPLED = TraceContext(_CALLER.trace_id, _CALLER.span_id, trace.SAMPLED)


class _Nowhere(SpanExporter):
    def export(self, spans: object) -> SpanExportResult:
        del spans
        return SpanExportResult.SUCCESS


def main() -> None:
    telemetry = OtlpTelemetry(TelemetryConfig("http://127.0.0.1:1", sample_ratio=0.0), "cost", _Nowhere())
    ways: dict[str, tuple[Tracer, TraceContext | None]] = {
        "off": (NoTracer(), None),
        "not sampled": (telemetry.tracer, None),
        "recorded": (telemetry.tracer, _SAMPLED),
    }
    print(f"microseconds, median of {_ROUNDS} rounds of {_TIMES}")
    print(f"{'outside of calls':18} step {_cost_us(_step):6.2f}")
    for name, (tracer, parent) in ways.items():
        call = _cost_us(lambda tracer=tracer, parent=parent: _call(tracer, parent))  # type: ignore[misc]
        with _call(tracer, parent):
            step = _cost_us(_step)
        print(f"{name:18} step {step:6.2f}   call {call:6.2f}")
    print(f"{'an empty block':18} step {_cost_us(nullcontext):6.2f}")
    telemetry.close()


def _step() -> AbstractContextManager[object]:
    return tracing.step("stage", Kind.CLIENT, {Key.MODEL: "vad", Key.ROWS: 1})


def _call(tracer: Tracer, parent: TraceContext | None) -> AbstractContextManager[object]:
    return tracing.entered(tracer, "call", Kind.SERVER, parent, {Key.RPC_SYSTEM: "grpc"})


def _cost_us(block: Callable[[], AbstractContextManager[object]]) -> float:
    rounds = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        for _ in range(_TIMES):
            with block():
                pass
        rounds.append(1e6 * (time.perf_counter() - started) / _TIMES)
    return statistics.median(rounds)


if __name__ == "__main__":
    main()

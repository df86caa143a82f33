"""Traces on a real stack: one trace from a vendor's code through client, gateway, scorer and queue into Triton."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from serving.pipeline.tracer import Key
from tests import collector as collectors
from tests import stack, texts
from tests.collector import Collector, Seen
from tests.employers import employer, eventually
from viva.v1 import webhooks_pb2
from viva_client import AnswerOptions, InvalidArgumentError, VivaClient, traceparent

OPTIONS = AnswerOptions("Tell me about a time you led a team.", "en")
OURS = {"viva-gateway", "viva-scorer"}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collectors.running() as running:
        yield running


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[stack.Stack]:
    """A stack that sends traces of the calls whose callers say so, and of no others."""
    folder = tmp_path_factory.mktemp("traced")
    config = folder / "viva.yaml"
    telemetry = {"otlp_endpoint": collector.url, "sample_ratio": 0}
    egress = {"allowed_networks": ["127.0.0.0/8"], "allow_http": True}
    config.write_text(yaml.safe_dump({"telemetry": telemetry, "egress": egress}))
    running = stack.start(folder / "data", config)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture
def vendor(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[trace.Tracer]:
    """OpenTelemetry as a vendor sets it up; not the process's own provider, which can be set only once."""
    provider = TracerProvider(resource=Resource({"service.name": "vendor"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{collector.url}/v1/traces")))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield provider.get_tracer("vendor")
    provider.shutdown()


class Receiver(ThreadingHTTPServer):
    """Takes webhooks and keeps the trace that each is of."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taken)
        self.traceparents: list[str] = []


class _Taken(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.traceparents.append(self.headers.get("traceparent", ""))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.shutdown()
        receiver.server_close()
        thread.join()


def path_to(span: Seen, spans: list[Seen]) -> list[str]:
    """Services and names from the first span of a trace to this one."""
    by_id, path = {one.span_id: one for one in spans}, [f"{span.service}: {span.name}"]
    while (above := by_id.get(span.parent_id)) is not None:
        path.append(f"{above.service}: {above.name}")
        span = above
    return path[::-1]


def begun() -> tuple[str, str]:
    """Id of a new trace that its caller records, and its `traceparent`."""
    trace_id = secrets.token_hex(16)
    return trace_id, f"00-{trace_id}-{secrets.token_hex(8)}-01"


def whole(spans: list[Seen]) -> bool:
    """Whether an answer's spans are there, with Triton's side of most of its model calls.

    Not of all: the server of the wheel reads past the end of the header, and so does not understand it now and then.
    """
    called = {span.span_id for span in spans if span.name.startswith("infer ")}
    answered = {span.parent_id for span in spans if span.name == "InferRequest"}
    return any(span.name == "answer" for span in spans) and 2 * len(called & answered) > len(called)


def test_one_trace_from_the_vendor_into_triton(traced: stack.Stack, collector: Collector, vendor: trace.Tracer) -> None:
    with VivaClient(traced.address) as client, vendor.start_as_current_span("interview ended") as root:
        assessment = client.score_text(texts.LEADER, OPTIONS)
    trace_id = f"{root.get_span_context().trace_id:032x}"
    assert assessment.provenance.trace_id == trace_id
    spans = collector.wait_for(trace_id, lambda found: whole(found) and any(s.parent_id == "" for s in found))
    paths = [path_to(span, spans) for span in spans if span.name == "compute"]
    assert paths
    for path in paths:
        model = path[-2].removeprefix("triton: ")
        assert path[:6] == [
            "vendor: interview ended",
            "vendor: viva.v1.Scoring/ScoreAnswer",
            "viva-gateway: viva.v1.Scoring/ScoreAnswer",
            "viva-gateway: Scorer.score",
            "viva-scorer: Scorer.score",
            "viva-scorer: answer",
        ]
        assert path[6] in ("viva-scorer: embed", "viva-scorer: judge", "viva-scorer: score")
        assert path[7:] == [
            f"viva-scorer: infer {model}",
            "triton: InferRequest",
            f"triton: {model}",
            "triton: compute",
        ]
    models = {s.attributes[Key.MODEL.value] for s in spans if s.name.startswith("infer ")}
    assert models == {"sentence_encoder", "star_tagger", "answer_judge", "competency_scorer"}
    assert {"edge_wait", "judge", "score"} <= {s.name for s in spans}
    assert not [s for s in spans if s.failed]
    served = next(s for s in spans if s.service == "viva-gateway" and s.kind == "server")
    assert served.attributes == {
        "rpc.system.name": "grpc",
        "rpc.method": "viva.v1.Scoring/ScoreAnswer",
        "rpc.response.status_code": "OK",
    }


def test_spans_tell_nothing_of_what_was_sent(traced: stack.Stack, collector: Collector) -> None:
    trace_id, header = begun()
    options = AnswerOptions("What did Ottilie Quartermain ask?", "en", role="Zanzibar lamplighter")
    with VivaClient(traced.address) as client, traceparent(header):
        client.score_text(f"{texts.LEADER} My name is Peregrine Featherstonehaugh.", options)
        with pytest.raises(InvalidArgumentError):
            client.score_text("Peregrine", AnswerOptions(competencies=("Featherstonehaugh",)))
    spans = collector.wait_for(trace_id, whole)
    told = {key for span in spans if span.service in OURS for key in span.attributes}
    assert told <= {key.value for key in Key}
    everything = repr(spans)
    for word in ("Ottilie", "Zanzibar", "Peregrine", "Featherstonehaugh", "campus", "127.0.0.1"):
        assert word not in everything


def test_an_error_names_the_trace_that_it_happened_in(traced: stack.Stack, collector: Collector) -> None:
    trace_id, header = begun()
    with VivaClient(traced.address) as client, traceparent(header), pytest.raises(InvalidArgumentError) as refused:
        client.score_text("...", OPTIONS)
    assert refused.value.trace_id == trace_id
    (span,) = collector.wait_for(trace_id, lambda found: len(found) == 1)
    assert span.attributes["rpc.response.status_code"] == "INVALID_ARGUMENT"
    assert not span.failed  # by the conventions, what the caller did wrong is no failure of the server


def test_a_handed_over_answer_goes_on_in_its_trace_to_the_webhook(traced: stack.Stack, collector: Collector) -> None:
    trace_id, header = begun()
    with employer(traced.address) as acme, receiving() as receiver:
        acme.client.webhooks.create(webhooks_pb2.WebhookEndpoint(uri=f"http://127.0.0.1:{receiver.server_port}/hook"))
        interview = acme.invite(acme.role())
        with traceparent(header):
            acme.write(interview, "q1", texts.LEADER)
        acme.write(interview, "q2", texts.LEADER)
        report = acme.report(interview)
        mine, other = (one.assessment.provenance.trace_id for one in report.answers)
        of_this = eventually(lambda: [one for one in receiver.traceparents if trace_id in one])
    assert (mine, len(other)) == (trace_id, 32)
    assert other != trace_id
    spans = collector.wait_for(trace_id, lambda found: whole(found) and any(s.name == "POST" for s in found))
    attempt = next(s for s in spans if s.name == "score text")
    submitted = next(s for s in spans if s.name == "viva.v1.Answers/SubmitAnswer")
    assert (attempt.service, attempt.kind, attempt.linked) == ("viva-scorer", "consumer", (submitted.span_id,))
    assert attempt.parent_id == submitted.span_id
    assert (attempt.attributes["viva.job.attempt"], attempt.attributes["viva.job.outcome"]) == ("1", "done")
    answer = next(s for s in spans if s.name == "answer")
    assert answer.parent_id == attempt.span_id
    post = next(s for s in spans if s.name == "POST")
    assert [step.removeprefix("viva-scorer: ") for step in path_to(post, spans)][-4:] == [
        "score text",
        "store",
        "deliver errand",
        "POST",
    ]
    assert f"00-{trace_id}-{post.span_id}-01" in of_this
    assert not collector.of(other)


def test_calls_that_nobody_records_have_an_id_and_send_nothing(traced: stack.Stack, collector: Collector) -> None:
    with VivaClient(traced.address) as client:
        first, second = (client.score_text(texts.LEADER, OPTIONS).provenance.trace_id for _ in range(2))
        with traceparent(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"):
            unsampled = client.score_text(texts.LEADER, OPTIONS).provenance.trace_id
    assert len({first, second, unsampled}) == 3
    assert all(len(one) == 32 for one in (first, second, unsampled))
    trace_id, header = begun()
    with VivaClient(traced.address) as client, traceparent(header):  # what comes later has arrived, and they have not
        client.score_text(texts.LEADER, OPTIONS)
    collector.wait_for(trace_id, whole)
    assert not any(collector.of(one) for one in (first, second, unsampled))


def test_answers_flow_and_the_stack_ends_while_the_collector_is_away(
    traced: stack.Stack, collector: Collector, tmp_path: Path
) -> None:
    """The last one: the collector does not come back."""
    collector.shutdown()
    collector.server_close()
    with VivaClient(traced.address) as client:
        for _ in range(5):
            trace_id, header = begun()
            with traceparent(header):
                assert client.score_text(texts.LEADER, OPTIONS).provenance.trace_id == trace_id
    traced.stop()
    assert traced.process.returncode in (0, 130)

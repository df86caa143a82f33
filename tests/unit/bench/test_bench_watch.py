"""What is seen of a target beside its replies."""

import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from benchmarks.harness import metrics_page
from benchmarks.harness.core import BenchError, TargetDown
from benchmarks.harness.resources import Resources, parse_match, parse_tree
from benchmarks.harness.watch import Watch

PAGE = """\
# HELP viva_queued_answers Answers waiting at the edge.
# TYPE viva_queued_answers gauge
viva_queued_answers{{queue="text"}} {queued}
# TYPE viva_requests_total counter
viva_requests_total{{code="OK"}} {requests}
viva_requests_total{{code="INTERNAL"}} 3
# TYPE viva_requests_created gauge
viva_requests_created{{code="OK"}} 1.7e9
# TYPE viva_stage_seconds histogram
viva_stage_seconds_bucket{{stage="embed",le="0.1"}} {fast}
viva_stage_seconds_bucket{{stage="embed",le="+Inf"}} {all}
viva_stage_seconds_count{{stage="embed"}} {all}
viva_stage_seconds_sum{{stage="embed"}} {sum}
# TYPE python_info gauge
python_info 1
"""
BEFORE = PAGE.format(queued=2, requests=10, fast=1, all=2, sum=0.5)
AFTER = PAGE.format(queued=5, requests=30, fast=4, all=12, sum=2.5)


def test_gauges_are_kept_and_counters_are_rates() -> None:
    pages = [metrics_page.parse(BEFORE, 0.0), metrics_page.parse(AFTER, 4.0)]
    tracks = {(one.name, *one.labels.values()): one for one in metrics_page.tracks(pages)}
    assert tracks["viva_queued_answers", "text"].values == (2, 5)
    assert tracks["viva_requests_total", "OK"].values == (5.0,)
    assert tracks["viva_requests_total", "OK"].at_s == (4.0,)
    assert len(tracks) == 2  # neither what never moved, nor another program's


def test_a_histogram_says_what_it_gained() -> None:
    (change,) = metrics_page.changes(metrics_page.parse(BEFORE, 0.0), metrics_page.parse(AFTER, 4.0))
    assert (change.name, dict(change.labels)) == ("viva_stage_seconds", {"stage": "embed"})
    assert (change.count, change.total, change.mean) == (10, 2.0, 0.2)
    assert change.buckets == (("0.1", 3), ("+Inf", 10))


def test_a_counter_that_fell_was_started_anew() -> None:
    pages = [metrics_page.parse(AFTER, 0.0), metrics_page.parse(BEFORE, 1.0), metrics_page.parse(AFTER, 2.0)]
    (rates,) = (one.values for one in metrics_page.tracks(pages) if one.name == "viva_requests_total")
    assert rates == (0.0, 20.0)


@pytest.fixture
def page() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<p>a page</p>" if self.path == "/html" else BEFORE.encode())

        def log_message(self, *args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/metrics"
        server.shutdown()
        thread.join()


def test_a_watch_sees_processes_and_pages(page: str) -> None:
    watch = Watch([parse_tree(f"me={os.getpid()}")], [page, f"{page}?other"])
    watch.start(time.monotonic())
    watch.stop()
    tracks = {(one.name, one.labels.get("tree"), one.labels.get("page")): one for one in watch.tracks()}
    assert tracks["process_pss_bytes", "me", None].values[0] > 1e6
    assert tracks["machine_memory_bytes", None, None].values[0] > 1e6
    assert tracks["viva_queued_answers", None, page].values == (2, 2)
    assert watch.histograms() == []  # nothing was gained
    with pytest.raises(TargetDown, match="no page there"):
        Watch([], [page.replace("127.0.0.1", "127.0.0.1:1")]).start(0.0)
    with pytest.raises(TargetDown, match="no metrics page"):
        Watch([], [page.replace("/metrics", "/html")]).start(0.0)


def test_a_tree_has_the_processes_below_it() -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        try:
            seen = Resources([parse_tree(str(process.pid)), parse_match("two=import subprocess, sys; sub.*run")])
            while len(seen.tracks()) < 6:
                seen.sample(time.monotonic())
            sizes = {one.labels["tree"]: one.values[0] for one in seen.tracks() if one.name == "process_rss_bytes"}
            assert set(sizes) == {str(process.pid), "two"}
            assert min(sizes.values()) > 1e6
        finally:
            assert process.stdin is not None
            process.stdin.close()


@pytest.mark.parametrize("text", ["x", "a=b", "a=999999999"])
def test_a_process_that_is_not_there_is_named(text: str) -> None:
    with pytest.raises(BenchError, match=f"--pid {text}: "):
        parse_tree(text)


@pytest.mark.parametrize("text", ["(", "no such process runs here [0-9]{40}"])
def test_a_pattern_that_matches_nothing_is_named(text: str) -> None:
    with pytest.raises(BenchError, match="--match "):
        parse_match(text)


def test_histograms_gain_from_the_first_look_to_the_last(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([2, 5, 9, 12])

    def read(url: str, at_s: float, extra: object = None) -> metrics_page.Page:
        count = next(looks, 12)
        return metrics_page.parse(PAGE.format(queued=0, requests=1, fast=1, all=count, sum=count / 10), at_s)

    monkeypatch.setattr(metrics_page, "read", read)
    watch = Watch([], [page])
    watch.start(time.monotonic())
    time.sleep(2.2)  # looks are a second apart
    watch.stop()
    (change,) = watch.histograms()
    assert change.count == 10

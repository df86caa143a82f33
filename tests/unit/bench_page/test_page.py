"""The pages of results: what stands in them, and what does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from benchmarks.harness import page
from benchmarks.harness.core import BenchError, Modality
from benchmarks.harness.result import HistogramChange, Result, Run, Timeline, Track
from benchmarks.harness.scenario import Slos
from tests.unit.bench_page.results import SCENARIO, full_result, full_run, searched_result

Render = Callable[[Result], str]


class Outline(HTMLParser):
    """Ids, references and texts of a page; complains about tags that do not match."""

    VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refs: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        for name in ("aria-labelledby", "aria-describedby"):
            self.refs += given.get(name, "").split()
        if given.get("role") == "img":
            assert "aria-label" in given or "aria-labelledby" in given
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data


@pytest.fixture
def render(tmp_path: Path) -> Render:
    def render(result: Result) -> str:
        page.write(result, tmp_path / "deep" / "page.html")
        return (tmp_path / "deep" / "page.html").read_text(encoding="utf-8")

    return render


def with_run(run: Run, **changes: object) -> Result:
    return replace(full_result(), runs=(replace(run, **changes),))


def test_the_page_says_machine_commit_scenario_and_verdicts(render):
    text = Outline(render(full_result())).text
    for fact in ("AMD EPYC 7B13, 2 cores, 8 GiB", "0123abc-dirty", "localhost:18500", "campus_day", SCENARIO.about):
        assert fact in text
    result = full_result()
    for verdict in result.runs[0].verdicts:
        assert verdict.slo in text and verdict.detail in text
    assert {verdict.state for verdict in result.runs[0].verdicts} == {"held", "missed"}
    assert "SLOs over all runs: 2 held, 2 missed." in text


@pytest.mark.parametrize(
    "title",
    [
        "Latency over time",
        "Latency by percentile",
        "Throughput and offered load",
        "Answers without an assessment",
        "Answers under way",
        "viva_queued_answers",
        "viva_queue_oldest_waiting_age_seconds",
        "viva_stage_seconds",
        "viva_model_call_seconds",
        "CPU",
        "Memory",
        "Lateness of the generator",
        "viva_running_answers",
    ],
)
def test_every_plot_has_its_data_in_a_table_beneath(render, title):
    html = render(full_result())
    figure = next(part for part in html.split("<figure") if f"<figcaption>{title}</figcaption>" in part)
    assert "<svg" in figure
    assert figure.count("<tr>") > 1


def test_a_reading_that_was_always_zero_is_left_out(render):
    assert "viva_triton_restarts_total" not in render(full_result())


def test_nothing_outside_the_file_is_asked_for(render):
    html = render(full_result())
    assert not re.search(r"""(?:src|href|action|data)=["'](?!#)|url\(|@import|<script|\sstyle=""", html)
    assert "default-src 'none'" in unescape(html)


def test_ids_are_unique_and_references_lead_somewhere(render):
    outline = Outline(render(full_result(runs=3)))
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(outline.refs) <= set(outline.ids)


def test_what_others_wrote_is_escaped_and_cannot_reorder_the_page(render):
    evil = '<script>alert(1)</script>"\u202e\x00'
    run = full_run()
    total = replace(run.total, codes={evil: 1})
    html = render(
        replace(
            with_run(
                run,
                groups=(total, *run.groups[1:]),
                tracks=(Track("queue" + evil, {"queue": evil}, (0.0, 1.0), (1.0, 2.0)),),
                histograms=(HistogramChange(evil + "_seconds", {"stage": evil}, 1, 1.0, (("+Inf", 1),)),),
            ),
            target=evil,
            address=evil,
            scenario=replace(SCENARIO, about=evil),
        )
    )
    assert "<script" not in html
    assert "\u202e" not in html and "\x00" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34;\ufffd\ufffd") > 8


def empty_timeline(steps: int) -> Timeline:
    nothing, unknown = (0,) * steps, (None,) * steps
    return Timeline(1.0, 0.0, *[nothing] * 6, *[unknown] * 3)


@pytest.mark.parametrize("steps", [0, 1, 30])
def test_a_run_in_which_nothing_happened_still_has_its_page(render, steps):
    run = full_run()
    quiet = tuple(replace(one, latency=tuple(replace(p, value_s=None) for p in one.latency)) for one in run.groups)
    html = render(with_run(run, timeline=empty_timeline(steps), groups=quiet, tracks=(), histograms=(), verdicts=()))
    text = Outline(html).text
    assert "No metrics page with queues was read." in text
    assert "No group has enough assessments for a percentile." in text
    assert "nan" not in html.lower().replace("nano", "")


def test_readings_that_are_no_numbers_are_gaps(render):
    track = Track("viva_queued_answers", {}, (0.0, 1.0, 2.0), (float("nan"), float("inf"), 7.0))
    html = render(with_run(full_run(), tracks=(track,)))
    assert "nan" not in html and "inf%" not in html


def test_no_runs_and_no_slos_are_said(render):
    text = Outline(render(replace(full_result(), runs=()))).text
    assert "There is no run." in text
    run = full_run()
    text = Outline(render(replace(with_run(run, verdicts=()), scenario=replace(SCENARIO, slos=Slos())))).text
    assert "the scenario asks for no SLO" in text


def test_a_void_run_is_said_first(render):
    run = full_run()
    html = render(with_run(run, generator=replace(run.generator, void="it was late")))
    assert '<p class="verdict void">A run is void: it was late</p>' in html


def test_a_search_shows_its_tries_and_opens_the_run_that_held(render):
    html = render(searched_result())
    text = Outline(html).text
    assert "Holds 3/s, which is 93.8% of the offline rate of 3.2/s." in text
    assert html.count(">3.6/s missed<") == 1
    assert re.findall(r'<details class="run" id="(run-\d)" open>', html) == ["run-4"]


def test_of_repetitions_the_median_by_throughput_is_open(render):
    result = full_result(runs=3)
    rates = [run.total.throughput_per_s for run in result.runs]
    middle = rates.index(sorted(rates)[1]) + 1
    assert re.findall(r'<details class="run" id="run-(\d)" open>', render(result)) == [str(middle)]


def test_equal_results_give_equal_pages(render):
    assert render(full_result()) == render(full_result())


def test_a_comparison_has_ratios_with_intervals_and_a_dot_a_run(tmp_path):
    slower, faster = full_result(5, "litserve", speed=0.5), full_result(5, "mosec", speed=2.0)
    page.write_comparison([full_result(5), slower, faster], tmp_path / "compare.html")
    html = (tmp_path / "compare.html").read_text(encoding="utf-8")
    outline = Outline(html)
    assert len(set(outline.ids)) == len(outline.ids)
    p50 = next(part for part in html.split("<figure") if "<figcaption>p50 of each run" in part)
    assert p50.count("<circle") == 15
    ratio = next(part for part in html.split("<figure") if "<figcaption>p50, lower is better" in part)
    assert re.search(r"litserve</span> <span class=\"figure\">(1\.9|2\.0)\d\d \(", ratio)
    assert 'class="fill bad"' in ratio and 'class="fill good"' in ratio


def test_results_that_cannot_be_compared_are_refused(tmp_path):
    with pytest.raises(BenchError):
        page.write_comparison([full_result()], tmp_path / "compare.html")
    assert not (tmp_path / "compare.html").exists()


def test_modalities_of_the_scenario_are_shares(render):
    text = Outline(render(full_result())).text
    assert f"{Modality.TEXT.value} 50%, {Modality.AUDIO.value} 30%, {Modality.VIDEO.value} 20%" in text


def test_one_target_at_two_addresses_is_two_targets(tmp_path):
    page.write_comparison(
        [replace(full_result(2), address=address) for address in ("one:1", "two:2")], tmp_path / "compare.html"
    )
    text = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert ": 2 targets" in text
    assert "viva one:1" in text and "viva two:2" in text
    assert "run 3" not in text

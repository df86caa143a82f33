"""Axes, places and numbers of the pages."""

from __future__ import annotations

import pytest

from benchmarks.harness.page_axis import clock, from_zero, logarithmic
from benchmarks.harness.page_chart import HEIGHT, Series, plot
from benchmarks.harness.page_format import amount, digits, seconds
from benchmarks.harness.page_stages import upper_bound
from benchmarks.harness.page_timeline import coarse
from benchmarks.harness.page_tracks import binned
from benchmarks.harness.result import HistogramChange, Timeline, Track


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0 s"),
        (0.000_012_34, "12.3 µs"),
        (0.05, "50 ms"),
        (0.9999, "1,000 ms"),
        (1.0, "1 s"),
        (123.4, "123 s"),
        (4321.0, "4,321 s"),
    ],
)
def test_durations_have_three_digits_and_the_unit_that_fits(value, text):
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1536.0, "B", "1.5 KiB"), (3.2, "/s", "3.2/s"), (2.0, "cores", "2 cores"), (0.5, "s", "500 ms"), (12.0, "", "12")],
)
def test_amounts_carry_their_unit(value, unit, text):
    assert amount(value, unit) == text


def test_small_numbers_are_not_written_as_zero():
    assert digits(0.000_123) == "0.000123"


@pytest.mark.parametrize("top", [1e-6, 0.013, 0.99, 1.0, 1.01, 7.3, 999, 123_456])
def test_a_linear_axis_begins_at_zero_holds_its_values_and_has_few_ticks(top):
    axis = from_zero([top / 3, top], "")
    assert axis.low == 0 and axis.high >= top
    assert 3 <= len(axis.ticks) <= 6
    assert axis.place(top) > 0.45


def test_bytes_have_ticks_at_binary_multiples():
    assert [label for _, label in from_zero([3.1e9], "B").ticks] == ["0 B", "1 GiB", "2 GiB", "3 GiB"]


@pytest.mark.parametrize("values", [[0.02, 0.03], [0.001, 900.0], [1.0], [0.0, 5.0]])
def test_a_logarithmic_axis_holds_its_positive_values(values):
    axis = logarithmic(values, "s")
    assert axis.low <= min(value for value in values if value > 0) and max(values) <= axis.high
    assert 1 <= len(axis.ticks) <= 10
    assert axis.place(axis.low) == 0 and axis.place(axis.high) == 1


@pytest.mark.parametrize("end_s", [0, 1, 59, 240, 3600, 72 * 3600, 30 * 86400])
def test_a_clock_has_at_most_seven_labels_that_differ(end_s):
    labels = [label for _, label in clock(end_s).ticks]
    assert len(labels) <= 7 and len(set(labels)) == len(labels)


def test_gaps_break_a_line_and_a_lone_point_is_a_dot():
    x, y = clock(10), from_zero([4], "")
    layer = plot([Series("one", "a", [(0, 1.0), (1, 2.0), (2, None), (3, 4.0), (4, None)])], x, y, "").layers[0]
    assert layer.paths == (f"M0,{HEIGHT * 3 / 4:g}L100,{HEIGHT / 2:g}",)
    assert layer.dots == (("30%", "0"),)


def test_stacked_series_lie_on_each_other():
    x, y = clock(1), from_zero([4], "")
    below, above = plot(
        [Series("a", "a", [(0, 1.0), (1, 1.0)]), Series("b", "b", [(0, 3.0), (1, 1.0)])], x, y, "", stacked=True
    ).layers
    assert below.paths == ("M0,150L1000,150L1000,200L0,200Z",)
    assert above.paths == ("M0,0L1000,100L1000,150L0,150Z",)


def test_a_long_run_is_drawn_in_few_steps_without_losing_counts_or_peaks():
    steps = 1000
    ones, latency = (1,) * steps, tuple(float(index) if index % 2 else None for index in range(steps))
    shown = coarse(Timeline(1.0, 5.0, ones, ones, ones, ones, ones, ones, latency, latency, latency), 100)
    assert shown.step_s == 10.0 and len(shown.offered) == 100
    assert sum(shown.offered) == sum(shown.ok) == steps
    assert (shown.p50_s[0], shown.p95_s[0], shown.max_s[-1]) == (5.0, 9.0, 999.0)


def test_a_track_shows_the_largest_value_of_each_part():
    assert binned(Track("x", {}, (0.0, 1.0, 2.0, 9.0), (1.0, 5.0, 2.0, 3.0)), 5.0) == {0: 5.0, 1: 3.0}


@pytest.mark.parametrize(("share", "text"), [(0.5, "≤ 100 ms"), (0.95, "> 1 s")])
def test_a_histogram_knows_its_buckets_and_no_more(share, text):
    change = HistogramChange("x_seconds", {}, 10, 5.0, (("0.1", 6), ("1", 8), ("+Inf", 10)))
    assert upper_bound(change, share) == text

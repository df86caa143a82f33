from dataclasses import replace

import numpy as np
import pytest

from benchmarks.capacity.peak import busiest, fluid_wait_s, stretch_for
from benchmarks.capacity.season import MODALITIES, Season, draw
from benchmarks.harness.core import BenchError, Modality

HOUR = 3600.0
SEASON = Season(250_000, 72 * HOUR, 0.2, {Modality.TEXT: 0.25, Modality.VIDEO: 0.75})


def expected(season: Season, start_s: float, end_s: float) -> float:
    edges = np.clip(season.edges, start_s, end_s)
    return float((season.rates * np.diff(edges)).sum())


def test_all_answers_come_within_the_window_and_the_peaks_share_in_its_last_hour() -> None:
    assert expected(SEASON, 0, SEASON.window_s) == pytest.approx(250_000)
    assert expected(SEASON, SEASON.window_s - HOUR, SEASON.window_s) == pytest.approx(50_000)
    million = Season(1_000_000, 24 * HOUR, 0.2, {Modality.VIDEO: 1.0})
    assert busiest(million).rate_per_s == pytest.approx(1e6 * 0.2 / 3600)


def test_days_have_their_rhythm_and_the_last_one_its_weight() -> None:
    midnight, evening = 48 * HOUR - 24 * HOUR + 8 * HOUR, 24 * HOUR - 4 * HOUR
    assert expected(SEASON, evening - HOUR, evening) > 5 * expected(SEASON, midnight, midnight + HOUR)
    flat = replace(SEASON, rhythm=0.0)
    days = [expected(flat, day * 24 * HOUR, (day + 1) * 24 * HOUR - HOUR) for day in range(3)]
    assert days[0] == pytest.approx(days[1])
    assert days[2] == pytest.approx(1.5 * days[1])


def test_without_a_deadlines_peak_the_busiest_hour_is_an_evening_of_the_heaviest_day() -> None:
    peak = busiest(replace(SEASON, deadline_peak=0.0))
    assert 48 * HOUR + 19 * HOUR <= peak.start_s <= 48 * HOUR + 20 * HOUR
    assert peak.end_s - peak.start_s == pytest.approx(HOUR)


def test_arrivals_have_the_season_s_rate_mix_and_lengths_and_equal_seeds_repeat_them() -> None:
    start_s, end_s = SEASON.window_s - 1800, SEASON.window_s
    one, again = (draw(SEASON, start_s, end_s, np.random.default_rng(3)) for _ in range(2))
    assert len(one) == pytest.approx(25_000, abs=5 * 25_000**0.5)
    assert (np.diff(one.at_s) >= 0).all()
    assert 0 <= one.at_s[0] < one.at_s[-1] <= 1800
    text = one.modality == MODALITIES.index(Modality.TEXT)
    assert text.mean() == pytest.approx(0.25, abs=0.02)
    assert (one.media_s[text] == 0).all()
    assert one.media_s[~text].mean() == pytest.approx(SEASON.mean_media_s, rel=0.02)
    assert one.media_s.max() <= 600
    for name in ("at_s", "modality", "media_s", "luck", "bulk"):
        assert (getattr(one, name) == getattr(again, name)).all()


def test_a_fleet_with_room_is_seen_in_a_stretch_and_a_small_one_from_where_its_backlog_begins() -> None:
    peak = busiest(SEASON)
    roomy = stretch_for(SEASON, peak, 2 * peak.rate_per_s, 10_000)
    assert expected(SEASON, roomy.start_s, roomy.end_s) == pytest.approx(10_000)
    assert roomy.start_s < roomy.judged_from_s < roomy.end_s == SEASON.window_s
    small = stretch_for(SEASON, peak, 0.8 * peak.rate_per_s, 10_000)
    assert (small.start_s, small.judged_from_s) == (peak.start_s - 600, peak.start_s)
    # A fifth of the arrivals is not served in time: the last answer of the hour waits a quarter of an hour.
    assert fluid_wait_s(SEASON, peak, 0.8 * peak.rate_per_s, 100) == pytest.approx(900)
    assert fluid_wait_s(SEASON, peak, 2 * peak.rate_per_s, 100) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answers": 0}, "answers is 0, it must be at least 1"),
        ({"window_s": 60.0}, "window is 60 s, it must be an answer's 120 s or more"),
        ({"window_s": 1800.0}, "window is 1800 s, it must be the peak's 3600 s or more"),
        ({"window_s": HOUR}, "deadline-peak is 0.2, it must be 1 in a window of the peak alone"),
        ({"deadline_peak": 1.2}, "deadline-peak is 1.2, it must be 0 to 1"),
        ({"deadline_peak": float("nan")}, "deadline-peak is nan, it must be 0 to 1"),
        ({"media_s": 900.0}, "seconds is 900.0, it must be 1 to 600"),
        ({"mix": {Modality.TEXT: 0.4}}, r"mix is \{'text': 0.4\}, it must be shares that sum to 1"),
        ({"bulk": 1.0}, "bulk is 1.0, it must be at least 0 and below 1"),
    ],
)
def test_a_season_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(BenchError, match=f"^{message}$"):
        replace(SEASON, **change)  # type: ignore[arg-type]

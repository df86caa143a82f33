"""Numbers become text and geometry without being bent."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.domain.facts import FriendlinessPoint, Interval
from serving.domain.transcript import Sentence, Transcript, Word
from serving.report.charts import ScoreBar, Span, radar, waterfall
from serving.report.evidence import EvidenceIndex
from serving.report.formats import clock, number, rounded_parts, signed
from serving.report.highlight import Marks, TextMap, lines_of
from serving.report.timeline import curve, interval_blocks, time_ticks
from serving.report.viewmodel import build_view
from serving.report.wording import wording


def printed(text: str) -> float:
    return float(text.replace("−", "-"))


@given(st.lists(st.integers(-3000, 4000), min_size=1, max_size=16))
def test_printed_parts_add_up_to_the_printed_score(thousandths):
    parts = [value / 1000 for value in thousandths]
    fall = waterfall([(str(i), str(i), value) for i, value in enumerate(parts)], math.fsum(parts))
    assert fall.adds_up
    assert math.fsum(printed(step.text) for step in fall.steps) == pytest.approx(printed(fall.total_text), abs=1e-9)
    for step, value in zip(fall.steps, parts, strict=True):
        assert abs(printed(step.text) - value) < 0.01


def test_parts_that_do_not_sum_to_the_score_are_left_alone_and_reported():
    fall = waterfall([("base", "Base", 2.5), ("result", "Result", 1.0)], 7.0)
    assert not fall.adds_up
    assert [step.text for step in fall.steps] == ["+2.50", "+1.00"]


def test_a_waterfall_step_starts_where_the_last_one_ended():
    fall = waterfall([("base", "", 4.0), ("up", "", 2.0), ("down", "", -1.0)], 5.0)
    assert [(s.span.x, s.span.width, s.end) for s in fall.steps] == [
        ("0%", "40%", "40%"),
        ("40%", "20%", "60%"),
        ("50%", "10%", "50%"),
    ]
    assert [step.kind for step in fall.steps] == ["base", "plus", "minus"]


def test_a_running_total_over_ten_stretches_the_axis_instead_of_leaving_it():
    fall = waterfall([("base", "", 11.0), ("bound", "", -1.0)], 10.0)
    assert fall.steps[0].span == Span("0%", "100%")
    assert fall.total.width == "90.91%"


def test_a_score_bar_places_score_and_range():
    assert ScoreBar.of(7.0, 6.0, 8.5) == ScoreBar(Span("0%", "70%"), Span("60%", "25%"), "70%")


def test_a_radar_puts_its_first_point_straight_up_in_proportion_to_the_score():
    chart = radar([("a", 10.0, 8.0, 10.0), ("b", 5.0, 4.0, 6.0), ("c", 0.0, 0.0, 1.0)])
    centre_y, rim_y = float(chart.centre_y), float(chart.axes[0].y)
    assert float(chart.axes[0].point_y) == rim_y < centre_y
    assert chart.axes[0].point_x == chart.centre_x
    assert (chart.axes[2].point_x, chart.axes[2].point_y) == (chart.centre_x, chart.centre_y)
    half = math.dist((float(chart.axes[1].point_x), float(chart.axes[1].point_y)), (float(chart.centre_x), centre_y))
    assert half == pytest.approx((centre_y - rim_y) / 2, abs=0.02)


def test_two_scores_make_no_radar():
    assert radar([("a", 1.0, 0.0, 2.0), ("b", 1.0, 0.0, 2.0)]) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00.0"), (59.96, "1:00.0"), (61.24, "1:01.2"), (600.0, "10:00.0"), (None, "–")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_numbers_without_a_value_are_dashes_and_zero_has_no_minus():
    assert [number(None), number(math.nan), signed(math.inf)] == ["–", "–", "–"]
    assert number(-0.04) == "0.0"
    assert signed(-0.3) == "−0.30"


@given(st.floats(0.1, 1e9))
def test_a_time_axis_never_has_more_labels_than_a_phone_can_show(duration_s):
    assert 1 <= len(time_ticks(duration_s)) <= 7


def test_intervals_outside_the_answer_are_held_inside_the_drawing():
    (block,) = interval_blocks([Interval(-1.0, 30.0)], 10.0)
    assert block.span == Span("0%", "100%")


@pytest.mark.parametrize(("count", "rows"), [(2, 2), (60, 60), (61, 31), (1800, 60)])
def test_a_curve_draws_exactly_the_points_of_its_table(count, rows):
    drawn = curve([FriendlinessPoint(i / 3, (i % 10) / 10) for i in range(count)], count / 3)
    assert len(drawn.rows) == rows == len(drawn.points.split())
    assert drawn.averaged == (count > 60)
    for point, (_, value) in zip(drawn.points.split(), drawn.rows, strict=True):
        assert float(point.split(",")[1]) == pytest.approx(100 - 100 * value, abs=0.01)


def test_rounded_parts_leave_exact_parts_as_they_are():
    assert rounded_parts([2.5, 1.25, -0.75], 3.0) == [2.5, 1.25, -0.75]


def spoken(text: str) -> Transcript:
    words, at = [], 0.0
    for word in text.split():
        words.append(Word(word, at, at + 0.5, 0.9))
        at += 0.5
    return Transcript(text, "en", 1.0, (Sentence(text, 0, len(text), 0.0, at),), tuple(words))


def test_a_quote_that_stands_twice_is_found_at_its_time():
    text = TextMap(spoken("we tried it again and then we tried it again"))
    assert text.find("we tried it", 0.0) == (0, 11)
    assert text.find("we tried it", 3.0) == (27, 38)


def test_a_filler_is_not_found_inside_another_word():
    text = TextMap(spoken("the sum was, um, right"))
    assert text.find("um", None) == (13, 15)
    assert text.find("hm", None) is None


def test_equal_fillers_take_one_place_each():
    text = TextMap(spoken("um so um"))
    first = text.find("um", None)
    assert (first, text.find("um", None, taken=[first])) == ((0, 2), (6, 8))


def test_overlapping_evidence_is_cut_into_groups_that_lose_nothing():
    marks = Marks(evidence=((1, (0, 6)), (2, (4, 9))))
    groups = marks.groups("abcdefghij", 0, 10)
    assert [("".join(p.text for p in g.pieces), g.evidence, g.ends) for g in groups] == [
        ("abcd", (1,), ()),
        ("ef", (1, 2), (1,)),
        ("ghi", (2,), (2,)),
        ("j", (), ()),
    ]


def test_text_between_and_after_sentences_is_kept():
    transcript = Transcript("One. two Three.", "en", 1.0, (Sentence("One.", 0, 4), Sentence("Three.", 9, 15)))
    assert [line.text.strip() for line in lines_of(transcript)] == ["One.", "two", "Three."]


def test_competencies_that_share_a_quote_share_its_number(assessment_named):
    answer = assessment_named("english_video")
    index = EvidenceIndex(answer, TextMap(answer.transcript))
    numbers = [index.number(e) for c in answer.competencies for e in c.evidence]
    assert numbers == [1, 2, 3, 4, 1, 5, 6, 7, 2, 3]


def test_every_evidence_of_the_fixtures_is_found_where_it_was_said(assessment):
    text = TextMap(assessment.transcript)
    index = EvidenceIndex(assessment, text)
    places = dict(index.ranges)
    for competency in assessment.competencies:
        for evidence in competency.evidence:
            start, end = places[index.number(evidence)]
            assert assessment.transcript.text[start:end] == evidence.quote


def test_tables_hold_what_the_charts_draw(assessment_named):
    view = build_view(assessment_named("english_video"), wording("en"))
    assert sum(len(lane.blocks) for lane in view.star.chart.lanes) == len(view.star.rows)
    assert sum(len(lane.blocks) for lane in view.behavior.chart.lanes) == len(view.behavior.rows)
    assert sum(len(lane.blocks) for lane in view.delivery.chart.lanes) == len(view.delivery.rows)
    assert [text for _, text in view.behavior.curve.rows] == [
        f"{100 * value:.0f}%" for _, value in view.behavior.curve.curve.rows
    ]


def test_absent_facts_have_no_tile(assessment_named):
    answer = assessment_named("english_video")
    labels = {tile.label for tile in build_view(answer, wording("en")).delivery.tiles}
    assert "Pitch" in labels
    quiet = replace(answer, delivery=replace(answer.delivery, pitch_median_hz=None))
    assert {tile.label for tile in build_view(quiet, wording("en")).delivery.tiles} == labels - {"Pitch"}


def test_a_face_that_was_never_seen_has_no_smiles_to_count(assessment_named):
    assert build_view(assessment_named("silent_video"), wording("en")).behavior.tiles == ()


def test_no_chart_holds_a_number_that_is_not_finite(assessment_named):
    answer = assessment_named("english_video")
    nan = math.nan
    broken = replace(
        answer,
        competencies=tuple(replace(c, score=nan, low=nan, high=nan) for c in answer.competencies),
        coherence_detail=replace(answer.coherence_detail, overall=nan),
        media=replace(answer.media, duration_s=nan),
    )
    view = build_view(broken, wording("en"))
    assert view.scores.scored == 0
    assert not re.search(r"\bnan\b", repr(view.scores) + repr(view.coherence) + repr(view.meta))

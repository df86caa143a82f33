"""The pages behind links: complete, escaped, self-contained, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from serving.domain.report import Outcome
from serving.report import render_feedback, render_interview, render_notice, render_report
from tests.unit.report.sample_pages import COMPETENCIES, RULE, feedback_page, interview_page
from tests.unit.report.test_report_page import HOSTILE, UNSTYLED, Page

STATES = {"true", "ran"}  # the plain look of a state needs no rule of its own


@pytest.fixture
def interview(assessment_named, language):
    return render_interview(interview_page(*map(assessment_named, ("english_video", "chinese_text"))), language)


@pytest.fixture
def feedback(assessment_named, language):
    return render_feedback(feedback_page(*map(assessment_named, ("english_video", "chinese_text"))), language)


@pytest.fixture(params=["interview", "feedback", "notice"])
def html(request, interview, feedback):
    return {"interview": interview, "feedback": feedback, "notice": render_notice("busy")}[request.param]


def test_each_page_is_well_formed_and_its_references_lead_somewhere(html):
    page = Page(html)
    assert not page.open
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs, _ in page.elements:
        assert set(attrs.get("aria-labelledby", "").split()) <= set(ids)
        assert set(attrs.get("for", "").split()) <= set(ids)
        if attrs.get("href", "").startswith("#"):
            assert attrs["href"][1:] in ids


def test_each_page_needs_nothing_but_itself(html):
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _, _ in page.elements}
    for _, attrs, _ in page.elements:
        assert "style" not in attrs and "src" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        assert attrs.get("href", "#").startswith("#")
    ((_, style),) = page.all("style")
    styled = set(re.findall(r"\.([a-z][a-z-]*)", re.sub(r"\{[^{}]*\}", "{}", style)))
    used = {name for _, attrs, _ in page.elements for name in attrs.get("class", "").split()}
    assert used - styled <= UNSTYLED | STATES


def test_only_the_candidate_s_page_may_send_forms_and_only_to_its_own_server(assessment_named):
    def policy(html: str) -> str:
        return re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1].replace("&#39;", "'")

    answer = assessment_named("english_audio")
    assert policy(render_interview(interview_page(answer), "en")).endswith("form-action 'none'")
    assert policy(render_feedback(feedback_page(answer), "en")).endswith("form-action 'self'")


def test_a_report_shows_scores_ranges_weights_rules_policy_people_and_every_answer(interview, language):
    page = Page(interview)
    text = " ".join("".join(page.text).split())
    (table,) = [body for attrs, body in page.all("table", "weighed")]
    for one in COMPETENCIES:
        assert f"{one.weight:.0%}" in table
        for value in (one.score, one.low, one.high):
            assert value is None or f"{value:.1f}" in table
    for clause in RULE.clauses:
        assert clause.expression in text and clause.facts[0] in text
    said = {
        "en": ("Is kept waiting", "Not looked at", "The transcript was corrected", "Not answered", "follows a review"),
        "zh": ("暂缓", "未分析", "已更正回答文字", "未作答", "在复核之后生成"),
    }[language]
    for words in (*said, "c-4711", "2026-11-25 14:30 UTC", "m.muster", "My microphone was broken.", "Art. 5"):
        assert words in text
    answers = page.all("details", "answer")
    assert [attrs["id"] for attrs, _ in answers] == ["answer-1", "answer-2", "answer-3"]
    assert "The warehouse manager" in answers[0][1] and "我先把投诉" in answers[1][1]


def test_a_report_says_that_it_follows_another_try_beside_a_review(language):
    page = interview_page()
    again = replace(page.report, cause="review:k1,retry:q1")
    text = "".join(Page(render_interview(replace(page, report=again), language)).text)
    said = {"en": ("follows a review", "follows another try"), "zh": ("在复核之后生成", "在重试之后生成")}
    for words in said[language]:
        assert words in text


def test_the_sections_of_an_answer_are_those_of_its_own_page(assessment_named, language):
    answer = assessment_named("english_video")
    alone = Page(render_report(answer, language))
    within = Page(render_interview(interview_page(answer), language))
    sections = [attrs["id"] for attrs, _ in alone.all("section")]
    assert [f"a1-{name}" for name in sections] == [
        attrs["id"] for attrs, _ in within.all("section") if attrs["id"].startswith("a1-")
    ]
    texts = {attrs["id"]: text for attrs, text in within.all("section")}
    for attrs, text in alone.all("section"):
        assert texts[f"a1-{attrs['id']}"] == text


def test_a_report_without_scores_rules_or_answers_has_no_holes(language):
    page = interview_page()
    bare = replace(page.report, competencies=(), recommendations=(), overall=type(page.report.overall)(), cause="")
    html = render_interview(replace(page, report=bare, decisions=(), contests=(), newest=False), language)
    text = "".join(Page(html).text)
    for words in {
        "en": ("No score", "No screening rule", "Nobody has decided yet", "not contested", "A newer report"),
        "zh": ("未评分", "没有设置筛选规则", "尚未有人作出决定", "没有提出异议", "已有更新的报告"),
    }[language]:
        assert words in text


def test_a_candidate_sees_scores_only_where_they_are_shown(assessment_named, language):
    answer = assessment_named("english_audio")
    assert ">7.3<" in render_feedback(feedback_page(answer), language)
    hidden = render_feedback(feedback_page(answer, scores=False), language)
    assert not Page(hidden).all("table", "scores")
    assert all(suggestion in hidden for suggestion in answer.suggestions)
    assert answer.transcript.text.split()[0] in hidden


def test_forms_go_below_the_address_of_the_page(feedback):
    assert re.findall(r'<form method="post" action="([^"]*)"', feedback) == ["abc.def/contest", "abc.def/satisfaction"]


def test_what_people_and_candidates_wrote_stays_text(assessment_named, language):
    page = interview_page(assessment_named("english_audio"))
    decision = replace(page.decisions[0], reason=HOSTILE, decider=HOSTILE, outcome=Outcome.REJECT)
    contest = replace(page.contests[0], statement=HOSTILE, review=replace(page.contests[0].review, reason=HOSTILE))
    rule = replace(RULE, display_name=HOSTILE, expression=HOSTILE)
    report = replace(page.report, role_display_name=HOSTILE, recommendations=(rule,))
    html = render_interview(replace(page, report=report, decisions=(decision,), contests=(contest,)), language)
    shown = feedback_page(assessment_named("english_audio"), token=HOSTILE)
    question = replace(shown.feedback.questions[0], question=HOSTILE, transcript=HOSTILE, suggestions=(HOSTILE,))
    feedback = replace(shown.feedback, role_display_name=HOSTILE, questions=(question,), contest_notice=HOSTILE)
    for text in (html, render_feedback(replace(shown, feedback=feedback), language)):
        text.encode("utf-8")
        page_of = Page(text)
        assert not page_of.open and len(page_of.all("style")) == 1
        assert "script" not in {tag for tag, _, _ in page_of.elements}
        assert "<script>alert(1)</script>" in "".join(page_of.text)


@pytest.mark.parametrize("word", ["unknown", "refused", "busy", "fault"])
def test_a_notice_speaks_both_languages(word):
    page = Page(render_notice(word))
    assert [attrs["lang"] for attrs, _ in page.all("section")] == ["en", "zh-Hans"]
    assert all(text.strip() for _, text in (*page.all("h1"), *page.all("p")))

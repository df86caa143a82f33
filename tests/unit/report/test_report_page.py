"""The page as a whole: self-contained, escaped, complete, the same every time."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from serving.domain.assessment import Evidence, ScoreStatus
from serving.domain.transcript import Sentence
from serving.report import render_report
from serving.report.formats import clock_span, number

VOID = {"meta", "input"}
UNSTYLED = {"ran", "lanes", "levels"}  # there to be told apart from their styled siblings


class Page(HTMLParser):
    """Tags with attributes and their whole text, by a real parser."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[tuple[str, dict[str, str], list[str]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        element = (tag, {key: value or "" for key, value in attrs}, [])
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, {key: value or "" for key, value in attrs}, []))

    def handle_endtag(self, tag):
        assert self.open[-1][0] == tag, f"<{self.open[-1][0]}> closed by </{tag}>"
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element[2].append(data)
        if not self.open or self.open[-1][0] != "style":
            self.text.append(data)

    def all(self, tag: str, css: str = "") -> list[tuple[dict[str, str], str]]:
        found = [(attrs, "".join(text)) for name, attrs, text in self.elements if name == tag]
        return [item for item in found if not css or css in item[0].get("class", "").split()]


def test_the_page_is_well_formed_and_its_references_lead_somewhere(assessment, language):
    page = Page(render_report(assessment, language))
    assert not page.open
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs, _ in page.elements:
        for name in attrs.get("aria-labelledby", "").split():
            assert name in ids
        if attrs.get("href", "").startswith("#"):
            assert attrs["href"][1:] in ids


def test_the_page_needs_nothing_but_itself(assessment, language):
    html = render_report(assessment, language)
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _, _ in page.elements}
    for _, attrs, _ in page.elements:
        assert "style" not in attrs and "src" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        assert attrs.get("href", "#").startswith("#")
    assert "url(" not in html and "@import" not in html


def test_the_policy_allows_the_style_sheet_by_its_hash_and_nothing_else(assessment, language):
    page = Page(render_report(assessment, language))
    (policy,) = [a["content"] for a, _ in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    ((_, style),) = page.all("style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_every_class_of_the_page_is_styled(assessment):
    page = Page(render_report(assessment, "en"))
    ((_, style),) = page.all("style")
    styled = set(re.findall(r"\.([a-z][a-z-]*)", re.sub(r"\{[^{}]*\}", "{}", style)))
    used = {name for _, attrs, _ in page.elements for name in attrs.get("class", "").split()}
    assert used - styled <= UNSTYLED


def test_the_page_tells_its_language_title_and_viewport(assessment):
    for language, tag in (("en", "en"), ("zh", "zh-Hans")):
        page = Page(render_report(assessment, language))
        assert page.all("html")[0][0]["lang"] == tag
        assert assessment.question in page.all("title")[0][1]
        assert any(a.get("name") == "viewport" for a, _ in page.all("meta"))


def test_equal_assessments_give_equal_pages(assessment_named, language):
    first, again = assessment_named("english_video"), assessment_named("english_video")
    assert render_report(first, language) == render_report(again, language)


HOSTILE = (
    "<script>alert(1)</script> \"quoted\" 'single' & </style> {{ 7*7 }} \u202egnihton\u202c \x00\x1b[31m \ud800 end"
)


def test_a_hostile_assessment_stays_text(assessment_named, language):
    answer = assessment_named("english_video")
    first = answer.competencies[0]
    hostile = replace(
        answer,
        question=HOSTILE,
        role=HOSTILE,
        suggestions=(HOSTILE,),
        keywords=(HOSTILE,),
        language=HOSTILE,
        competencies=(
            replace(
                first,
                name=HOSTILE,
                contributions=(replace(first.contributions[0], name=HOSTILE, points=first.score),),
                dimensions=(replace(first.dimensions[0], name=HOSTILE),),
                evidence=(replace(first.evidence[0], quote=HOSTILE, contribution=HOSTILE),),
            ),
        ),
        transcript=replace(
            answer.transcript, text=HOSTILE, sentences=(Sentence(HOSTILE, 0, len(HOSTILE), 0.0, 1.0),), words=()
        ),
        star=replace(answer.star, sentences=(replace(answer.star.sentences[0], text=HOSTILE),), missing=(HOSTILE,)),
        flags=tuple(replace(flag, kind=HOSTILE, quote=HOSTILE) for flag in answer.flags),
        modalities=tuple(replace(m, name=HOSTILE, reason=HOSTILE, message=HOSTILE) for m in answer.modalities),
        media=replace(answer.media, kind=HOSTILE, container=HOSTILE),
        provenance=replace(answer.provenance, pipeline_version=HOSTILE),
    )
    html = render_report(hostile, language)
    html.encode("utf-8")
    page = Page(html)
    assert not page.open
    assert "script" not in {tag for tag, _, _ in page.elements}
    assert len(page.all("style")) == 1
    assert not any(name.startswith("on") or name == "style" for _, attrs, _ in page.elements for name in attrs)
    text = "".join(page.text)
    assert "<script>alert(1)</script>" in text and "{{ 7*7 }}" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", html)


def test_every_quote_of_evidence_is_highlighted_and_shown_with_its_time(assessment, language):
    page = Page(render_report(assessment, language))
    marked = "".join(text for _, text in page.all("mark"))
    quotes = [text for _, text in page.all("q")]
    sources = [text for _, text in page.all("p", "source")]
    for competency in assessment.competencies:
        for evidence in competency.evidence:
            assert evidence.quote in marked
            assert evidence.quote in quotes
            assert any(clock_span(evidence.start_offset_s, evidence.end_offset_s) in source for source in sources)


def test_every_word_of_the_transcript_is_on_the_page_once(assessment, language):
    page = Page(render_report(assessment, language))
    lines = re.findall(r'<ol class="lines.*?</ol>', render_report(assessment, language), re.DOTALL)
    shown = "".join(
        text for attrs, text in Page(re.sub(r'<a class="ref".*?</a>', "", "".join(lines))).all("p") if "lang" in attrs
    )
    assert "".join(shown.split()) == "".join(assessment.transcript.text.split())
    assert bool(lines) == bool(assessment.transcript.text)
    assert page.text


def test_the_table_of_scores_holds_the_scores_and_ranges(assessment, language):
    page = Page(render_report(assessment, language))
    ((_, table),) = page.all("table", "scores")
    for competency in assessment.competencies:
        if competency.status is ScoreStatus.SCORED:
            for value in (competency.score, competency.low, competency.high):
                assert number(value) in table


def test_nothing_is_said_in_numbers_where_nothing_was_scored(assessment_named, language):
    html = render_report(assessment_named("silent_video"), language)
    main = html[html.index("<main") : html.index('id="coverage"')]
    visible = "".join(Page(main[: main.rindex("<section")]).text)
    assert not re.search(r"\d", visible)
    assert "<svg" not in main


def test_a_text_answer_has_no_times_and_is_placed_by_its_text(assessment_named, language):
    page = Page(render_report(assessment_named("chinese_text"), language))
    assert not page.all("span", "time")
    ((_, table),) = page.all("table", "star-table")
    assert "0%–7%" in table and "90%–100%" in table
    assert not re.search(r"\d:\d\d", "".join(page.text))


def test_partial_media_says_how_much_was_scored(assessment_named):
    english = "".join(Page(render_report(assessment_named("english_audio"), "en")).text)
    assert "Scored on 12.3 s of 60.0 s." in english
    chinese = "".join(Page(render_report(assessment_named("english_audio"), "zh")).text)
    assert "全长 60.0 秒，依据其中 12.3 秒评分。" in chinese


def test_a_track_that_ends_a_little_early_is_not_called_partial(assessment_named):
    answer = assessment_named("english_video")
    media = replace(answer.media, decoded_s=answer.media.duration_s - 0.04, decoded_ratio=0.9995)
    assert "Scored on" not in "".join(Page(render_report(replace(answer, media=media), "en")).text)


def test_facts_of_voice_and_face_are_said_to_be_no_part_of_the_score(assessment_named):
    answer = assessment_named("english_video")
    assert render_report(answer, "en").count("Not part of the score") == 2
    first = answer.competencies[0]
    part = replace(first.contributions[-1], name="signal_pace", points=-0.5)
    scored = replace(first, contributions=(*first.contributions[:-1], part))
    assert render_report(replace(answer, competencies=(scored,)), "en").count("Not part of the score") == 1


def test_what_lowered_a_score_is_quoted_beside_what_raised_it(assessment_named, language):
    answer = assessment_named("english_audio")
    concern = Evidence("I do not know <b>why</b>.", "padding", 3.0, 4.5)
    scored = replace(answer.competencies[0], concerns=(concern,))
    page = "".join(Page(render_report(replace(answer, competencies=(scored,)), language)).text)
    assert "I do not know <b>why</b>." in page
    assert {"en": "Lowered: Talk without content", "zh": "影响：空话"}[language] in page


def test_unknown_names_stay_readable(assessment_named, language):
    answer = assessment_named("english_audio")
    first = replace(answer.competencies[0], name="night_shift_readiness")
    text = "".join(Page(render_report(replace(answer, competencies=(first,)), language)).text)
    assert "Night shift readiness" in text


@pytest.mark.parametrize("field", ["question", "role"])
def test_empty_fields_leave_no_hole(assessment_named, language, field):
    page = Page(render_report(replace(assessment_named("english_audio"), **{field: ""}), language))
    assert all(text.strip() for _, text in page.all("h1"))
    assert all(text.strip() for _, text in page.all("dd"))

"""The report page in a real headless Chromium: layout, policy, colours and print."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from google.protobuf.json_format import ParseDict

from serving.api.assessments import from_message
from serving.domain.assessment import Assessment, ScoreStatus
from serving.report import render_feedback, render_interview, render_report
from tests.unit.report.sample_pages import feedback_page, interview_page
from viva.v1 import assessment_pb2

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH (apt-get install chromium)")

FOLDER = Path(__file__).parents[1] / "data" / "report"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
DESKTOP, PHONE = 1280, 390
A4_POINTS = (595, 842)


def load(name: str) -> Assessment:
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return from_message(ParseDict(stored, assessment_pb2.Assessment()))


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as play:
        # Chromium's sandbox refuses to run as root, which containers of CI often are.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


class Shown:
    """A page in the browser, with everything that it complained about and asked for."""

    def __init__(self, browser: sync_api.Browser, path: Path, html: str, width: int, scheme: str = "light") -> None:
        path.write_text(html, encoding="utf-8")
        self.context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.url = path.as_uri()

    def __enter__(self) -> Shown:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


WIDEST = """() => Math.max(document.documentElement.scrollWidth,
    ...[...document.querySelectorAll('main *, header *, footer *')]
        .filter(e => !e.closest('nav, .scroll, .hidden') && !e.classList.contains('hidden'))
        .map(e => e.getBoundingClientRect().right))"""


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_the_page_fits_its_window_and_asks_for_nothing(browser, tmp_path, name, language, width):
    with Shown(browser, tmp_path / "report.html", render_report(load(name), language), width) as shown:
        assert shown.complaints == []
        assert shown.requests == [shown.url]
        assert shown.page.evaluate(WIDEST) <= width
        assert shown.page.title().endswith(load(name).question)
        assert len(shown.page.screenshot(full_page=True)) > 10_000


def both_pages(language: str, *names: str) -> dict[str, str]:
    """The recruiter's and the candidate's page over these answers."""
    answers = [load(name) for name in names]
    return {
        "interview": render_interview(interview_page(*answers), language),
        "feedback": render_feedback(feedback_page(*answers), language),
    }


OPEN_ALL = "() => document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.mark.parametrize("width", [DESKTOP, PHONE, 320])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["interview", "feedback"])
def test_pages_over_several_answers_fit_their_window_with_everything_open(browser, tmp_path, kind, language, width):
    html = both_pages(language, "english_video", "chinese_text", "silent_video")[kind]
    with Shown(browser, tmp_path / "page.html", html, width) as shown:
        shown.page.evaluate(OPEN_ALL)
        assert shown.complaints == []
        assert shown.requests == [shown.url]
        assert shown.page.evaluate(WIDEST) <= width


def test_a_link_to_evidence_opens_the_answer_that_it_is_in(browser, tmp_path):
    html = both_pages("en", "english_audio", "english_video")["interview"]
    with Shown(browser, tmp_path / "page.html", html, DESKTOP) as shown:
        answer = shown.page.locator("#answer-2")
        assert answer.get_attribute("open") is None
        shown.page.goto(f"{shown.url}#a2-mark-1")
        assert shown.page.locator("#a2-mark-1").is_visible()
        shown.page.locator("#a2-mark-1").click()
        assert shown.page.url.endswith("#a2-evidence-1")


def test_folded_answers_are_printed_and_forms_are_not(browser, tmp_path):
    pages = both_pages("en", "english_audio", "english_video")
    with Shown(browser, tmp_path / "page.html", pages["interview"], DESKTOP) as shown:
        shown.page.emulate_media(media="print")
        assert shown.page.locator("#a2-transcript").is_visible()
        assert shown.page.locator(".answer > summary").first.is_visible()
        whole = "".join(
            page.extract_text() for page in pypdf.PdfReader(BytesIO(shown.page.pdf(prefer_css_page_size=True))).pages
        )
    assert letters(load("english_video").transcript.text[:40]) in letters(whole)
    with Shown(browser, tmp_path / "page.html", pages["feedback"], DESKTOP) as shown:
        shown.page.emulate_media(media="print")
        assert not shown.page.locator("form").first.is_visible()


@pytest.mark.parametrize("width", [PHONE, 320])
def test_words_that_cannot_be_broken_do_not_widen_a_phone_page(browser, tmp_path, width):
    long = "Donaudampfschifffahrt" * 12
    answer = load("english_audio")
    first = answer.competencies[0]
    answer = replace(
        answer,
        question=long,
        role=long,
        keywords=(long,),
        suggestions=(long,),
        competencies=(replace(first, name=long, dimensions=(replace(first.dimensions[0], name=long),)),),
        modalities=tuple(replace(m, message=long, reason=long, name=long) for m in answer.modalities),
        flags=(),
    )
    with Shown(browser, tmp_path / "report.html", render_report(answer, "en"), width) as shown:
        assert shown.page.evaluate(WIDEST) <= width


def test_dots_stand_at_their_scores(browser, tmp_path):
    answer = load("english_video")
    scores = [c.score for c in answer.competencies if c.status is ScoreStatus.SCORED]
    with Shown(browser, tmp_path / "report.html", render_report(answer, "en"), DESKTOP) as shown:
        places = shown.page.evaluate(
            """() => [...document.querySelectorAll('table.scores svg')].map(svg => {
                const axis = svg.querySelector('.track').getBoundingClientRect()
                const dot = svg.querySelector('.dot').getBoundingClientRect()
                return 10 * ((dot.left + dot.right) / 2 - axis.left) / axis.width })"""
        )
    assert places == pytest.approx(scores, abs=0.05)


def test_the_policy_stops_styles_and_scripts_that_are_not_the_page_s_own(browser, tmp_path):
    with Shown(browser, tmp_path / "report.html", render_report(load("english_audio"), "en"), DESKTOP) as shown:
        shown.page.evaluate(
            """() => { const p = document.createElement('p'); p.id = 'probe'
                p.innerHTML = '<img src="x" onerror="window.ran = true"><b style="color: rgb(1, 2, 3)">x</b>'
                document.body.append(p) }"""
        )
        shown.page.wait_for_timeout(50)
        colour = shown.page.evaluate("() => getComputedStyle(document.querySelector('#probe b')).color")
        assert colour != "rgb(1, 2, 3)"
        assert shown.page.evaluate("() => window.ran") is None
        assert any("Content Security Policy" in complaint for complaint in shown.complaints)


def test_roles_evidence_and_curves_have_the_look_that_tells_them_apart(browser, tmp_path):
    style = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
    with Shown(browser, tmp_path / "report.html", render_report(load("english_video"), "en"), DESKTOP) as shown:
        looks = [shown.page.evaluate(style, [f".chip.{letter}", "backgroundColor"]) for letter in "star"]
        blocks = [shown.page.evaluate(style, [f".block.{letter}", "fill"]) for letter in "star"]
        assert len(set(looks)) == 4 and looks == blocks
        assert shown.page.evaluate(style, [".lines mark", "backgroundColor"]) == "rgb(255, 237, 179)"
        assert shown.page.evaluate(style, [".curve .line", "fill"]) == "none"
        assert shown.page.evaluate(style, [".lines .doubt", "textDecorationStyle"]) == "dotted"
        assert shown.page.evaluate(style, [".lines .filler", "borderBottomStyle"]) == "solid"


def test_dark_windows_get_dark_pages_and_paper_stays_white(browser, tmp_path):
    background = "() => getComputedStyle(document.body).backgroundColor"
    html = render_report(load("chinese_text"), "zh")
    with Shown(browser, tmp_path / "report.html", html, PHONE, scheme="dark") as shown:
        assert shown.page.evaluate(background) == "rgb(15, 19, 24)"
        shown.page.emulate_media(media="print", color_scheme="dark")
        assert shown.page.evaluate(background) == "rgb(255, 255, 255)"


def letters(text: str) -> str:
    """Text as a PDF reader may give it back: white space moves, and some glyphs become ligatures or radicals."""
    return "".join(unicodedata.normalize("NFKC", text).split())


@pytest.mark.parametrize(
    ("name", "language"), [("english_video", "en"), ("chinese_text", "zh"), ("silent_video", "en")]
)
def test_the_page_prints_on_a4_with_everything_on_it(browser, tmp_path, name, language):
    answer = load(name)
    with Shown(browser, tmp_path / "report.html", render_report(answer, language), DESKTOP) as shown:
        pdf = pypdf.PdfReader(BytesIO(shown.page.pdf(prefer_css_page_size=True, print_background=True)))
    assert 1 <= len(pdf.pages) <= 12
    texts = [letters(page.extract_text()) for page in pdf.pages]
    for page, text in zip(pdf.pages, texts, strict=True):
        assert (round(page.mediabox.width), round(page.mediabox.height)) == pytest.approx(A4_POINTS, abs=1)
        assert text  # no blank sheet
    whole = "".join(texts)
    assert letters(answer.question) in whole
    for sentence in answer.star.sentences:  # in the transcript, and in the table that is folded on screen
        assert whole.count(letters(sentence.text)[:12]) >= 2


def test_folded_tables_are_printed(browser, tmp_path):
    with Shown(browser, tmp_path / "report.html", render_report(load("english_video"), "en"), DESKTOP) as shown:
        folded = shown.page.locator("details.narrow table").first
        assert not folded.is_visible()
        shown.page.emulate_media(media="print")
        assert folded.is_visible()


def test_links_between_evidence_and_transcript_lead_both_ways(browser, tmp_path):
    with Shown(browser, tmp_path / "report.html", render_report(load("english_video"), "en"), PHONE) as shown:
        shown.page.locator("#competency-1 a.ref").first.click()
        assert shown.page.url.endswith("#mark-1")
        shown.page.locator("#mark-1").click()
        assert shown.page.url.endswith("#evidence-1")

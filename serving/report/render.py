"""Renders self-contained pages: no script, no network, nothing but the one file."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from serving.domain.assessment import Assessment
from serving.domain.competency import LANGUAGES, Language
from serving.domain.pages import FeedbackPage, InterviewPage
from serving.report.feedback_view import build_feedback_view
from serving.report.formats import clean, percent
from serving.report.interview_view import build_interview_view
from serving.report.viewmodel import build_view
from serving.report.wording import wording

# form-action and base-uri do not fall back to default-src (CSP level 3, section 6.1).
_POLICY: Final = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action {forms}"


def render_report(assessment: Assessment, language: Language) -> str:
    """HTML page of `assessment` with its words in `language`; equal inputs give equal text.

    Here and below, everything that callers and candidates wrote is escaped, and characters that could break or reorder
    the page (controls, bidirectional overrides, lone surrogates) are shown as U+FFFD. The page encodes to UTF-8.
    """
    t = wording(language)
    return _render("report.html.j2", view=build_view(assessment, t), t=t)


def render_interview(page: InterviewPage, language: Language) -> str:
    """HTML page of a report over all answers, for its recruiter."""
    t = wording(language)
    return _render("interview.html.j2", view=build_interview_view(page, t), t=t)


def render_feedback(page: FeedbackPage, language: Language) -> str:
    """HTML page of a report for its candidate; its forms go to addresses below the page's own."""
    t = wording(language)
    return _render("feedback.html.j2", forms="'self'", view=build_feedback_view(page, t), t=t)


def render_notice(word: str) -> str:
    """HTML page that says in every language why there is no other: `unknown`, `refused`, `busy` or `fault`."""
    words = [wording(language) for language in LANGUAGES]
    notices = [(t.tag, t.name("notice", f"{word}_heading"), t.name("notice", word)) for t in words]
    return _render("notice.html.j2", notices=notices)


def _render(template: str, *, forms: str = "'none'", **values: object) -> str:
    style = _style()
    page = _environment().get_template(template)
    return page.render(**values, style=Markup(style), policy=_policy(style, forms))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("serving.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment


def _finalize(value: object) -> object:
    """Clean every printed value; what a template made itself (Markup) was cleaned as it was printed."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _style() -> str:
    """The style sheet with plain line feeds, as a parser sees it: the hash is taken over these very bytes."""
    source = files("serving.report") / "templates" / "style.css"
    return "\n".join(source.read_text(encoding="utf-8").splitlines())


def _policy(style: str, forms: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return _POLICY.format(digest=digest, forms=forms)

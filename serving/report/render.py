"""Renders an assessment as one self-contained page: no script, no network, nothing but this file."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from serving.domain.assessment import Assessment
from serving.domain.competency import Language
from serving.report.formats import clean, percent
from serving.report.viewmodel import build_view
from serving.report.wording import wording

# form-action and base-uri do not fall back to default-src (CSP level 3, section 6.1).
_POLICY: Final = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def render_report(assessment: Assessment, language: Language) -> str:
    """HTML page of `assessment` with its words in `language`; equal inputs give equal text.

    Everything that the assessment holds is escaped, and characters that could break or reorder the page
    (controls, bidirectional overrides, lone surrogates) are shown as U+FFFD. The page encodes to UTF-8.
    """
    t = wording(language)
    style = _style()
    page = _environment().get_template("report.html.j2")
    return page.render(view=build_view(assessment, t), t=t, style=Markup(style), policy=_policy(style))


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


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return _POLICY.format(digest=digest)

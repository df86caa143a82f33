"""Self-contained HTML pages of results: no script, no network, nothing but the one file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import BaseLoader, ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from benchmarks.harness.page_chart import HEIGHT
from benchmarks.harness.page_comparison import comparison_view
from benchmarks.harness.page_format import clean
from benchmarks.harness.page_result import result_view
from benchmarks.harness.result import Result

_TEMPLATES: Final = "page_templates"
# form-action and base-uri do not fall back to default-src (CSP level 3, section 6.1).
_POLICY: Final = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def write(result: Result, path: Path) -> None:
    """Write the page of a result. Raises `OSError`."""
    write_page(path, "result.html.j2", view=result_view(result))


def write_comparison(results: Sequence[Result], path: Path) -> None:
    """Write the page of several results, every one against the first.

    Raises:
        BenchError: the results cannot be compared, as `compare` says.
        OSError: the file cannot be written.
    """
    write_page(path, "comparison.html.j2", view=comparison_view(results))


def write_page(path: Path, template: str, loader: BaseLoader | None = None, **values: object) -> None:
    """Write a page of another package. Raises `OSError`.

    Args:
        loader: finds its templates; they include the head and the macros of this package, and have its style.
        values: what the template prints; `style`, `policy` and `plot_height` are given beside them.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    page = _environment(loader).get_template(template)
    html = page.render(**values, style=Markup(style), policy=_POLICY.format(digest=digest), plot_height=int(HEIGHT))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


@cache
def _environment(loader: BaseLoader | None) -> Environment:
    ours = PackageLoader("benchmarks.harness", _TEMPLATES)
    return Environment(
        loader=ChoiceLoader([loader, ours]) if loader else ours,
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: object) -> object:
    """Clean every printed value; what a template made itself (Markup) was cleaned as it was printed."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _style() -> str:
    """The style sheet with plain line feeds, as a parser sees it: the hash is taken over these very bytes."""
    source = files("benchmarks.harness") / _TEMPLATES / "style.css"
    return "\n".join(source.read_text(encoding="utf-8").splitlines())

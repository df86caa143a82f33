"""The pages in a real headless Chromium: nothing overflows, nothing is asked for, nothing is complained about."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks.harness import page
from tests.unit.bench_page.results import full_result, searched_result

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH (apt-get install chromium)")

WIDEST = """() => Math.max(document.documentElement.scrollWidth,
    ...[...document.querySelectorAll('main *, header *')]
        .filter(e => !e.closest('.scroll, .hidden'))
        .map(e => e.getBoundingClientRect().right))"""
# Pairs of labels of one axis that lie over each other.
OVERLAPS = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
    const boxes = [...svg.querySelectorAll(':scope > text.tick')].map(t => t.getBoundingClientRect())
    return boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b => b.width && a.width &&
        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)) }).length"""
OPEN_ALL = "() => document.querySelectorAll('details').forEach(one => one.open = true)"


@dataclass
class Shown:
    """A page in a window, with everything that it complained about and asked for."""

    page: sync_api.Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as play:
        # Chromium's sandbox refuses to run as root, which containers of CI often are.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    page.write(full_result(runs=2), folder / "result.html")
    page.write(searched_result(), folder / "search.html")
    peers = [
        full_result(5),
        full_result(5, "litserve", speed=0.8),
        full_result(5, "ray_serve_without_triton", speed=1.3),
    ]
    page.write_comparison(peers, folder / "compare.html")
    return folder


def show(browser: sync_api.Browser, path: Path, width: int, scheme: str = "light") -> Shown:
    shown = Shown(browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme).new_page())
    shown.page.on("console", lambda message: shown.complaints.append(message.text))
    shown.page.on("pageerror", lambda error: shown.complaints.append(str(error)))
    shown.page.on("request", lambda request: shown.requests.append(request.url))
    shown.page.goto(path.as_uri())
    return shown


@pytest.mark.parametrize("width", [1280, 400, 320])
@pytest.mark.parametrize("name", ["result", "search", "compare"])
def test_the_page_fits_its_window_and_asks_for_nothing(browser, pages, name, width):
    shown = show(browser, pages / f"{name}.html", width)
    shown.page.evaluate(OPEN_ALL)
    assert shown.complaints == []
    assert shown.requests == [(pages / f"{name}.html").as_uri()]
    assert shown.page.evaluate(WIDEST) <= width
    assert shown.page.evaluate(OVERLAPS) == 0
    shown.page.context.close()


def test_lines_are_seen_and_series_differ_by_more_than_colour(browser, pages):
    shown = show(browser, pages / "result.html", 1280)
    look = """(selector) => {
        const style = getComputedStyle(document.querySelector(selector))
        return [style.stroke, style.strokeDasharray] }"""
    looks = [shown.page.evaluate(look, f"#run-1-latency-latency path.line.{name}") for name in "abc"]
    assert all(stroke != "none" for stroke, _ in looks)
    assert len({dashes for _, dashes in looks}) == 3
    shown.page.context.close()


def test_dark_windows_get_dark_pages_and_paper_stays_white(browser, pages):
    background = "() => getComputedStyle(document.body).backgroundColor"
    shown = show(browser, pages / "result.html", 1280, scheme="dark")
    assert shown.page.evaluate(background) == "rgb(15, 19, 24)"
    shown.page.emulate_media(media="print", color_scheme="dark")
    assert shown.page.evaluate(background) == "rgb(255, 255, 255)"
    shown.page.context.close()

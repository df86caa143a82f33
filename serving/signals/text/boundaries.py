"""Where one sentence ends and the next begins, by punctuation, and where an overlong one may be cut."""

from __future__ import annotations

import re
from bisect import bisect_left

from serving.domain.competency import Language
from serving.signals.text.language import HAN
from serving.signals.text.units import has_unit, unit_starts

Span = tuple[int, int]

_CLOSERS = "\"'\u201d\u2019\u300d\u300f\uff09)\\]\u3011\u300b"
# A run of end marks with the quotes and brackets that close on it, or line breaks.
_END = re.compile(rf"(?P<mark>[.!?\u3002\uff01\uff1f\uff1b\u2026\uff0e]+)[{_CLOSERS}]*|(?P<line>\n\s*)")
_WIDE_MARK = re.compile("[\u3002\uff01\uff1f\uff1b]")
# Abbreviations after which a full stop ends nothing, whatever follows.
_NEVER_LAST = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "jr",
        "sr",
        "vs",
        "e.g",
        "i.e",
        "no",
        "fig",
        "dept",
        "approx",
        "gen",
        "sen",
        "rep",
        "rev",
        "hon",
    ]
)
# Abbreviations that may close a sentence: they do when a capital letter follows.
_MAYBE_LAST = frozenset(
    ["etc", "inc", "ltd", "co", "corp", "a.m", "p.m", "u.s", "u.k", "ph.d", "b.a", "m.a", "b.s", "m.s", "m.b.a"]
)
_LAST_TOKEN = re.compile(r"[A-Za-z.]+$")

# Longest sentence that is left whole, in words (en) or characters (zh): readers lose the thread near 40 words,
# the encoder's bag of n-grams loses detail, and one STAR role no longer fits.
MAX_WORDS = 45
MAX_CHARACTERS = 80
_COMMA = re.compile(r"[,;:](?=\s)|[\uff0c\uff1b\uff1a,;]|\u2014")
_CONNECTIVE = re.compile(
    r"\s(?=(?:and then|and so|so then|then|so|but|because|after that|finally|as a result|in the end|eventually"
    r"|first|next|when|and)\b)|(?=\u7136\u540e|\u6240\u4ee5|\u4f46\u662f|\u56e0\u4e3a|\u6700\u540e|\u6700\u7ec8"
    r"|\u7ed3\u679c|\u4e8e\u662f|\u63a5\u7740|\u540e\u6765|\u9996\u5148|\u5176\u6b21)",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")


def max_units(language: Language) -> int:
    """Longest sentence left whole, in units."""
    return MAX_WORDS if language == "en" else MAX_CHARACTERS


def punctuated_spans(text: str) -> list[Span]:
    """Sentence ranges by punctuation and line breaks, trimmed of white space; ranges without a word are dropped."""
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        if match.end() <= start or not _ends_sentence(text, match):
            continue
        _append(spans, text, start, match.end())
        start = match.end()
    _append(spans, text, start, len(text))
    return spans


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end and has_unit(text, start, end):
        spans.append((start, end))


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    after = text[match.end() : match.end() + 2].lstrip()[:1]
    if match["line"] is not None:
        # A hard-wrapped line goes on in lower case; anything else begins anew.
        return match["line"].count("\n") > 1 or not after.islower()
    mark = match["mark"]
    if _WIDE_MARK.search(mark):
        return True
    at_space = match.end() == len(text) or text[match.end()].isspace()
    before = text[match.start() - 1] if match.start() else ""
    if mark.startswith((".", "\u2026", "\uff0e")) and (len(mark) > 1 or mark != "."):
        return not after.islower() and (at_space or bool(re.match(f"[{HAN}]", after)))
    if mark != ".":  # ! and ?; quoted speech may go on ("No!" he said)
        return (at_space and not (after.islower() and len(match.group()) > len(mark))) or bool(
            re.match(f"[{HAN}]", after)
        )
    if re.match(f"[{HAN}]", before):
        return True
    if not at_space:
        return False  # 3.5, example.com, v2.1
    token_match = _LAST_TOKEN.search(text, max(0, match.start() - 12), match.start())
    token = token_match.group().lower() if token_match else ""
    if token in _NEVER_LAST or (len(token) == 1 and token != "i" and text[match.start() - 1].isupper()):
        return match.end() == len(text)
    if token in _MAYBE_LAST:
        return match.end() == len(text) or after.isupper()
    return not (before.isdigit() and _is_list_number(text, match.start()))


def _is_list_number(text: str, dot: int) -> bool:
    """Whether the number before the dot opens a line ("1. I called ...")."""
    at = dot
    while at > 0 and text[at - 1].isdigit():
        at -= 1
    line_start = text[max(0, at - 2) : at]
    return dot - at <= 2 and (at == 0 or "\n" in line_start or line_start.strip() == "")


def cut_to_length(text: str, span: Span, language: Language) -> list[Span]:
    """Cut an overlong range at a comma, else before a connective, else between words, nearest to equal parts."""
    limit = max_units(language)
    start, end = span
    starts = unit_starts(text, start, end)
    parts: list[Span] = []
    first = 0
    while (left := len(starts) - first) > limit:
        size = -(-left // -(-left // limit))  # what is left in equal parts, each within the limit
        low, goal, high = (starts[first + size // 2], starts[first + size], starts[min(first + limit, len(starts) - 1)])
        cut = _best_cut(text, low, goal, high)
        _append(parts, text, start, cut)
        start, first = cut, bisect_left(starts, cut)
    _append(parts, text, start, end)
    return parts


def _best_cut(text: str, low: int, goal: int, high: int) -> int:
    for pattern in (_COMMA, _CONNECTIVE, _SPACE):
        cuts = [match.end() for match in pattern.finditer(text, low, high) if low < match.end() <= high]
        if cuts:
            return min(cuts, key=lambda cut: (abs(cut - goal), cut))
    return goal

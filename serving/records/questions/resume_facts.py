"""Facts of a résumé that a question may name. The résumé is the candidate's text: nothing in it is trusted.

What is found goes into a question that people hear and models read. So a fact is a short name in plain characters,
and neither a sentence nor an address, nor anything that speaks to whoever reads it. The rules are in `resume.yaml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from serving.domain.candidate import Resume
from serving.records.questions.personalisation import SLOTS
from serving.signals.text.language import HAN, to_simplified
from serving.signals.text.resources import load_yaml

FACT_CHARS: Final = 60
_LINE_CHARS: Final = 300  # a longer line is prose, of which no rule is sure
_PLAIN: Final = re.compile(rf"[A-Za-z0-9{HAN} &'’.,+#()/·《》–—-]+")
_LETTER: Final = re.compile(rf"[A-Za-z{HAN}]")
_TRICKS: Final = re.compile(r"[<>{}＜＞｛｝]")
_PART_CHARS: Final = 4  # a part of a name from this length on is found within a word too ("zhangsblog")


@dataclass(frozen=True, slots=True)
class _Rules:
    slots: Mapping[str, tuple[re.Pattern[str], ...]]
    label: re.Pattern[str]
    first_line: re.Pattern[str]
    not_a_name: re.Pattern[str]
    never: re.Pattern[str]
    nothing: frozenset[str]


def facts_of(resume: Resume | None) -> Mapping[str, str]:
    """Facts by slot (see `SLOTS`), without the slots of which nothing is sure.

    The HR system's skills and degree come before what the text says, earlier lines before later ones.
    """
    if resume is None:
        return {}
    lines = _lines(resume.text)
    names = _names(lines)
    told = {"skill": resume.skills, "degree": (resume.degree,)}
    facts = {}
    for slot in SLOTS:
        for found in (*told.get(slot, ()), *_found(slot, lines)):
            if fact := _sure(found, names):
                facts[slot] = fact
                break
    return facts


def _lines(text: str) -> Sequence[str]:
    """Lines that may be read; a line with control characters, angle brackets or braces is none of them."""
    lines = (line.strip(" \t\r") for line in text.split("\n"))
    return [line for line in lines if line and len(line) <= _LINE_CHARS and not _is_tricky(line.replace("\t", " "))]


def _searched(line: str) -> str:
    """The line in simplified characters, which the rules are written in; as it is where places would move."""
    simplified = to_simplified(line)
    return simplified if len(simplified) == len(line) else line


def _is_tricky(text: str) -> bool:
    """Control, format and unassigned characters, separators of lines, combining marks, and what markup is made of."""
    return bool(_TRICKS.search(text)) or any(
        unicodedata.category(char)[0] in "CM" or unicodedata.category(char) in ("Zl", "Zp")
        for char in unicodedata.normalize("NFC", text)
    )


def _found(slot: str, lines: Sequence[str]) -> Iterator[str]:
    for pattern in _rules().slots[slot]:
        for line in lines:
            if match := pattern.search(_searched(line)):
                yield line[slice(*match.span(1))]


def _sure(found: str, names: frozenset[str]) -> str:
    """The fact as it may stand in a question, or ""."""
    if _is_tricky(found):
        return ""
    fact = " ".join(unicodedata.normalize("NFC", found).split()).rstrip(".")
    folded = _folded(fact)
    if (
        len(fact) > FACT_CHARS
        or not _PLAIN.fullmatch(folded)
        or not _LETTER.search(folded)
        or folded in _rules().nothing
        or _rules().never.search(folded)
        or _has_name(folded, names)
    ):
        return ""
    return fact


def _folded(text: str) -> str:
    """Lower case, without accents, half-width, simplified: letters that look alike compare equal, others stay out."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return to_simplified(bare).lower()


def _names(lines: Sequence[str]) -> frozenset[str]:
    """Parts of the candidate's name, folded."""
    rules = _rules()
    matches = [match for line in lines if (match := rules.label.match(_searched(line)))]
    first = next((line for line in lines if not rules.not_a_name.search(_searched(line))), "")
    if match := rules.first_line.match(first):
        matches.append(match)
    parts = (part for match in matches for part in re.split(r"[\s·.'’-]+", _folded(match[1] or match[2])))
    return frozenset(part for part in parts if len(part) > 1)


def _has_name(folded: str, names: frozenset[str]) -> bool:
    words, squeezed = set(re.findall(r"[a-z]+", folded)), re.sub(r"\W", "", folded)
    return any(
        name in words or ((len(name) >= _PART_CHARS or not name.isascii()) and name in squeezed) for name in names
    )


@cache
def _rules() -> _Rules:
    data = load_yaml("serving.records.questions", "resume.yaml")
    fragments: Mapping[str, str] = data["fragments"]

    def compiled(expression: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
        while (whole := re.sub("<([A-Z_]+)>", lambda match: fragments[match[1]], expression)) != expression:
            expression = whole
        return re.compile(whole, flags)

    person = data["person"]
    return _Rules(
        slots={slot: tuple(compiled(one) for one in data["slots"][slot]) for slot in SLOTS},
        label=compiled(person["label"]),
        first_line=compiled(person["first_line"]),
        not_a_name=compiled(person["not_a_name"]),
        never=compiled("|".join(data["never"]), re.IGNORECASE),
        nothing=frozenset(data["nothing"]),
    )

"""Whether enough was said to score at all. A score is never made from nothing."""

from __future__ import annotations

import re

from serving.domain.competency import Language
from serving.signals.scoring.facts import AnswerFacts
from serving.signals.text.chinese import segment
from serving.signals.text.fillers import find_fillers
from serving.signals.text.language import HAN
from serving.signals.text.resources import load_words

MIN_UNITS: dict[Language, int] = {"en": 5, "zh": 8}
MIN_DISTINCT: dict[Language, int] = {"en": 4, "zh": 5}
# Not `units`: only what is written in the language's own letters is evidence that something was said in it. Figures and
# foreign words are neither, and the other language's own letters are what tells `wrong_language`.
_WORD = {"en": re.compile(r"[a-z]+(?:['\u2019][a-z]+)*", re.IGNORECASE), "zh": re.compile(f"[{HAN}]")}
# Running text holds function words (about 45% of English) and dictionary words; random letters or characters do not.
_MIN_FUNCTION_WORDS = 0.08
_MIN_DICTIONARY_CHARACTERS = 0.25


def reason_not_to_score(facts: AnswerFacts) -> str:
    """`no_transcript`, `only_flagged_text`, `wrong_language`, `too_little_said`, `no_words`, or "" when it can be."""
    transcript = facts.transcript
    language = transcript.language
    if not transcript.sentences:
        return "no_transcript"
    kept = " ".join(transcript.sentences[at].text for at in facts.kept)
    if not kept:
        return "only_flagged_text"
    units = [unit.lower() for unit in _WORD[language].findall(kept)]
    filler_units = sum(len(_WORD[language].findall(filler.text)) for filler in find_fillers(transcript))
    if len(units) < MIN_UNITS[language]:
        other: Language = "zh" if language == "en" else "en"
        return "wrong_language" if len(_WORD[other].findall(kept)) >= MIN_UNITS[other] else "too_little_said"
    if len(units) - filler_units < MIN_UNITS[language]:
        return "too_little_said"
    if len(set(units)) < MIN_DISTINCT[language] or not _is_language(kept, units, language):
        return "no_words"
    return ""


def _is_language(text: str, units: list[str], language: Language) -> bool:
    if language == "en":
        common = load_words("stop_words", "en")
        return sum(unit.replace("\u2019", "'") in common for unit in units) >= _MIN_FUNCTION_WORDS * len(units)
    common = load_words("stop_words", "zh")
    tokens = [token.word for token in segment(text) if _WORD["zh"].match(token.word)]
    known = sum(len(word) for word in tokens if len(word) > 1 or word in common)
    return known >= _MIN_DICTIONARY_CHARACTERS * len(units)

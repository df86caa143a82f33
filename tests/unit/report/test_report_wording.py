"""The words of the page: the same keys in both languages, and a word for every name that scoring can give."""

import re
import string
from pathlib import Path

import pytest

import serving.report
from serving.domain.assessment import ModalityState
from serving.domain.competency import COMPETENCIES, SIGNALS, StarRole
from serving.pipeline.modalities import _MESSAGES
from serving.report.wording import wording
from serving.signals.scoring.features import FEATURES
from serving.signals.scoring.rubric import load_rubrics
from serving.signals.text import flags

FOLDER = Path(serving.report.__file__).parent


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_keys_and_places():
    english, chinese = wording("en").groups, wording("zh").groups
    assert english.keys() == chinese.keys()
    for group, words in english.items():
        assert words.keys() == chinese[group].keys(), group
        for key, sentence in words.items():
            assert fields(sentence) == fields(chinese[group][key]), key
            assert sentence.strip() and chinese[group][key].strip()


def test_every_sentence_of_the_page_is_used():
    sources = "".join(p.read_text(encoding="utf-8") for p in [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.j2")])
    computed = re.compile(r"^(coherence|m)_.*|.*_help$")
    unused = [k for k in wording("en").groups["ui"] if f'"{k}"' not in sources and not computed.match(k)]
    assert unused == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_name_that_scoring_gives_has_a_word(language):
    words = wording(language).groups
    rubrics = load_rubrics().values()
    assert set(COMPETENCIES) <= words["competency"].keys()
    assert {s.name: s.title[language] for rubric in rubrics for s in rubric.dimensions} == words["dimension"]
    parts = {"base", "bound", *FEATURES, *(f"signal_{name}" for name in SIGNALS)}
    assert parts == words["contribution"].keys()
    unscored = {"no_transcript", "only_flagged_text", "wrong_language", "too_little_said", "no_words"}
    assert unscored <= words["reason"].keys()
    assert {*_MESSAGES, "partial_media"} <= words["reason"].keys()
    kinds = {flags.INSTRUCTION, flags.MARKUP, flags.FOREIGN, flags.REPEATED, flags.QUESTION, flags.RUBRIC}
    assert kinds | {flags.STUFFED} == words["flag"].keys()
    assert {role.value for role in StarRole} <= words["star"].keys()
    assert {state.value for state in ModalityState} <= words["state"].keys()


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance of `#rrggbb`."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def schemes() -> list[dict[str, str]]:
    """Colours of the light, the dark and the print scheme."""
    css = (FOLDER / "templates" / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks]


TEXT_PAIRS = [
    *(("ink", s) for s in ("page", "card")),
    *((c, s) for c in ("muted", "accent") for s in ("page", "card")),
    ("muted", "track"),
    ("plus", "card"),
    ("minus", "card"),
    ("mark-ink", "mark"),
    ("good", "good-bg"),
    ("warn", "warn-bg"),
    *(("chip-ink", role) for role in "star"),
    ("chip-ink", "o"),
]


@pytest.mark.parametrize("scheme", range(3), ids=["light", "dark", "print"])
def test_text_has_the_contrast_that_wcag_aa_asks_for(scheme):
    colours = schemes()[scheme]
    for front, back in TEXT_PAIRS:
        assert contrast(colours[front], colours[back]) >= 4.5, (front, back)


@pytest.mark.parametrize("scheme", range(3), ids=["light", "dark", "print"])
def test_drawn_parts_stand_out_from_their_card(scheme):
    colours = schemes()[scheme]
    for part in ("accent", "plus", "minus", "base", "s", "t", "a", "r", "o"):
        assert contrast(colours[part], colours["card"]) >= 3.0, part

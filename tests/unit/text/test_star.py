from __future__ import annotations

import numpy as np
import pytest

from serving.domain.competency import StarRole
from serving.domain.transcript import StarSentence
from serving.signals.text.references import PROSE, make_references, reference_sentences
from serving.signals.text.sentences import split_sentences
from serving.signals.text.star import ROLES, role_question, star_sentences, star_summary
from tests.unit.text.word_hash_encoder import references


def test_a_sentence_plays_its_likeliest_role() -> None:
    sentences = split_sentences("I was an intern. I wrote a script.", "en")
    rows = np.array([[0.7, 0.1, 0.1, 0.05, 0.05], [0.1, 0.1, 0.6, 0.1, 0.1]])
    tagged = star_sentences(sentences, rows)
    assert [(s.text, s.role, s.probability) for s in tagged] == [
        ("I was an intern.", StarRole.SITUATION, 0.7),
        ("I wrote a script.", StarRole.ACTION, 0.6),
    ]
    assert role_question().options == tuple("STARO") == tuple(role.value for role in ROLES)


def test_no_sentence_gives_no_role_and_everything_is_missing() -> None:
    assert star_sentences((), np.zeros((0, 5))) == ()
    star = star_summary(())
    assert (star.complete, star.missing) == (False, ("S", "T", "A", "R"))


@pytest.mark.parametrize(
    ("roles", "complete", "missing"),
    [
        ("SAR", True, ()),
        ("TAR", True, ()),
        ("AR", False, ("S", "T")),
        ("STA", False, ("R",)),
        ("SO", False, ("A", "R")),
    ],
)
def test_completeness_needs_a_setting_an_action_and_a_result(
    roles: str, complete: bool, missing: tuple[str, ...]
) -> None:
    star = star_summary([StarSentence("x", StarRole(role), 1.0) for role in roles])
    assert (star.complete, star.missing) == (complete, missing)


def test_sentences_and_probabilities_must_agree_in_number() -> None:
    with pytest.raises(ValueError, match=r"1 sentences but probabilities of shape \(0, 5\)"):
        star_sentences(split_sentences("I called.", "en"), np.zeros((0, 5)))


def test_references_refuse_another_number_of_rows() -> None:
    with pytest.raises(ValueError, match="references need"):
        make_references("en", np.zeros((3, 512), np.float32))


def test_what_raters_read_is_a_group_of_its_own() -> None:
    start, end = references("en").groups[PROSE]
    assert end - start == 8 * 6  # a definition and five levels for each competency
    assert end == len(reference_sentences("en"))


def test_reference_sentences_are_distinct_and_in_their_language() -> None:
    english, chinese = reference_sentences("en"), reference_sentences("zh")
    assert len(set(english)) == len(english) and all(sentence.isascii() for sentence in english)
    assert len(set(chinese)) == len(chinese) and not any(sentence.isascii() for sentence in chinese)

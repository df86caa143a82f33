from __future__ import annotations

import numpy as np
import pytest

from serving.domain.competency import StarRole
from serving.domain.transcript import StarSentence
from serving.signals.text.references import make_references, reference_sentences
from serving.signals.text.sentences import split_sentences
from serving.signals.text.star import star_summary, tag_star
from tests.unit.text.word_hash_encoder import embed, references

ENGLISH = (
    "Last year I was an intern at a small bank. My task was to find out why the report failed. "
    "First I talked to the night shift. Then I wrote a script that checked the data. "
    "As a result, the errors dropped by forty percent. I learned to ask earlier. Thank you for listening."
)
CHINESE = (
    "去年我在银行实习。我的任务是找出报表失败的原因。我先和夜班同事沟通。"
    "然后我写了一个脚本检查数据。最终错误减少了百分之四十。我学会了早点提问。"
)


@pytest.mark.parametrize(("text", "language", "roles"), [(ENGLISH, "en", "STAARRO"), (CHINESE, "zh", "STAARR")])
def test_a_plain_star_story_is_tagged_in_both_languages(text: str, language: str, roles: str) -> None:
    sentences = split_sentences(text, language)  # type: ignore[arg-type]
    tagged = tag_star(sentences, embed([s.text for s in sentences]), references(language))  # type: ignore[arg-type]
    assert "".join(s.role.value for s in tagged) == roles
    assert all(0.2 <= s.probability <= 1.0 for s in tagged)
    assert star_summary(tagged).complete


def test_no_sentence_gives_no_role_and_everything_is_missing() -> None:
    assert tag_star((), np.zeros((0, 512), np.float32), references("en")) == ()
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


def test_sentences_and_embeddings_must_agree_in_number() -> None:
    with pytest.raises(ValueError, match="1 sentences but 0 embeddings"):
        tag_star(split_sentences("I called.", "en"), np.zeros((0, 512), np.float32), references("en"))


def test_references_refuse_another_number_of_rows() -> None:
    with pytest.raises(ValueError, match="references need"):
        make_references("en", np.zeros((3, 512), np.float32))


def test_reference_sentences_are_distinct_and_in_their_language() -> None:
    english, chinese = reference_sentences("en"), reference_sentences("zh")
    assert len(set(english)) == len(english) and all(sentence.isascii() for sentence in english)
    assert len(set(chinese)) == len(chinese) and not any(sentence.isascii() for sentence in chinese)

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serving.domain.competency import Language
from serving.signals.text.keywords import extract_keywords
from tests.unit.text.word_hash_encoder import text_transcript


def test_english_phrases_that_return_come_first_and_stop_words_never() -> None:
    text = "The build pipeline was slow. I fixed the build pipeline. It was very good and we were happy about that."
    keywords, mentions = extract_keywords(text_transcript(text, "en"))
    assert keywords[0] == "build pipeline"
    assert [text[m.start : m.end] for m in mentions if m.text == "build pipeline"] == ["build pipeline"] * 2
    assert not {"the", "very", "we", "good"} & set(keywords)


def test_chinese_nouns_are_keywords_and_names_are_not() -> None:
    text = "王伟在上海为联合国负责项目管理，项目管理需要数据分析。我们很高兴。"
    keywords, mentions = extract_keywords(text_transcript(text, "zh"))
    assert "项目管理" in keywords
    assert not any(name in keyword for keyword in keywords for name in ("王伟", "上海", "联合国", "我们", "高兴"))
    assert all(text[m.start : m.end] == m.text for m in mentions)


def test_the_limit_holds() -> None:
    text = "Alpha beta. Gamma delta. Epsilon zeta. Eta theta. Iota kappa."
    assert len(extract_keywords(text_transcript(text, "en"), limit=3)[0]) == 3


@given(st.text(max_size=300), st.sampled_from(["en", "zh"]))
def test_mentions_are_verbatim_and_runs_agree(text: str, language: Language) -> None:
    transcript = text_transcript(text, language)
    keywords, mentions = extract_keywords(transcript)
    assert (keywords, mentions) == extract_keywords(transcript)
    assert all(text[m.start : m.end] == m.text for m in mentions)
    assert len(keywords) <= 10

"""What features are made of, and that each can only move in its sensible direction."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.signals.scoring.features import DIRECTIONS, FEATURES, features_of
from tests.unit.scoring.judgements import judgement, material


def row(name: str = "teamwork", **judged: object) -> dict[str, float]:
    made = material(judgement(judged.pop("roles", "STAR"), **judged))  # type: ignore[arg-type]
    return dict(zip(FEATURES, features_of(made, [name])[0].tolist(), strict=True))


def test_nothing_of_voice_or_face_is_a_feature() -> None:
    assert not set(FEATURES) & {"smile", "gaze", "gesture", "pitch", "speech_rate", "pauses", "fillers", "accent"}
    assert set(DIRECTIONS.values()) == {1, -1}


def test_order_is_structure() -> None:
    assert row(roles="STAAR")["structure"] > row(roles="ASART")["structure"] > row(roles="OOOO")["structure"] == 0.0


def test_a_result_an_own_deed_and_a_shown_behaviour_each_have_their_feature() -> None:
    plain = row(roles="SAA")
    assert row(roles="SAR")["result"] > plain["result"]
    assert row(roles="SAA", own=[0, 0, 0])["agency"] < plain["agency"]
    assert row(roles="SAA", shows=[0, 1, 0])["shown"] > plain["shown"]
    assert row(roles="SAA", against=[0, 1, 0])["contrary"] > plain["contrary"]


def test_empty_talk_is_padding_and_earns_nothing_else() -> None:
    full, empty = row(roles="SAR"), row(roles="SAR", empty=[1, 1, 1])
    assert empty["padding"] == 1.0 and full["padding"] == 0.0
    assert empty["agency"] == empty["result"] == empty["structure"] == 0.0


def test_a_good_story_about_something_else_counts_less() -> None:
    assert row(roles="SAR", shows=[0, 0, 0])["agency"] < row(roles="SAR", shows=[1, 1, 1])["agency"]


def test_unethical_behaviour_warns_whatever_the_competency() -> None:
    made = judgement("SAR", against=[0, 0.9, 0], names=["integrity_compliance"])
    other = judgement("SAR", names=["teamwork"])
    both = dataclasses.replace(made, statements={**other.statements, **made.statements}, grades={**other.grades})
    found = dict(zip(FEATURES, features_of(material(both), ["teamwork"])[0].tolist(), strict=True))
    assert found["red_flag"] > 0.5 and found["contrary"] == 0.0


def test_without_a_question_relevance_is_not_judged() -> None:
    made = material(judgement("SAR", relevant=0.0), asked=False)
    assert features_of(made, ["teamwork"])[0][FEATURES.index("relevance")] == 0.5


def test_dropped_text_is_repetition() -> None:
    made = material(judgement("SAR"), units=10, dropped=30)
    assert features_of(made, ["teamwork"])[0][FEATURES.index("repetition")] == pytest.approx(0.5)


SHARE = st.floats(0, 1)


@given(st.text("STARO", min_size=1, max_size=8), st.data())
def test_every_feature_of_any_judgement_is_a_share(roles: str, data: st.DataObject) -> None:
    def some() -> list[float]:
        return data.draw(st.lists(SHARE, min_size=len(roles), max_size=len(roles)))

    judged = judgement(roles, shows=some(), against=some(), empty=some(), own=some(), relevant=data.draw(SHARE))
    found = features_of(material(judged), ["leadership"])[0]
    assert found.shape == (len(FEATURES),) and found.dtype == np.float32
    assert ((found >= 0) & (found <= 1)).all()

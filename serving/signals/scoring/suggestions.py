"""Advice for the candidate, in the answer's language, from what the answer lacked."""

from __future__ import annotations

from collections.abc import Mapping

from serving.domain.competency import Language
from serving.signals.scoring.facts import AnswerFacts
from serving.signals.text.resources import load_yaml

MAX_SUGGESTIONS = 4


def _advice(language: Language) -> Mapping[str, str]:
    advice: Mapping[str, str] = load_yaml("serving.signals.scoring", "suggestions.yaml")[language]
    return advice


def say_more(language: Language) -> str:
    """The only advice on an answer that could not be scored."""
    return _advice(language)["say_more"]


def suggest(facts: AnswerFacts, features: Mapping[str, float]) -> tuple[str, ...]:
    """At most four, the most useful first; none for an answer that lacks nothing.

    Args:
        features: as `answer_features` gives them.
    """
    missing = facts.star.missing
    lacks = {
        "flagged": bool(facts.flags),
        "off_topic": facts.question_embedding is not None and features["far"] > 0.95,
        "vagueness": features["vagueness"] > 0.35,
        "action": "A" in missing or features["action"] < 0.45,
        "result": "R" in missing or features["result"] < 0.4,
        "situation": "S" in missing,
        "specificity": features["specificity"] < 0.5,
        "reasoning": features["reasoning"] < 0.4,
        "reflection": features["reflection"] < 0.35,
    }
    advice = _advice(facts.transcript.language)
    return tuple(advice[name] for name, lacking in lacks.items() if lacking)[:MAX_SUGGESTIONS]

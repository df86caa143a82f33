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
        features: by name, of the competency that the answer shows best.
    """
    missing = facts.star.missing
    lacks = {
        "flagged": bool(facts.flags),
        "off_topic": bool(facts.question) and features["relevance"] < 0.2,
        "vagueness": features["padding"] > 0.4,
        "action": "A" in missing or features["agency"] < 0.3,
        "result": "R" in missing or features["result"] < 0.3,
        "situation": "S" in missing,
        "specificity": features["specificity"] < 0.4,
        "reasoning": features["reasoning"] < 0.3,
        "reflection": features["reflection"] < 0.3,
    }
    advice = _advice(facts.transcript.language)
    return tuple(advice[name] for name, lacking in lacks.items() if lacking)[:MAX_SUGGESTIONS]

"""Facts of an answer become competency scores out of 10: additive, explained, with a range and evidence."""

from serving.signals.scoring.facts import AnswerFacts, ScoringResult
from serving.signals.scoring.scorer import score_answer

__all__ = ["AnswerFacts", "ScoringResult", "score_answer"]

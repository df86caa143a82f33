"""Assessments: domain to message and back."""

from __future__ import annotations

from serving.api import messages
from serving.domain.assessment import Assessment
from viva.v1 import assessment_pb2 as pb


def to_message(assessment: Assessment) -> pb.Assessment:
    """The message of an assessment; None becomes an absent field."""
    return messages.to_message(assessment, pb.Assessment())


def from_message(message: pb.Assessment) -> Assessment:
    """The assessment of a message.

    Raises:
        ValueError: an enum-like field holds an unknown word; the message names it.
    """
    return messages.from_message(message, Assessment)

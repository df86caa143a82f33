"""Assessments are stored smaller, and rows of before are still read."""

from __future__ import annotations

from serving.adapters.postgres import packing
from viva.v1.assessment_pb2 import Assessment, Flag, ModalityReport


def test_a_message_comes_back_as_it_was_and_lies_there_smaller() -> None:
    message = Assessment(question="Why?", role="Trainee " * 400).SerializeToString()
    stored = packing.pack(message)
    assert packing.unpack(stored) == message
    assert len(stored) < len(message) / 4
    assert packing.unpack(packing.pack(b"")) == b""


def test_whatever_its_first_field_is_a_row_of_before_is_read_as_it_lies() -> None:
    """The sign of a packed row is the tag of a field that no assessment begins with."""
    descriptor = Assessment.DESCRIPTOR
    assert 0x78 not in {one.number << 3 | (1 if one.type == one.TYPE_DOUBLE else 2) for one in descriptor.fields}
    for first in (
        Assessment(question="Why?"),
        Assessment(coherence=0.5),
        Assessment(flags=[Flag(kind="x")]),
        Assessment(modalities=[ModalityReport(name="face")]),
    ):
        message = first.SerializeToString()
        assert packing.unpack(message) == message

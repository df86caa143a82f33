"""The role file that is shipped is one that the server takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.cli.files import read_resource
from serving.api import messages, rubrics
from serving.domain import fields
from serving.domain.errors import InvalidRequest
from serving.domain.role import Role
from serving.records import role_rules
from viva.v1 import roles_pb2

EXAMPLE = Path(__file__).parents[3] / "clients/examples/roles/graduate_trainee.yaml"


def accepted(message: roles_pb2.Role) -> Role:
    """The role, after the checks that CreateRole makes."""
    role = messages.from_message(message, Role, "role", given=True)
    fields.check(role, "role")
    rubrics.definitions(message.content.custom_competencies)
    role_rules.check(role.content)
    return role


def test_the_server_takes_it() -> None:
    message, role_id = read_resource(EXAMPLE, roles_pb2.Role(), id_field="role_id")
    content = accepted(message).content
    assert role_id == "graduate_trainee"
    assert len(content.competencies) == 3
    assert content.languages == ("en", "zh")
    assert any("{project}" in question.personal_text for question in content.questions)
    assert all(question.follow_ups for question in content.questions)


def test_a_question_less_is_refused() -> None:
    message, _ = read_resource(EXAMPLE, roles_pb2.Role(), id_field="role_id")
    del message.content.questions[-1]
    with pytest.raises(InvalidRequest, match="communication in zh"):
        accepted(message)

"""`viva.v1.Roles`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Final

from google.protobuf.descriptor import ServiceDescriptor

from serving.api import messages, resources, rubrics
from serving.domain import fields, names
from serving.domain.errors import NotFound
from serving.domain.role import Role, RoleRevision, RoleState
from serving.domain.tenant import Caller, Scope
from serving.records import role_rules
from serving.records.ports import Database, Transaction
from viva.v1 import roles_pb2 as pb

_PATTERN: Final = "tenants/*/roles/*"


class RoleService:
    """Roles and their revisions; a change of content makes a new revision."""

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.DESCRIPTOR.services_by_name["Roles"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "CreateRole": Scope.MANAGE,
        "GetRole": Scope.READ,
        "ListRoles": Scope.READ,
        "UpdateRole": Scope.MANAGE,
        "ArchiveRole": Scope.MANAGE,
        "GetRoleRevision": Scope.READ,
        "ListRoleRevisions": Scope.READ,
    }

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_role(self, request: pb.CreateRoleRequest, caller: Caller) -> pb.Role:
        """`CreateRole`."""
        parent = resources.parent(request, caller)
        role = _checked(resources.read(request.role, Role, "role"), request.role)
        name = resources.new_name(parent, "roles", request.role_id, "role_id")
        async with self._database.transaction(caller.tenant) as tx:
            made = await resources.once(
                tx, caller, request, name, Role, lambda: _insert(tx, dataclasses.replace(role, name=name))
            )
        return messages.to_message(made, pb.Role())

    async def get_role(self, request: pb.GetRoleRequest, caller: Caller) -> pb.Role:
        """`GetRole`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            return messages.to_message(await tx.get(Role, name), pb.Role())

    async def list_roles(self, request: pb.ListRolesRequest, caller: Caller) -> pb.ListRolesResponse:
        """`ListRoles`."""
        query = resources.query(request, resources.parent(request, caller))
        async with self._database.transaction(caller.tenant) as tx:
            return resources.fill_page(pb.ListRolesResponse(), "roles", await tx.page(Role, query))

    async def update_role(self, request: pb.UpdateRoleRequest, caller: Caller) -> pb.Role:
        """`UpdateRole`."""
        name = names.check(request.role.name, _PATTERN, caller.tenant, "role.name")
        async with self._database.transaction(caller.tenant) as tx:
            current = await tx.get(Role, name, lock=True)
            changed = messages.merged(current, request.role, request.update_mask, ("display_name", "content"), "role")
            fields.check(changed, "role")
            if changed.content != current.content:
                changed = await _revise(tx, _checked(changed, request.role))
            updated = await tx.replace(changed, request.role.etag)
            await tx.audit(caller, "UpdateRole", name)
        return messages.to_message(updated, pb.Role())

    async def archive_role(self, request: pb.ArchiveRoleRequest, caller: Caller) -> pb.Role:
        """`ArchiveRole`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            current = await tx.get(Role, name, lock=True)
            archived = await tx.replace(dataclasses.replace(current, state=RoleState.ARCHIVED), request.etag)
            await tx.audit(caller, "ArchiveRole", name)
        return messages.to_message(archived, pb.Role())

    async def get_role_revision(self, request: pb.GetRoleRevisionRequest, caller: Caller) -> pb.RoleRevision:
        """`GetRoleRevision`."""
        name = resources.name(request, caller, f"{_PATTERN}/revisions/*")
        async with self._database.transaction(caller.tenant) as tx:
            return messages.to_message(await tx.get(RoleRevision, name), pb.RoleRevision())

    async def list_role_revisions(
        self, request: pb.ListRoleRevisionsRequest, caller: Caller
    ) -> pb.ListRoleRevisionsResponse:
        """`ListRoleRevisions`."""
        query = resources.query(request, resources.parent(request, caller, _PATTERN))
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(RoleRevision, query)
        return resources.fill_page(pb.ListRoleRevisionsResponse(), "role_revisions", page)


def _checked(role: Role, message: pb.Role) -> Role:
    """The role, when its parts fit together. Raises `InvalidRequest`."""
    content = role.content
    own = rubrics.definitions(message.content.custom_competencies, "role.content.custom_competencies")
    asked = tuple(one.competency for one in content.competencies)
    rubrics.signal_weights(message.content.signal_weights, asked, "role.content.signal_weights")
    role_rules.check(content, "role.content")
    return dataclasses.replace(role, content=dataclasses.replace(content, custom_competencies=own))


async def _insert(tx: Transaction, role: Role) -> Role:
    return await tx.insert(await _revise(tx, role))


async def _check_media(tx: Transaction, role: Role) -> None:
    """Raise `NotFound` for a recorded interviewer that is not there."""
    for index, question in enumerate(role.content.questions):
        if question.media_sha256 and not await tx.media(question.media_sha256, share=True):
            field = f"role.content.questions[{index}].media_sha256"
            raise NotFound(f"{field} names no media of this tenant", field=field)


async def _revise(tx: Transaction, role: Role) -> Role:
    """The role with its content stored as a new revision."""
    await _check_media(tx, role)
    number = int(names.id_of(role.revision)) + 1 if role.revision else 1
    revision = RoleRevision(f"{role.name}/revisions/{number}", role.display_name, role.content)
    await tx.insert(revision)
    return dataclasses.replace(role, revision=revision.name)

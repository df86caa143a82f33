"""`viva.v1.Screening`."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Final

from google.protobuf.descriptor import ServiceDescriptor

from serving.api import messages, resources
from serving.domain import fields, names
from serving.domain.candidate import Candidate
from serving.domain.errors import InvalidRequest, NotAllowedNow, NotFound, Reason
from serving.domain.report import Report
from serving.domain.role import Role
from serving.domain.screening import ScreeningFacts, ScreeningRule
from serving.domain.submission import Submission
from serving.domain.tenant import Caller, Scope
from serving.records.ports import Database, Transaction
from serving.records.screening_facts import facts_of
from serving.records.screening_ports import RuleEngine
from viva.v1 import screening_pb2 as pb

_PATTERN: Final = "tenants/*/screeningRules/*"
_REPORT: Final = "tenants/*/interviews/*/reports/*"
_CHANGEABLE: Final = ("display_name", "expression", "recommends", "role", "tests")
_RULES: Final = 100


class ScreeningService:
    """Rules, checked whenever they are stored. Their engine computes in threads: a rule's tests may take seconds."""

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.DESCRIPTOR.services_by_name["Screening"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "CreateScreeningRule": Scope.MANAGE,
        "GetScreeningRule": Scope.READ,
        "ListScreeningRules": Scope.READ,
        "UpdateScreeningRule": Scope.MANAGE,
        "DeleteScreeningRule": Scope.MANAGE,
        "TestScreeningRule": Scope.READ,
    }

    def __init__(self, database: Database, rules: RuleEngine) -> None:
        self._database = database
        self._rules = rules

    async def create_screening_rule(self, request: pb.CreateScreeningRuleRequest, caller: Caller) -> pb.ScreeningRule:
        """`CreateScreeningRule`."""
        parent = resources.parent(request, caller)
        rule = resources.read(request.screening_rule, ScreeningRule, "screening_rule")
        name = resources.new_name(parent, "screeningRules", request.screening_rule_id, "screening_rule_id")
        rule = await self._checked(dataclasses.replace(rule, name=name), caller)
        async with self._database.transaction(caller.tenant) as tx:
            await _check_role(tx, rule)
            made = await resources.once(tx, caller, request, name, ScreeningRule, lambda: _insert(tx, rule, parent))
        return messages.to_message(made, pb.ScreeningRule())

    async def get_screening_rule(self, request: pb.GetScreeningRuleRequest, caller: Caller) -> pb.ScreeningRule:
        """`GetScreeningRule`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            return messages.to_message(await tx.get(ScreeningRule, name), pb.ScreeningRule())

    async def list_screening_rules(
        self, request: pb.ListScreeningRulesRequest, caller: Caller
    ) -> pb.ListScreeningRulesResponse:
        """`ListScreeningRules`."""
        query = resources.query(request, resources.parent(request, caller))
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(ScreeningRule, query)
        return resources.fill_page(pb.ListScreeningRulesResponse(), "screening_rules", page)

    async def update_screening_rule(self, request: pb.UpdateScreeningRuleRequest, caller: Caller) -> pb.ScreeningRule:
        """`UpdateScreeningRule`."""
        given = request.screening_rule
        name = names.check(given.name, _PATTERN, caller.tenant, "screening_rule.name")
        async with self._database.transaction(caller.tenant) as tx:
            current = await tx.get(ScreeningRule, name)
        resources.check_etag(current, given.etag)
        changed = messages.merged(current, given, request.update_mask, _CHANGEABLE, "screening_rule")
        fields.check(changed, "screening_rule")
        # Its tests may take seconds: no transaction is held meanwhile, and the etag tells whether the rule was changed.
        changed = await self._checked(changed, caller)
        async with self._database.transaction(caller.tenant) as tx:
            await _check_role(tx, changed)
            updated = await tx.replace(changed, current.etag)
            await tx.audit(caller, "UpdateScreeningRule", name)
        return messages.to_message(updated, pb.ScreeningRule())

    async def delete_screening_rule(self, request: pb.DeleteScreeningRuleRequest, caller: Caller) -> pb.ScreeningRule:
        """`DeleteScreeningRule`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            rule = await tx.get(ScreeningRule, name, lock=True)
            resources.check_etag(rule, request.etag)
            await tx.delete(ScreeningRule, name)
            await tx.audit(caller, "DeleteScreeningRule", name)
        return messages.to_message(rule, pb.ScreeningRule())

    async def test_screening_rule(self, request: pb.TestScreeningRuleRequest, caller: Caller) -> pb.Recommendation:
        """`TestScreeningRule`."""
        resources.parent(request, caller)
        rule = resources.read(request.screening_rule, ScreeningRule, "screening_rule")
        if request.WhichOneof("subject") is None:
            raise InvalidRequest("set facts or report", reason=Reason.FIELD_REQUIRED, field="facts")
        rule = await self._checked(rule, caller)
        if request.WhichOneof("subject") == "report":
            facts = await self._facts(names.check(request.report, _REPORT, caller.tenant, "report"), caller)
        else:
            facts = resources.read(request.facts, ScreeningFacts, "facts")
        recommendation = await asyncio.to_thread(self._rules.apply, rule, facts)
        return messages.to_message(recommendation, pb.Recommendation())

    async def _checked(self, rule: ScreeningRule, caller: Caller) -> ScreeningRule:
        """The rule, when it compiles, its tests pass, and its role is named rightly. Raises `InvalidRequest`."""
        if rule.role:
            role = names.check(rule.role, "tenants/*/roles/*", caller.tenant, "screening_rule.role")
            rule = dataclasses.replace(rule, role=role)
        await asyncio.to_thread(self._rules.check, rule)
        return rule

    async def _facts(self, report_name: str, caller: Caller) -> ScreeningFacts:
        async with self._database.transaction(caller.tenant) as tx:
            report = await tx.get(Report, report_name)
            answers = await tx.children(Submission, names.parent_of(report_name))
            candidate = await tx.find(Candidate, report.candidate)
        return facts_of(report, answers, candidate)


async def _insert(tx: Transaction, rule: ScreeningRule, parent: str) -> ScreeningRule:
    await tx.hold(f"{parent}/screeningRules")  # two at once would not see each other
    if len(await tx.children(ScreeningRule, parent)) >= _RULES:
        raise NotAllowedNow(f"the tenant has {_RULES} rules, which is the limit", metadata={"limit": str(_RULES)})
    return await tx.insert(rule)


async def _check_role(tx: Transaction, rule: ScreeningRule) -> None:
    if rule.role and await tx.find(Role, rule.role) is None:
        raise NotFound("screening_rule.role names nothing that exists", field="screening_rule.role")

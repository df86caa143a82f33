"""Which modalities may run, what must be on file, how long things are kept and where: decided here and nowhere else.

The rules are data (`policies/*.yaml`); they are read when this module is imported, so a wrong file stops the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Final

from serving.domain.answer import Modality
from serving.domain.candidate import Accommodations
from serving.domain.errors import InvalidRequest
from serving.domain.policy import Consents, DeniedByPolicy, Obligation, PolicyDecision
from serving.domain.tenant import Tenant
from serving.records import business_days
from serving.records.policy_file import PolicyBook, Rule, read_policies

FORBIDDEN: Final = "forbidden_in_jurisdiction"
NO_CONSENT: Final = "no_consent"
ACCOMMODATION: Final = "accommodation"
NOT_ALLOWED: Final = "not_allowed_by_policy"
REASONS: Final = (FORBIDDEN, NO_CONSENT, ACCOMMODATION, NOT_ALLOWED)  # of several, the first is stated

_MODALITY_OF: Final = {"voice": Modality.SPEECH.value, "face": Modality.FACE.value}
_BOOK: Final[PolicyBook] = read_policies(files("serving.records").joinpath("policies"))


def supported() -> tuple[str, ...]:
    """Names of the jurisdictions that have a file, in alphabetical order."""
    return tuple(_BOOK.policies)


def policy_sha256() -> str:
    """Hex digest over all policy files, the default too."""
    return _BOOK.sha256


def check_jurisdictions(names: Sequence[str], path: str) -> None:
    """Refuse a jurisdiction that no file is about: nothing would be known of its law.

    Raises:
        InvalidRequest: names the first at fault, `path[i]`, and the supported ones.
    """
    for index, name in enumerate(names):
        if name not in _BOOK.policies:
            field = f"{path}[{index}]"
            raise InvalidRequest(
                f"{field} is {name[:40]!r}, it must be one of {', '.join(supported())}",
                field=field,
                metadata={"supported": ",".join(supported())},
            )


def decide(
    *,
    tenant: Tenant,
    jurisdictions: Sequence[str],
    consents: Consents,
    accommodations: Accommodations | None,
    now: datetime,
) -> PolicyDecision:
    """What may run for an interview, and what must be there first.

    Args:
        tenant: its own jurisdictions apply first; its retention and its bias audit count.
        jurisdictions: of the interview, beside the tenant's.
        now: when the answer is taken; like every time here it knows its time zone.

    Raises:
        InvalidRequest: a jurisdiction has no file, in `tenant.jurisdictions[i]` or `interview.jurisdictions[i]`.
    """
    check_jurisdictions(tenant.jurisdictions, "tenant.jurisdictions")
    check_jurisdictions(jurisdictions, "interview.jurisdictions")
    names = tuple(dict.fromkeys((*tenant.jurisdictions, *jurisdictions)))
    rules = [(name, rule) for name in names for rule in _BOOK.policies[name].rules]
    rules += [("", rule) for rule in _BOOK.default.rules]  # no jurisdiction's, and after them all
    denials = (*_denials(rules, consents), *_turned_off(accommodations))
    caps = [rule.max_media_days for _, rule in rules if rule.max_media_days]
    report_days = tenant.report_retention_days or _BOOK.setting("default_report_days")
    media_days = tenant.media_retention_days or _BOOK.setting("default_media_days")
    return PolicyDecision(
        jurisdictions=names,
        denied=_one_each(denials),
        missing=tuple(_missing(rules, tenant, consents, now)),
        media_retention_days=min(media_days, report_days, *caps),  # the end of all is the end of its media too
        report_retention_days=report_days,
        storage_class=_storage_class(rules),
        policy_sha256=_BOOK.sha256,
    )


def _denials(rules: Sequence[tuple[str, Rule]], consents: Consents) -> Iterator[DeniedByPolicy]:
    consented = {"voice": consents.voice, "face": consents.face}
    for name, rule in rules:
        asked, refused = rule.needs_consent, rule.honours_refusal
        if rule.deny:
            yield DeniedByPolicy(rule.deny, FORBIDDEN if name else NOT_ALLOWED, name, rule.source)
        elif asked and consented[asked] is not True:
            yield DeniedByPolicy(_MODALITY_OF[asked], NO_CONSENT, name, rule.source)
        elif refused and consented.get(refused) is False:
            yield DeniedByPolicy(_MODALITY_OF[refused], NO_CONSENT, name, rule.source)


def _turned_off(accommodations: Accommodations | None) -> Iterator[DeniedByPolicy]:
    for modality in accommodations.modalities_off if accommodations else ():
        yield DeniedByPolicy(modality, ACCOMMODATION)


def _one_each(denials: Sequence[DeniedByPolicy]) -> tuple[DeniedByPolicy, ...]:
    """The weightiest denial of each modality, in the modalities' order; of equal ones the first."""
    face = [one for one in denials if one.modality == Modality.FACE.value]
    # Expression is read from the face.
    implied = [DeniedByPolicy(Modality.EXPRESSION.value, one.reason, one.jurisdiction, one.source) for one in face]
    ranked = sorted((*denials, *implied), key=lambda one: REASONS.index(one.reason))
    first = {one.modality: one for one in reversed(ranked)}
    return tuple(first[modality.value] for modality in Modality if modality.value in first)


def _missing(
    rules: Sequence[tuple[str, Rule]], tenant: Tenant, consents: Consents, now: datetime
) -> Iterator[Obligation]:
    for name, rule in rules:
        if rule.requires and not _on_file(rule, tenant, consents, now):
            yield Obligation(rule.requires, name, rule.source)
        if rule.honours_refusal == "analysis" and consents.analysis is False:
            yield Obligation("analysis_consent", name, rule.source)


def _on_file(rule: Rule, tenant: Tenant, consents: Consents, now: datetime) -> bool:
    if rule.requires == "analysis_consent":
        return consents.analysis is True
    if rule.requires == "notice":
        told = consents.notice_time
        if told is not None and told <= now and rule.business_days:  # of a day still to come, no calendar is asked
            told = business_days.after(told, rule.business_days)
        return told is not None and told <= now
    audited = tenant.bias_audit_time
    return audited is not None and audited <= now <= audited + timedelta(days=rule.max_age_days or 0)


def _storage_class(rules: Sequence[tuple[str, Rule]]) -> str:
    order: tuple[str, ...] = _BOOK.setting("storage_order")
    asked = {rule.storage_class for _, rule in rules}
    return next((one for one in order if one in asked), order[-1])

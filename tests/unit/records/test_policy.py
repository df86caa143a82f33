"""Policies: what each jurisdiction denies and asks for, how rules are put together, and that the page tells it all."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import permutations
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from serving.domain.answer import Modality
from serving.domain.candidate import Accommodations
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.policy import Consents, PolicyDecision
from serving.domain.tenant import Tenant
from serving.pipeline.modalities import skipped
from serving.records.policy import REASONS, check_jurisdictions, decide, policy_sha256, supported
from serving.records.policy_file import KINDS, Rule, read_policies

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = Consents(analysis=True, voice=True, face=True, consent_time=NOW - DAY, notice_time=NOW - 30 * DAY)
NOBODY = Consents()
PLAIN = Tenant()
OFF = ("expression", "not_allowed_by_policy", "")
BOOK = read_policies(files("serving.records").joinpath("policies"))
PAGE = (Path(__file__).parents[3] / "docs/policy.md").read_text(encoding="utf-8")


def decision(
    *jurisdictions: str,
    consents: Consents = NOBODY,
    tenant: Tenant = PLAIN,
    off: tuple[str, ...] = (),
    now: datetime = NOW,
) -> PolicyDecision:
    accommodations = Accommodations(modalities_off=off) if off else None
    return decide(tenant=tenant, jurisdictions=jurisdictions, consents=consents, accommodations=accommodations, now=now)


def denied(*jurisdictions: str, consents: Consents = NOBODY, off: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = decision(*jurisdictions, consents=consents, off=off).denied
    return [(one.modality, one.reason, one.jurisdiction) for one in found]


def missing(*jurisdictions: str, consents: Consents = NOBODY, tenant: Tenant = PLAIN) -> list[tuple[str, str]]:
    return [(one.name, one.jurisdiction) for one in decision(*jurisdictions, consents=consents, tenant=tenant).missing]


def test_without_a_jurisdiction_only_expression_is_denied():
    found = decision()
    assert denied() == [OFF]
    assert (found.jurisdictions, found.missing, found.storage_class) == ((), (), "default")
    assert (found.media_retention_days, found.report_retention_days) == (180, 730)
    assert found.denied[0].source == "docs/decisions/0006-expression-is-opt-in.md"
    assert (Path(__file__).parents[3] / found.denied[0].source).is_file()


def test_the_pipeline_takes_the_decision_and_has_a_sentence_for_every_reason():
    policy = decision("EU").modalities
    assert policy.reason_against(Modality.EXPRESSION) == "forbidden_in_jurisdiction"
    assert policy.reason_against(Modality.FACE) == "no_consent"
    assert policy.reason_against(Modality.SPEECH) == policy.reason_against(Modality.LANGUAGE) == ""
    assert all(skipped(Modality.FACE, reason).message for reason in REASONS)


@pytest.mark.parametrize("consents", [Consents(), ALL, Consents(face=False)])
def test_expression_is_forbidden_in_the_eu_whoever_consents(consents):
    found = {one.modality: one for one in decision("EU", consents=consents).denied}["expression"]
    assert (found.reason, found.jurisdiction) == ("forbidden_in_jurisdiction", "EU")
    assert found.source == "Regulation (EU) 2024/1689 (AI Act), Article 5(1)(f)"


@pytest.mark.parametrize("jurisdiction", ["EU", "GB", "US-IL", "US-MD", "CN"])
def test_the_face_needs_consent(jurisdiction):
    asked = {one.modality: one for one in decision(jurisdiction, consents=Consents(voice=True)).denied}
    assert (asked["face"].reason, asked["face"].jurisdiction) == ("no_consent", jurisdiction)
    assert "speech" not in asked
    assert "face" not in {one.modality for one in decision(jurisdiction, consents=ALL).denied}


@pytest.mark.parametrize("jurisdiction", ["US-IL", "CN"])
def test_the_voice_needs_consent(jurisdiction):
    asked = denied(jurisdiction, consents=Consents(face=True))
    assert asked == [("speech", "no_consent", jurisdiction), OFF]
    assert denied(jurisdiction, consents=ALL) == [OFF]


@pytest.mark.parametrize("jurisdiction", ["EU", "GB", "US-MD", "US-NY"])
def test_the_voice_needs_no_consent_elsewhere(jurisdiction):
    assert "speech" not in {one.modality for one in decision(jurisdiction).denied}


def test_in_new_york_city_the_face_needs_no_consent():
    assert denied("US-NY") == [OFF]


@pytest.mark.parametrize("jurisdictions", [(), *((name,) for name in supported())])
def test_a_refusal_holds_everywhere(jurisdictions):
    consents = Consents(analysis=False, voice=False, face=False, notice_time=ALL.notice_time)
    reasons = {one.modality: one.reason for one in decision(*jurisdictions, consents=consents).denied}
    forbidden = "forbidden_in_jurisdiction" if jurisdictions == ("EU",) else "no_consent"
    assert reasons == {"speech": "no_consent", "face": "no_consent", "expression": forbidden}
    assert ("analysis_consent", "") in missing(*jurisdictions, consents=consents)


def test_an_accommodation_turns_modalities_off_and_expression_with_the_face():
    assert denied(off=("speech", "face")) == [
        ("speech", "accommodation", ""),
        ("face", "accommodation", ""),
        ("expression", "accommodation", ""),
    ]
    assert denied(off=("expression",)) == [("expression", "accommodation", "")]


def test_of_several_reasons_the_weightiest_is_stated_once():
    refused = Consents(voice=False, face=False)
    everything = ("speech", "face", "expression")
    assert REASONS == ("forbidden_in_jurisdiction", "no_consent", "accommodation", "not_allowed_by_policy")
    assert denied("GB", "EU", consents=refused, off=everything) == [
        ("speech", "no_consent", ""),
        ("face", "no_consent", "GB"),
        ("expression", "forbidden_in_jurisdiction", "EU"),
    ]
    assert denied("GB", consents=refused, off=everything)[-1] == ("expression", "no_consent", "GB")


def test_of_equal_reasons_the_first_jurisdiction_is_named():
    assert denied("US-MD", "GB")[0] == ("face", "no_consent", "US-MD")
    assert denied("GB", "US-MD")[0] == ("face", "no_consent", "GB")


def test_the_order_of_jurisdictions_changes_no_outcome():
    outcomes = {
        (
            tuple((one.modality, one.reason) for one in found.denied),
            frozenset(found.missing),
            found.media_retention_days,
            found.storage_class,
        )
        for names in permutations(supported(), 3)
        if set(names) == {"CN", "EU", "US-IL"}
        for found in [decision(*names)]
    }
    assert len(outcomes) == 1


def test_the_tenants_jurisdictions_come_first_and_each_once():
    tenant = Tenant(jurisdictions=("US-IL", "EU"))
    assert decision("CN", "EU", "CN", tenant=tenant).jurisdictions == ("US-IL", "EU", "CN")


def test_illinois_asks_for_notice_and_consent_before_an_answer():
    assert missing("US-IL") == [("notice", "US-IL"), ("analysis_consent", "US-IL")]
    assert missing("US-IL", consents=ALL) == []
    assert missing("US-IL", consents=Consents(analysis=True)) == [("notice", "US-IL")]


@pytest.mark.parametrize(("told", "there"), [(NOW, True), (NOW + timedelta(seconds=1), False)])
def test_a_notice_counts_from_the_moment_that_it_is_given(told, there):
    found = missing("CN", consents=Consents(notice_time=told))
    assert found == ([] if there else [("notice", "CN")])


def test_a_notice_on_a_saturday_counts_at_once_where_no_days_must_pass():
    saturday = datetime(2026, 11, 21, 12, tzinfo=UTC)
    found = decision("CN", consents=Consents(notice_time=saturday), now=saturday + timedelta(hours=1))
    assert found.missing == ()


@pytest.mark.parametrize(
    ("told", "first_use"),
    [
        ("2026-03-02T09:00", "2026-03-16T09:00"),  # two weeks without a holiday
        ("2026-03-07T09:00", "2026-03-23T09:00"),  # a Saturday counts as the Monday after
        ("2026-11-12T09:00", "2026-11-27T09:00"),  # Thanksgiving day
        ("2026-10-27T09:00", "2026-11-12T09:00"),  # general election and Veterans' day
        ("2026-12-21T09:00", "2027-01-06T09:00"),  # Christmas day, New Year's day
        ("2026-05-18T09:00", "2026-06-02T09:00"),  # Memorial day
        ("2027-06-28T09:00", "2027-07-13T09:00"),  # 4 July 2027 is a Sunday, kept on Monday
    ],
)
def test_new_york_city_asks_for_notice_ten_business_days_before(told, first_use):
    tenant = Tenant(bias_audit_time=datetime.fromisoformat(f"{told}+00:00"))
    consents = Consents(notice_time=datetime.fromisoformat(f"{told}+00:00"))
    first = datetime.fromisoformat(f"{first_use}+00:00")
    too_early = decision("US-NY", consents=consents, tenant=tenant, now=first - timedelta(seconds=1))
    assert [(one.name, one.jurisdiction) for one in too_early.missing] == [("notice", "US-NY")]
    assert decision("US-NY", consents=consents, tenant=tenant, now=first).missing == ()


@pytest.mark.parametrize(
    ("audited", "there"),
    [
        (None, False),
        (NOW - 366 * DAY, False),
        (NOW - 365 * DAY, True),
        (NOW, True),
        (NOW + DAY, False),
    ],
)
def test_new_york_city_asks_for_a_bias_audit_within_a_year(audited, there):
    found = missing("US-NY", consents=ALL, tenant=Tenant(bias_audit_time=audited))
    assert found == ([] if there else [("bias_audit", "US-NY")])


def test_every_jurisdiction_that_asks_is_named():
    assert missing("US-IL", "CN", "US-NY") == [
        ("notice", "US-IL"),
        ("analysis_consent", "US-IL"),
        ("notice", "CN"),
        ("bias_audit", "US-NY"),
        ("notice", "US-NY"),
    ]


@pytest.mark.parametrize(
    ("own", "jurisdictions", "kept"),
    [
        ((0, 0), (), (180, 730)),
        ((365, 1000), (), (365, 1000)),
        ((365, 0), ("US-IL",), (30, 730)),
        ((7, 0), ("US-IL",), (7, 730)),
        ((0, 0), ("EU", "US-IL"), (30, 730)),
        ((365, 90), (), (90, 90)),  # the end of everything is the end of the media
        ((0, 14), ("US-IL",), (14, 14)),
    ],
)
def test_media_are_kept_for_the_shortest_time_that_applies(own, jurisdictions, kept):
    tenant = Tenant(media_retention_days=own[0], report_retention_days=own[1])
    found = decision(*jurisdictions, tenant=tenant)
    assert (found.media_retention_days, found.report_retention_days) == kept


@pytest.mark.parametrize(("names", "kept"), [(("EU",), "default"), (("CN",), "cn"), (("EU", "CN"), "cn")])
def test_the_storage_class_is_the_first_of_the_order_that_is_asked_for(names, kept):
    assert decision(*names).storage_class == kept


@pytest.mark.parametrize("name", ["US-CA", "eu", "DEFAULT", ""])
def test_a_jurisdiction_without_a_file_is_refused_with_those_that_have_one(name):
    with pytest.raises(InvalidRequest) as caught:
        check_jurisdictions(["EU", name], "tenant.jurisdictions")
    assert (caught.value.reason, caught.value.field) == (Reason.FIELD_INVALID, "tenant.jurisdictions[1]")
    assert caught.value.metadata == {"supported": "CN,EU,GB,US-IL,US-MD,US-NY"}
    assert caught.value.message.endswith("it must be one of CN, EU, GB, US-IL, US-MD, US-NY")
    check_jurisdictions(supported(), "tenant.jurisdictions")


@pytest.mark.parametrize(
    ("tenant", "jurisdictions", "field"),
    [
        (Tenant(jurisdictions=("US-CA",)), (), "tenant.jurisdictions[0]"),
        (Tenant(), ("EU", "US-CA"), "interview.jurisdictions[1]"),
    ],
)
def test_nothing_is_decided_for_a_jurisdiction_without_a_file(tenant, jurisdictions, field):
    with pytest.raises(InvalidRequest) as caught:
        decision(*jurisdictions, tenant=tenant)
    assert caught.value.field == field


def test_the_decision_names_the_data_that_decided():
    assert decision("EU").policy_sha256 == policy_sha256() == BOOK.sha256
    assert len(policy_sha256()) == 64


@pytest.mark.parametrize("policy", [BOOK.default, *BOOK.policies.values()], ids=lambda policy: policy.jurisdiction)
def test_the_page_has_a_row_for_every_rule_with_its_source(policy):
    sections: dict[str, list[str]] = {}
    name = ""
    for line in PAGE.partition("## Rules")[2].partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3:
            name = cells[0].split("`")[1] if cells[0].startswith("`") else name
            sections.setdefault(name, []).append(cells[2])
    assert sections[policy.jurisdiction] == [rule.source for rule in policy.rules]
    assert sections.keys() == {"", "DEFAULT", *supported()}  # "": the table's head


def test_the_page_names_every_key_value_and_reason():
    values = {choice for hint in get_type_hints(Rule).values() for choice in _choices(hint)}
    assert {"expression", "analysis", "bias_audit"} <= values
    for word in {*KINDS, *values, *REASONS}:
        assert f"`{word}`" in PAGE or f"`requires: {word}`" in PAGE, word
    for policy in BOOK.policies.values():
        assert f"| `{policy.jurisdiction}` {policy.name} |" in PAGE
    assert "It is not legal advice" in PAGE


def _choices(hint: object) -> set[str]:
    found = {arg for arg in get_args(hint) if isinstance(arg, str)}
    return found.union(*(_choices(arg) for arg in get_args(hint) if get_args(arg)))

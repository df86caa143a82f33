"""The policies as data: `policies/<jurisdiction>.yaml`, read strictly, so that a wrong file stops the start.

A file has the keys `jurisdiction` (the file's name in capitals), `name` (for people) and `rules`. A rule has a `source`
(the provision), a `why`, and one of the keys of `KINDS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from serving.signals.scoring.rubric_file import load_rubric_file

DEFAULT: Final = "DEFAULT"  # the file that applies to every interview

KINDS: Final = (
    "deny",
    "needs_consent",
    "honours_refusal",
    "requires",
    "max_media_days",
    "storage_class",
    "default_media_days",
    "default_report_days",
    "storage_order",
)
_ONLY_DEFAULT: Final = KINDS[-3:]
_STRICT: Final = ConfigDict(extra="forbid")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Days = Annotated[int, Field(ge=1, le=3650, strict=True)]  # strict: YAML's `yes` is no day


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; exactly one of its kinds is set.

    Attributes:
        source: the provision, or what else the rule rests on.
        why: what it says, and why it is applied so.
        deny: a modality that must not run.
        needs_consent: denied unless the candidate consented.
        honours_refusal: denied (`analysis`: no answer is taken) where the candidate refused.
        requires: what must be on file before an answer is taken.
        business_days: with `requires: notice`: how many must have passed since, as New York counts them.
        max_age_days: with `requires: bias_audit`: how old it may be.
        max_media_days: most days after the interview's end that media are kept.
        storage_class: where media are kept.
        default_media_days, default_report_days: retention for a tenant that sets none.
        storage_order: which storage class wins, first to last; the last is for interviews where no rule asks for one.
    """

    source: Text
    why: Text
    deny: Literal["speech", "language", "face", "expression"] | None = None
    needs_consent: Literal["voice", "face"] | None = None
    honours_refusal: Literal["analysis", "voice", "face"] | None = None
    requires: Literal["analysis_consent", "notice", "bias_audit"] | None = None
    business_days: Annotated[int, Field(ge=1, le=60, strict=True)] | None = None
    max_age_days: Days | None = None
    max_media_days: Days | None = None
    storage_class: Text | None = None
    default_media_days: Days | None = None
    default_report_days: Days | None = None
    storage_order: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None

    __pydantic_config__ = _STRICT

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are set; one, once the rule is checked."""
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)


@dataclass(frozen=True, slots=True)
class Policy:
    """One file."""

    jurisdiction: Text
    name: Text
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """All files.

    Attributes:
        policies: by jurisdiction, in alphabetical order, without the default.
        sha256: hex digest over the names and bytes of all files.
    """

    default: Policy
    policies: Mapping[str, Policy]
    sha256: str

    def setting(self, kind: str) -> Any:
        """The value of a kind that only the default has."""
        return next(getattr(rule, kind) for rule in self.default.rules if getattr(rule, kind) is not None)


_ADAPTER: Final = TypeAdapter(Policy)


def read_policies(folder: Traversable) -> PolicyBook:
    """Read and check a folder of policies.

    Raises:
        ValueError: one line; begins with the file's name and says what is wrong in it.
    """
    paths = sorted((path for path in folder.iterdir() if path.name.endswith((".yaml", ".yml"))), key=lambda p: p.name)
    digest, policies = hashlib.sha256(), {}
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        policy = _parse(load_rubric_file(path), path.name)
        policies[policy.jurisdiction] = policy
    if DEFAULT not in policies:
        raise ValueError("default.yaml: is missing")
    book = PolicyBook(policies.pop(DEFAULT), policies, digest.hexdigest())
    order = book.setting("storage_order")
    for name, policy in policies.items():
        for rule in policy.rules:
            if rule.storage_class and rule.storage_class not in order:
                raise ValueError(
                    f"{name.lower()}.yaml: storage_class {rule.storage_class} is not in default.yaml's storage_order"
                )
    return book


def _parse(document: Any, source: str) -> Policy:
    try:
        policy = _ADAPTER.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{source}: {where + ': ' if where else ''}{first['msg']}") from None
    for problem in _problems(policy, source):
        raise ValueError(f"{source}: {problem}")
    return policy


def _problems(policy: Policy, source: str) -> Iterator[str]:
    if source != f"{policy.jurisdiction.lower()}.yaml" or policy.jurisdiction != policy.jurisdiction.upper():
        yield f"jurisdiction: is {policy.jurisdiction}, it must be the file's name in capitals"
    seen = set()
    for at, rule in enumerate(policy.rules):
        where = f"rules.{at}: "
        if len(rule.kinds) != 1:
            yield f"{where}has {' and '.join(rule.kinds) or 'no kind'}; it must have one of {', '.join(KINDS)}"
        kind = rule.kinds[0]
        if kind in _ONLY_DEFAULT and policy.jurisdiction != DEFAULT:
            yield f"{where}{kind} stands in default.yaml only"
        if rule.business_days is not None and rule.requires != "notice":
            yield f"{where}business_days goes with requires: notice only"
        if (rule.max_age_days is not None) != (rule.requires == "bias_audit"):
            yield f"{where}max_age_days goes with requires: bias_audit, and that with it"
        said = kind if kind in _ONLY_DEFAULT else (kind, getattr(rule, kind))
        if said in seen:
            yield f"{where}says again what an earlier rule says"
        seen.add(said)
    if policy.jurisdiction == DEFAULT and (missing := set(_ONLY_DEFAULT) - seen):
        yield f"rules: lacks {', '.join(sorted(missing))}"

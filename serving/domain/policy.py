"""What a candidate agreed to, and what a policy decided. Field names equal those of viva/v1/policy.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from serving.domain.answer import Modality, ModalityPolicy
from serving.domain.fields import given, output


@dataclass(frozen=True, slots=True)
class Consents:
    """None is no consent where a jurisdiction asks for one; False is a refusal everywhere."""

    analysis: bool | None = given(None)
    voice: bool | None = given(None)
    face: bool | None = given(None)
    consent_time: datetime | None = given(None)
    notice_time: datetime | None = given(None)


@dataclass(frozen=True, slots=True)
class DeniedByPolicy:
    """A modality that must not run; `source` names the provision where a jurisdiction decided."""

    modality: str = output()
    reason: str = output()
    jurisdiction: str = output()
    source: str = output()


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that must be there before an answer is taken."""

    name: str = output()
    jurisdiction: str = output()
    source: str = output()


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What may run for an interview, where its media are kept, and for how long."""

    jurisdictions: tuple[str, ...] = output(())
    denied: tuple[DeniedByPolicy, ...] = output(())
    missing: tuple[Obligation, ...] = output(())
    media_retention_days: int = output(0)
    report_retention_days: int = output(0)
    storage_class: str = output("default")
    policy_sha256: str = output()

    @property
    def modalities(self) -> ModalityPolicy:
        """As the pipeline takes it."""
        return ModalityPolicy(tuple((Modality(one.modality), one.reason) for one in self.denied))

"""Long work as callers see it: `google.longrunning.Operation`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from serving.domain.fields import output
from serving.domain.submission import Failure


class OperationKind(Enum):
    """What is done."""

    BATCH_SUBMIT = "batch_submit"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Operation:
    """Long work.

    Attributes:
        name: `tenants/{tenant}/operations/{operation}`.
        facts: JSON values of its kind: what it works on, and how far it is.
        error: why it failed, None unless it did.
    """

    name: str = output()
    kind: OperationKind = output(OperationKind.BATCH_SUBMIT)
    stage: str = output()
    done: bool = output(False)
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: Failure | None = output(None)
    create_time: datetime | None = output(None)
    update_time: datetime | None = output(None)

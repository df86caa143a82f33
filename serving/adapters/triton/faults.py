"""Triton's faults, told apart and turned into ours.

Triton answers with a gRPC status and a sentence, and uses UNAVAILABLE for a full queue, an expired queue timeout,
a model that is being loaded and a dead server alike; only the sentence tells them apart (strings of Triton 2.51:
core `dynamic_batch_scheduler.cc`, `model_repository_manager`, python_backend `python_be.cc`).
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto

import grpc
from tritonclient.utils import InferenceServerException

from serving.domain.errors import (
    ModelFailed,
    ModelUnavailable,
    Overloaded,
    VivaError,
)

_QUEUE_RETRY_S = 1.0
_RESTART_RETRY_S = 2.0


class Fault(Enum):
    """What a failed call to Triton means for the caller."""

    AWAY = auto()  # no server behind the address, or it went during the call
    STUB_DEAD = auto()  # the server runs, the model's process does not
    NOT_LOADED = auto()  # the model is being loaded, or is not served here
    QUEUE_FULL = auto()
    EXPIRED = auto()
    REFUSED = auto()  # the model or the server refused what we sent


_BY_SENTENCE = (
    ("exceeds maximum queue size", Fault.QUEUE_FULL),
    ("request timeout expired", Fault.EXPIRED),
    ("stub process", Fault.STUB_DEAD),
    ("shared memory region", Fault.REFUSED),
    ("unknown model", Fault.NOT_LOADED),
    ("is not ready", Fault.NOT_LOADED),
    ("is not at ready state", Fault.NOT_LOADED),
    ("has no available versions", Fault.NOT_LOADED),
)

_BY_STATUS = {
    "UNAVAILABLE": Fault.AWAY,
    "CANCELLED": Fault.AWAY,  # by the server or a channel that was closed; the caller's own is a CancelledError
    "DEADLINE_EXCEEDED": Fault.EXPIRED,
    "NOT_FOUND": Fault.NOT_LOADED,
}


def classify(error: BaseException) -> Fault:
    """What an exception of tritonclient or grpc means; a CancelledError is that of a channel which was closed."""
    if isinstance(error, InferenceServerException):
        status, sentence = str(error.status()), str(error.message())
    elif isinstance(error, grpc.RpcError):
        code = error.code() if hasattr(error, "code") else ""
        status, sentence = str(code), str(error)
    elif isinstance(error, TimeoutError):
        return Fault.EXPIRED
    else:  # a channel that was closed: grpc has an exception of its own for it
        closed = isinstance(error, (asyncio.CancelledError, grpc.aio.UsageError))
        return Fault.AWAY if closed else Fault.REFUSED
    sentence = sentence.lower()
    for part, fault in _BY_SENTENCE:
        if part in sentence:
            return fault
    return _BY_STATUS.get(status.rpartition(".")[2], Fault.REFUSED)


def to_viva_error(fault: Fault, model: str, cause: object = "") -> VivaError:
    """Our error for a fault of a call to `model`; `cause` is for the log only."""
    match fault:
        case Fault.AWAY | Fault.STUB_DEAD | Fault.NOT_LOADED:
            return ModelUnavailable(f"{model} cannot be reached", retry_after_s=_RESTART_RETRY_S)
        case Fault.QUEUE_FULL:
            return Overloaded(f"the queue of {model} is full", retry_after_s=_QUEUE_RETRY_S)
        case Fault.EXPIRED:
            # Our limit, not the caller's: its deadline cancels the call and never comes this way.
            return ModelUnavailable(f"{model} did not answer in time", retry_after_s=_QUEUE_RETRY_S)
        case Fault.REFUSED:
            return ModelFailed(f"{model} failed: {cause}")

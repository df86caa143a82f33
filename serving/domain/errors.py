"""The one error tree.

VivaError
├── InvalidRequest          the caller's answer or request is at fault      INVALID_ARGUMENT
├── Unauthorized           no, unknown or expired credentials              UNAUTHENTICATED
├── Forbidden              known credentials without the scope             PERMISSION_DENIED
├── NotFound               a name that nothing answers to                  NOT_FOUND
├── Conflict               it exists already, or the id was used           ALREADY_EXISTS
├── Stale                  the etag is not the newest                      ABORTED
├── NotAllowedNow          right as such, but not in this state            FAILED_PRECONDITION
├── UploadIncomplete       an upload ended without its commit              ABORTED
├── Overloaded             a bounded queue is full                         RESOURCE_EXHAUSTED, retryable
│   └── QuotaExceeded      the tenant's quota is used up                   RESOURCE_EXHAUSTED, retryable
├── StoreUnavailable       the database or object store is away            UNAVAILABLE, retryable
├── DeadlineExceeded       the caller's deadline passed                    DEADLINE_EXCEEDED
├── ModelUnavailable       a model server is away or restarting            UNAVAILABLE, retryable
├── WorkerLost             the process that did the work died              UNAVAILABLE, retryable
└── InternalFault          ours; its text never reaches the caller         INTERNAL
    └── ModelFailed        a model refused an input that we built

An SDK's exception becomes one of these at its adapter. `serving/api` maps them to gRPC statuses; nothing else
knows of status codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Reason(Enum):
    """Machine-readable `ErrorInfo.reason` of every error, and what the caller should do about it."""

    FIELD_REQUIRED = "Fill in the named field."
    FIELD_INVALID = "Correct the named field; the message gives its limit or its pattern."
    TEXT_TOO_LONG = "Shorten the text to the limit, or split the answer."
    TEXT_EMPTY = "Send the words of the answer; a text without a letter or digit cannot be scored."
    UNKNOWN_LANGUAGE = "Use `en` or `zh`, or leave the language empty to have it detected."
    UNKNOWN_COMPETENCY = "Use a competency of the list that the message gives."
    CONTENT_REQUIRED = "Send exactly one of text and media."
    MEDIA_EMPTY = "The media has no bytes; check the file that was sent."
    MEDIA_TOO_LARGE = "Re-encode the media below the limit on bytes."
    MEDIA_TOO_LONG = "Cut the answer below the limit on duration."
    MEDIA_TOO_MANY_PIXELS = "Re-encode the video at 4K or less."
    MEDIA_UNREADABLE = "Send one of the supported containers and codecs; nothing of this file decodes."
    MEDIA_IS_IMAGE = "Send a video; a single picture holds no answer."
    MEDIA_NO_TRACK = "Send media with an audio or a video track."
    UPLOAD_OUT_OF_ORDER = "Send the config first, then chunks, then one commit."
    UPLOAD_NOT_COMMITTED = "The stream ended before its commit; send the upload again."
    UPLOAD_MISMATCH = "Size or sha256 of the commit differ from what arrived; send the upload again."
    UNAUTHENTICATED = "Send a valid API key or token as `authorization: Bearer KEY`."
    KEY_EXPIRED = "The key or token has expired or was revoked; use its successor."
    SCOPE_MISSING = "Use a key with the scope that the message names."
    NOT_FOUND = "Check the name."
    ALREADY_EXISTS = "Choose another id, or read what is there."
    REQUEST_ID_REUSED = "Use a new request id for another request."
    QUESTION_ANSWERED = "A question takes one answer; read the one that is there."
    ETAG_MISMATCH = "Read the resource again, and make the change on what it holds now."
    INTERVIEW_NOT_OPEN = "The interview takes no more answers or changes."
    DEADLINE_PASSED = "The interview's deadline has passed; move it if the answer is to count."
    ROLE_ARCHIVED = "Use a role that is not archived."
    CONSENT_MISSING = "Record the consent that the message names, or use no automated analysis."
    NOTICE_MISSING = "Record when the candidate was told of the automated tool."
    AUDIT_MISSING = "Record the tenant's last bias audit; this jurisdiction asks for one within a year."
    STORAGE_CLASS_MISSING = "The operator must configure the storage class that the jurisdiction asks for."
    LEGAL_HOLD = "Lift the legal hold first."
    STATE_INVALID = "The resource is in a state that does not allow this; the message says which."
    RULE_INVALID = "Correct the rule; the message gives the place."
    URI_NOT_ALLOWED = "Use an allowed scheme and host with a public address."
    MEDIA_FETCH_FAILED = "Check that the media can be fetched from its address."
    QUOTA_EXCEEDED = "Wait for the time in RetryInfo, or ask for a larger quota."
    STORE_UNAVAILABLE = "The database is away; retry after the time in RetryInfo."
    QUEUE_FULL = "Wait for the time in RetryInfo, then retry."
    DEADLINE_EXCEEDED = "Allow more time, or send the answer again when load is lower."
    MODEL_UNAVAILABLE = "A model server is restarting; retry."
    WORKER_LOST = "The worker died during the call; retry."
    INTERNAL = "Retry once; if it persists, report it with the request id."


class VivaError(Exception):
    """Base of the tree.

    Attributes:
        reason: stable machine-readable reason.
        message: one sentence for a developer; names the field and the limit; holds no data of the candidate.
        field: path of the request field at fault (`config.competencies[1]`), empty when none is.
        metadata: small string facts such as limits (`{"limit": "20000", "actual": "20001"}`).
        retry_after_s: seconds after which a retry makes sense, None when a retry would not help.
    """

    default_reason = Reason.INTERNAL
    retryable = False

    def __init__(
        self,
        message: str,
        *,
        reason: Reason | None = None,
        field: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason or self.default_reason
        self.message = message
        self.field = field
        self.metadata = dict(metadata or {})
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process boundaries (Ray pickles them); keyword arguments need their own way back.
        return (
            _rebuild,
            (type(self), self.message, self.reason, self.field, self.metadata, self.retry_after_s),
        )


def _rebuild(
    kind: type[VivaError],
    message: str,
    reason: Reason,
    field: str,
    metadata: dict[str, str],
    retry_after_s: float | None,
) -> VivaError:
    return kind(message, reason=reason, field=field, metadata=metadata, retry_after_s=retry_after_s)


class InvalidRequest(VivaError):
    """The request cannot be scored as sent; sending the same again gives the same error."""

    default_reason = Reason.FIELD_INVALID


class Unauthorized(VivaError):
    """The credentials are missing, unknown or expired."""

    default_reason = Reason.UNAUTHENTICATED


class Forbidden(VivaError):
    """The credentials are known, and lack the scope that the call needs."""

    default_reason = Reason.SCOPE_MISSING


class NotFound(VivaError):
    """The named thing does not exist, or not for this tenant."""

    default_reason = Reason.NOT_FOUND


class Conflict(VivaError):
    """Something of this name exists, or the request id was used for another request."""

    default_reason = Reason.ALREADY_EXISTS


class Stale(VivaError):
    """The resource has changed since it was read."""

    default_reason = Reason.ETAG_MISMATCH


class NotAllowedNow(VivaError):
    """The request is right as such, but not in the state that things are in."""

    default_reason = Reason.STATE_INVALID


class UploadIncomplete(VivaError):
    """The client's stream ended, or was cancelled, before the commit message."""

    default_reason = Reason.UPLOAD_NOT_COMMITTED


class Overloaded(VivaError):
    """A bounded queue is full; `retry_after_s` says when it should have room."""

    default_reason = Reason.QUEUE_FULL
    retryable = True


class QuotaExceeded(Overloaded):
    """The tenant's quota is used up; `metadata` names it (`quota`) and its limit."""

    default_reason = Reason.QUOTA_EXCEEDED


class StoreUnavailable(VivaError):
    """The database or the object store cannot be reached; nothing was accepted."""

    default_reason = Reason.STORE_UNAVAILABLE
    retryable = True


class DeadlineExceeded(VivaError):
    """The caller's deadline passed before the work was done; the work was stopped."""

    default_reason = Reason.DEADLINE_EXCEEDED


class ModelUnavailable(VivaError):
    """The model server cannot be reached or is restarting."""

    default_reason = Reason.MODEL_UNAVAILABLE
    retryable = True


class WorkerLost(VivaError):
    """The process that was scoring the answer died."""

    default_reason = Reason.WORKER_LOST
    retryable = True


class InternalFault(VivaError):
    """A defect of ours. Logged in full; the caller sees a fixed sentence and the request id."""

    default_reason = Reason.INTERNAL


class ModelFailed(InternalFault):
    """A model answered an input that we built with an error, or with tensors that break its contract."""

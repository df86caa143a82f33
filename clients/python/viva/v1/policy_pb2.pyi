from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Consents(_message.Message):
    __slots__ = ("analysis", "voice", "face", "consent_time", "notice_time")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    VOICE_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    CONSENT_TIME_FIELD_NUMBER: _ClassVar[int]
    NOTICE_TIME_FIELD_NUMBER: _ClassVar[int]
    analysis: bool
    voice: bool
    face: bool
    consent_time: _timestamp_pb2.Timestamp
    notice_time: _timestamp_pb2.Timestamp
    def __init__(self, analysis: bool = ..., voice: bool = ..., face: bool = ..., consent_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., notice_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PolicyDecision(_message.Message):
    __slots__ = ("jurisdictions", "denied", "missing", "media_retention_days", "report_retention_days", "storage_class", "policy_sha256")
    JURISDICTIONS_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    MEDIA_RETENTION_DAYS_FIELD_NUMBER: _ClassVar[int]
    REPORT_RETENTION_DAYS_FIELD_NUMBER: _ClassVar[int]
    STORAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    POLICY_SHA256_FIELD_NUMBER: _ClassVar[int]
    jurisdictions: _containers.RepeatedScalarFieldContainer[str]
    denied: _containers.RepeatedCompositeFieldContainer[DeniedByPolicy]
    missing: _containers.RepeatedCompositeFieldContainer[Obligation]
    media_retention_days: int
    report_retention_days: int
    storage_class: str
    policy_sha256: str
    def __init__(self, jurisdictions: _Optional[_Iterable[str]] = ..., denied: _Optional[_Iterable[_Union[DeniedByPolicy, _Mapping]]] = ..., missing: _Optional[_Iterable[_Union[Obligation, _Mapping]]] = ..., media_retention_days: _Optional[int] = ..., report_retention_days: _Optional[int] = ..., storage_class: _Optional[str] = ..., policy_sha256: _Optional[str] = ...) -> None: ...

class DeniedByPolicy(_message.Message):
    __slots__ = ("modality", "reason", "jurisdiction", "source")
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    JURISDICTION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    modality: str
    reason: str
    jurisdiction: str
    source: str
    def __init__(self, modality: _Optional[str] = ..., reason: _Optional[str] = ..., jurisdiction: _Optional[str] = ..., source: _Optional[str] = ...) -> None: ...

class Obligation(_message.Message):
    __slots__ = ("name", "jurisdiction", "source")
    NAME_FIELD_NUMBER: _ClassVar[int]
    JURISDICTION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    jurisdiction: str
    source: str
    def __init__(self, name: _Optional[str] = ..., jurisdiction: _Optional[str] = ..., source: _Optional[str] = ...) -> None: ...

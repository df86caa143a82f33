from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from viva.v1 import assessment_pb2 as _assessment_pb2
from viva.v1 import competency_pb2 as _competency_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MediaKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MEDIA_KIND_UNSPECIFIED: _ClassVar[MediaKind]
    MEDIA_KIND_AUDIO: _ClassVar[MediaKind]
    MEDIA_KIND_VIDEO: _ClassVar[MediaKind]
MEDIA_KIND_UNSPECIFIED: MediaKind
MEDIA_KIND_AUDIO: MediaKind
MEDIA_KIND_VIDEO: MediaKind

class ScoreAnswerRequest(_message.Message):
    __slots__ = ("request_id", "config", "text", "media")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    config: AnswerConfig
    text: str
    media: InlineMedia
    def __init__(self, request_id: _Optional[str] = ..., config: _Optional[_Union[AnswerConfig, _Mapping]] = ..., text: _Optional[str] = ..., media: _Optional[_Union[InlineMedia, _Mapping]] = ...) -> None: ...

class ScoreAnswerResponse(_message.Message):
    __slots__ = ("request_id", "assessment")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ASSESSMENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    assessment: _assessment_pb2.Assessment
    def __init__(self, request_id: _Optional[str] = ..., assessment: _Optional[_Union[_assessment_pb2.Assessment, _Mapping]] = ...) -> None: ...

class InlineMedia(_message.Message):
    __slots__ = ("data", "kind")
    DATA_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    kind: MediaKind
    def __init__(self, data: _Optional[bytes] = ..., kind: _Optional[_Union[MediaKind, str]] = ...) -> None: ...

class AnswerConfig(_message.Message):
    __slots__ = ("question", "language", "competencies", "role", "sentences", "consent", "modality_policy", "custom_competencies", "signal_weights")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    COMPETENCIES_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SENTENCES_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    MODALITY_POLICY_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_COMPETENCIES_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    question: str
    language: str
    competencies: _containers.RepeatedScalarFieldContainer[str]
    role: str
    sentences: _containers.RepeatedScalarFieldContainer[str]
    consent: Consent
    modality_policy: ModalityPolicy
    custom_competencies: _containers.RepeatedCompositeFieldContainer[_competency_pb2.CompetencyDefinition]
    signal_weights: _containers.RepeatedCompositeFieldContainer[_competency_pb2.SignalWeight]
    def __init__(self, question: _Optional[str] = ..., language: _Optional[str] = ..., competencies: _Optional[_Iterable[str]] = ..., role: _Optional[str] = ..., sentences: _Optional[_Iterable[str]] = ..., consent: _Optional[_Union[Consent, _Mapping]] = ..., modality_policy: _Optional[_Union[ModalityPolicy, _Mapping]] = ..., custom_competencies: _Optional[_Iterable[_Union[_competency_pb2.CompetencyDefinition, _Mapping]]] = ..., signal_weights: _Optional[_Iterable[_Union[_competency_pb2.SignalWeight, _Mapping]]] = ...) -> None: ...

class Consent(_message.Message):
    __slots__ = ("voice_analysis", "face_analysis", "consent_time")
    VOICE_ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    FACE_ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    CONSENT_TIME_FIELD_NUMBER: _ClassVar[int]
    voice_analysis: bool
    face_analysis: bool
    consent_time: _timestamp_pb2.Timestamp
    def __init__(self, voice_analysis: bool = ..., face_analysis: bool = ..., consent_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ModalityPolicy(_message.Message):
    __slots__ = ("speech", "language", "face", "expression")
    class Permission(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PERMISSION_UNSPECIFIED: _ClassVar[ModalityPolicy.Permission]
        PERMISSION_ALLOWED: _ClassVar[ModalityPolicy.Permission]
        PERMISSION_DENIED: _ClassVar[ModalityPolicy.Permission]
    PERMISSION_UNSPECIFIED: ModalityPolicy.Permission
    PERMISSION_ALLOWED: ModalityPolicy.Permission
    PERMISSION_DENIED: ModalityPolicy.Permission
    SPEECH_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    speech: ModalityPolicy.Permission
    language: ModalityPolicy.Permission
    face: ModalityPolicy.Permission
    expression: ModalityPolicy.Permission
    def __init__(self, speech: _Optional[_Union[ModalityPolicy.Permission, str]] = ..., language: _Optional[_Union[ModalityPolicy.Permission, str]] = ..., face: _Optional[_Union[ModalityPolicy.Permission, str]] = ..., expression: _Optional[_Union[ModalityPolicy.Permission, str]] = ...) -> None: ...

class UploadAnswerRequest(_message.Message):
    __slots__ = ("config", "chunk", "commit")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    config: UploadConfig
    chunk: bytes
    commit: UploadCommit
    def __init__(self, config: _Optional[_Union[UploadConfig, _Mapping]] = ..., chunk: _Optional[bytes] = ..., commit: _Optional[_Union[UploadCommit, _Mapping]] = ...) -> None: ...

class UploadConfig(_message.Message):
    __slots__ = ("request_id", "config", "kind")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    config: AnswerConfig
    kind: MediaKind
    def __init__(self, request_id: _Optional[str] = ..., config: _Optional[_Union[AnswerConfig, _Mapping]] = ..., kind: _Optional[_Union[MediaKind, str]] = ...) -> None: ...

class UploadCommit(_message.Message):
    __slots__ = ("size_bytes", "sha256")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    sha256: str
    def __init__(self, size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ...) -> None: ...

class UploadAnswerResponse(_message.Message):
    __slots__ = ("request_id", "assessment")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ASSESSMENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    assessment: _assessment_pb2.Assessment
    def __init__(self, request_id: _Optional[str] = ..., assessment: _Optional[_Union[_assessment_pb2.Assessment, _Mapping]] = ...) -> None: ...

class RenderReportRequest(_message.Message):
    __slots__ = ("assessment", "language")
    ASSESSMENT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    assessment: _assessment_pb2.Assessment
    language: str
    def __init__(self, assessment: _Optional[_Union[_assessment_pb2.Assessment, _Mapping]] = ..., language: _Optional[str] = ...) -> None: ...

class RenderReportResponse(_message.Message):
    __slots__ = ("html",)
    HTML_FIELD_NUMBER: _ClassVar[int]
    html: str
    def __init__(self, html: _Optional[str] = ...) -> None: ...

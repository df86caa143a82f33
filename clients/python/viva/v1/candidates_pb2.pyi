from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Candidate(_message.Message):
    __slots__ = ("name", "background_check", "written_test", "resume", "accommodations", "legal_hold", "create_time", "update_time", "etag")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_CHECK_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_TEST_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    ACCOMMODATIONS_FIELD_NUMBER: _ClassVar[int]
    LEGAL_HOLD_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    background_check: BackgroundCheck
    written_test: WrittenTest
    resume: Resume
    accommodations: Accommodations
    legal_hold: LegalHold
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    etag: str
    def __init__(self, name: _Optional[str] = ..., background_check: _Optional[_Union[BackgroundCheck, _Mapping]] = ..., written_test: _Optional[_Union[WrittenTest, _Mapping]] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ..., accommodations: _Optional[_Union[Accommodations, _Mapping]] = ..., legal_hold: _Optional[_Union[LegalHold, _Mapping]] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class BackgroundCheck(_message.Message):
    __slots__ = ("passed", "provider", "complete_time")
    PASSED_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_TIME_FIELD_NUMBER: _ClassVar[int]
    passed: bool
    provider: str
    complete_time: _timestamp_pb2.Timestamp
    def __init__(self, passed: bool = ..., provider: _Optional[str] = ..., complete_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WrittenTest(_message.Message):
    __slots__ = ("score", "max_score")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    MAX_SCORE_FIELD_NUMBER: _ClassVar[int]
    score: float
    max_score: float
    def __init__(self, score: _Optional[float] = ..., max_score: _Optional[float] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("text", "experience_years", "degree", "skills")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    EXPERIENCE_YEARS_FIELD_NUMBER: _ClassVar[int]
    DEGREE_FIELD_NUMBER: _ClassVar[int]
    SKILLS_FIELD_NUMBER: _ClassVar[int]
    text: str
    experience_years: float
    degree: str
    skills: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, text: _Optional[str] = ..., experience_years: _Optional[float] = ..., degree: _Optional[str] = ..., skills: _Optional[_Iterable[str]] = ...) -> None: ...

class Accommodations(_message.Message):
    __slots__ = ("extra_time_percent", "text_instead_of_speech", "modalities_off")
    EXTRA_TIME_PERCENT_FIELD_NUMBER: _ClassVar[int]
    TEXT_INSTEAD_OF_SPEECH_FIELD_NUMBER: _ClassVar[int]
    MODALITIES_OFF_FIELD_NUMBER: _ClassVar[int]
    extra_time_percent: int
    text_instead_of_speech: bool
    modalities_off: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, extra_time_percent: _Optional[int] = ..., text_instead_of_speech: bool = ..., modalities_off: _Optional[_Iterable[str]] = ...) -> None: ...

class LegalHold(_message.Message):
    __slots__ = ("reason", "set_time")
    REASON_FIELD_NUMBER: _ClassVar[int]
    SET_TIME_FIELD_NUMBER: _ClassVar[int]
    reason: str
    set_time: _timestamp_pb2.Timestamp
    def __init__(self, reason: _Optional[str] = ..., set_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetCandidateRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListCandidatesRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "filter", "order_by")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    filter: str
    order_by: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ..., order_by: _Optional[str] = ...) -> None: ...

class ListCandidatesResponse(_message.Message):
    __slots__ = ("candidates", "next_page_token")
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    next_page_token: str
    def __init__(self, candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateCandidateRequest(_message.Message):
    __slots__ = ("candidate", "update_mask", "allow_missing")
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    candidate: Candidate
    update_mask: _field_mask_pb2.FieldMask
    allow_missing: bool
    def __init__(self, candidate: _Optional[_Union[Candidate, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., allow_missing: bool = ...) -> None: ...

class EraseCandidateRequest(_message.Message):
    __slots__ = ("name", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class EraseCandidateMetadata(_message.Message):
    __slots__ = ("candidate_sha256", "stage")
    CANDIDATE_SHA256_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    candidate_sha256: str
    stage: str
    def __init__(self, candidate_sha256: _Optional[str] = ..., stage: _Optional[str] = ...) -> None: ...

class ErasureReceipt(_message.Message):
    __slots__ = ("candidate_sha256", "interview_count", "answer_count", "report_count", "media_count", "media_bytes", "erase_time")
    CANDIDATE_SHA256_FIELD_NUMBER: _ClassVar[int]
    INTERVIEW_COUNT_FIELD_NUMBER: _ClassVar[int]
    ANSWER_COUNT_FIELD_NUMBER: _ClassVar[int]
    REPORT_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_BYTES_FIELD_NUMBER: _ClassVar[int]
    ERASE_TIME_FIELD_NUMBER: _ClassVar[int]
    candidate_sha256: str
    interview_count: int
    answer_count: int
    report_count: int
    media_count: int
    media_bytes: int
    erase_time: _timestamp_pb2.Timestamp
    def __init__(self, candidate_sha256: _Optional[str] = ..., interview_count: _Optional[int] = ..., answer_count: _Optional[int] = ..., report_count: _Optional[int] = ..., media_count: _Optional[int] = ..., media_bytes: _Optional[int] = ..., erase_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SetLegalHoldRequest(_message.Message):
    __slots__ = ("name", "legal_hold")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LEGAL_HOLD_FIELD_NUMBER: _ClassVar[int]
    name: str
    legal_hold: LegalHold
    def __init__(self, name: _Optional[str] = ..., legal_hold: _Optional[_Union[LegalHold, _Mapping]] = ...) -> None: ...

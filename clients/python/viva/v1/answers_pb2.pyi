from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from viva.v1 import assessment_pb2 as _assessment_pb2
from viva.v1 import scoring_pb2 as _scoring_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Answer(_message.Message):
    __slots__ = ("name", "question_id", "text", "media_sha256", "media_uri", "kind", "state", "error", "attempt_count", "assessment", "create_time", "end_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Answer.State]
        STATE_QUEUED: _ClassVar[Answer.State]
        STATE_RUNNING: _ClassVar[Answer.State]
        STATE_SCORED: _ClassVar[Answer.State]
        STATE_FAILED: _ClassVar[Answer.State]
        STATE_CANCELLED: _ClassVar[Answer.State]
    STATE_UNSPECIFIED: Answer.State
    STATE_QUEUED: Answer.State
    STATE_RUNNING: Answer.State
    STATE_SCORED: Answer.State
    STATE_FAILED: Answer.State
    STATE_CANCELLED: Answer.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_SHA256_FIELD_NUMBER: _ClassVar[int]
    MEDIA_URI_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ASSESSMENT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    question_id: str
    text: str
    media_sha256: str
    media_uri: str
    kind: _scoring_pb2.MediaKind
    state: Answer.State
    error: _status_pb2.Status
    attempt_count: int
    assessment: _assessment_pb2.Assessment
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., question_id: _Optional[str] = ..., text: _Optional[str] = ..., media_sha256: _Optional[str] = ..., media_uri: _Optional[str] = ..., kind: _Optional[_Union[_scoring_pb2.MediaKind, str]] = ..., state: _Optional[_Union[Answer.State, str]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., attempt_count: _Optional[int] = ..., assessment: _Optional[_Union[_assessment_pb2.Assessment, _Mapping]] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SubmitAnswerRequest(_message.Message):
    __slots__ = ("parent", "answer", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    answer: Answer
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., answer: _Optional[_Union[Answer, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class BatchSubmitAnswersRequest(_message.Message):
    __slots__ = ("parent", "requests", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    requests: _containers.RepeatedCompositeFieldContainer[SubmitAnswerRequest]
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., requests: _Optional[_Iterable[_Union[SubmitAnswerRequest, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class BatchSubmitAnswersMetadata(_message.Message):
    __slots__ = ("stage", "accepted_count", "scored_count", "failed_count", "results")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SCORED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    accepted_count: int
    scored_count: int
    failed_count: int
    results: _containers.RepeatedCompositeFieldContainer[SubmitAnswerResult]
    def __init__(self, stage: _Optional[str] = ..., accepted_count: _Optional[int] = ..., scored_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., results: _Optional[_Iterable[_Union[SubmitAnswerResult, _Mapping]]] = ...) -> None: ...

class BatchSubmitAnswersResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[SubmitAnswerResult]
    def __init__(self, results: _Optional[_Iterable[_Union[SubmitAnswerResult, _Mapping]]] = ...) -> None: ...

class SubmitAnswerResult(_message.Message):
    __slots__ = ("answer", "status")
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    answer: str
    status: _status_pb2.Status
    def __init__(self, answer: _Optional[str] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class GetAnswerRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListAnswersRequest(_message.Message):
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

class ListAnswersResponse(_message.Message):
    __slots__ = ("answers", "next_page_token")
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    answers: _containers.RepeatedCompositeFieldContainer[Answer]
    next_page_token: str
    def __init__(self, answers: _Optional[_Iterable[_Union[Answer, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RetryAnswerRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class UploadMediaRequest(_message.Message):
    __slots__ = ("config", "chunk", "commit")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    config: UploadMediaConfig
    chunk: bytes
    commit: _scoring_pb2.UploadCommit
    def __init__(self, config: _Optional[_Union[UploadMediaConfig, _Mapping]] = ..., chunk: _Optional[bytes] = ..., commit: _Optional[_Union[_scoring_pb2.UploadCommit, _Mapping]] = ...) -> None: ...

class UploadMediaConfig(_message.Message):
    __slots__ = ("name", "offset", "interview")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    INTERVIEW_FIELD_NUMBER: _ClassVar[int]
    name: str
    offset: int
    interview: str
    def __init__(self, name: _Optional[str] = ..., offset: _Optional[int] = ..., interview: _Optional[str] = ...) -> None: ...

class Media(_message.Message):
    __slots__ = ("size_bytes", "sha256", "create_time")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    sha256: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetUploadRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class Upload(_message.Message):
    __slots__ = ("name", "size_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    size_bytes: int
    def __init__(self, name: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

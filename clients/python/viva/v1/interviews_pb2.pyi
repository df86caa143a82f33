from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from viva.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_LIVE: _ClassVar[Priority]
    PRIORITY_INTERACTIVE: _ClassVar[Priority]
    PRIORITY_BULK: _ClassVar[Priority]
PRIORITY_UNSPECIFIED: Priority
PRIORITY_LIVE: Priority
PRIORITY_INTERACTIVE: Priority
PRIORITY_BULK: Priority

class Interview(_message.Message):
    __slots__ = ("name", "candidate", "role_revision", "language", "jurisdictions", "consents", "deadline_time", "priority", "questions", "state", "policy", "report", "create_time", "update_time", "end_time", "etag")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Interview.State]
        STATE_OPEN: _ClassVar[Interview.State]
        STATE_SCORING: _ClassVar[Interview.State]
        STATE_COMPLETED: _ClassVar[Interview.State]
        STATE_CANCELLED: _ClassVar[Interview.State]
        STATE_EXPIRED: _ClassVar[Interview.State]
    STATE_UNSPECIFIED: Interview.State
    STATE_OPEN: Interview.State
    STATE_SCORING: Interview.State
    STATE_COMPLETED: Interview.State
    STATE_CANCELLED: Interview.State
    STATE_EXPIRED: Interview.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    ROLE_REVISION_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    JURISDICTIONS_FIELD_NUMBER: _ClassVar[int]
    CONSENTS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_TIME_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    candidate: str
    role_revision: str
    language: str
    jurisdictions: _containers.RepeatedScalarFieldContainer[str]
    consents: _policy_pb2.Consents
    deadline_time: _timestamp_pb2.Timestamp
    priority: Priority
    questions: _containers.RepeatedCompositeFieldContainer[AssignedQuestion]
    state: Interview.State
    policy: _policy_pb2.PolicyDecision
    report: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    etag: str
    def __init__(self, name: _Optional[str] = ..., candidate: _Optional[str] = ..., role_revision: _Optional[str] = ..., language: _Optional[str] = ..., jurisdictions: _Optional[_Iterable[str]] = ..., consents: _Optional[_Union[_policy_pb2.Consents, _Mapping]] = ..., deadline_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., priority: _Optional[_Union[Priority, str]] = ..., questions: _Optional[_Iterable[_Union[AssignedQuestion, _Mapping]]] = ..., state: _Optional[_Union[Interview.State, str]] = ..., policy: _Optional[_Union[_policy_pb2.PolicyDecision, _Mapping]] = ..., report: _Optional[str] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class AssignedQuestion(_message.Message):
    __slots__ = ("question_id", "competency", "text", "media_sha256", "time_limit_seconds", "follows", "lack", "answer")
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    COMPETENCY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_SHA256_FIELD_NUMBER: _ClassVar[int]
    TIME_LIMIT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FOLLOWS_FIELD_NUMBER: _ClassVar[int]
    LACK_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    question_id: str
    competency: str
    text: str
    media_sha256: str
    time_limit_seconds: int
    follows: str
    lack: str
    answer: str
    def __init__(self, question_id: _Optional[str] = ..., competency: _Optional[str] = ..., text: _Optional[str] = ..., media_sha256: _Optional[str] = ..., time_limit_seconds: _Optional[int] = ..., follows: _Optional[str] = ..., lack: _Optional[str] = ..., answer: _Optional[str] = ...) -> None: ...

class CreateInterviewRequest(_message.Message):
    __slots__ = ("parent", "interview_id", "interview", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    INTERVIEW_ID_FIELD_NUMBER: _ClassVar[int]
    INTERVIEW_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    interview_id: str
    interview: Interview
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., interview_id: _Optional[str] = ..., interview: _Optional[_Union[Interview, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetInterviewRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListInterviewsRequest(_message.Message):
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

class ListInterviewsResponse(_message.Message):
    __slots__ = ("interviews", "next_page_token")
    INTERVIEWS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    interviews: _containers.RepeatedCompositeFieldContainer[Interview]
    next_page_token: str
    def __init__(self, interviews: _Optional[_Iterable[_Union[Interview, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateInterviewRequest(_message.Message):
    __slots__ = ("interview", "update_mask")
    INTERVIEW_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    interview: Interview
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, interview: _Optional[_Union[Interview, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class CancelInterviewRequest(_message.Message):
    __slots__ = ("name", "etag")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ...) -> None: ...

class CloseInterviewRequest(_message.Message):
    __slots__ = ("name", "etag")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ...) -> None: ...

class NextQuestionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class NextQuestionResponse(_message.Message):
    __slots__ = ("question", "pending")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    question: AssignedQuestion
    pending: bool
    def __init__(self, question: _Optional[_Union[AssignedQuestion, _Mapping]] = ..., pending: bool = ...) -> None: ...

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from viva.v1 import competency_pb2 as _competency_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(_message.Message):
    __slots__ = ("name", "display_name", "content", "revision", "state", "create_time", "update_time", "etag")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Role.State]
        STATE_ACTIVE: _ClassVar[Role.State]
        STATE_ARCHIVED: _ClassVar[Role.State]
    STATE_UNSPECIFIED: Role.State
    STATE_ACTIVE: Role.State
    STATE_ARCHIVED: Role.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    content: RoleContent
    revision: str
    state: Role.State
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    etag: str
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., content: _Optional[_Union[RoleContent, _Mapping]] = ..., revision: _Optional[str] = ..., state: _Optional[_Union[Role.State, str]] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class RoleContent(_message.Message):
    __slots__ = ("competencies", "languages", "questions", "mode", "structure", "questions_per_competency", "max_follow_ups", "custom_competencies", "signal_weights")
    class Structure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STRUCTURE_UNSPECIFIED: _ClassVar[RoleContent.Structure]
        STRUCTURE_STRUCTURED: _ClassVar[RoleContent.Structure]
        STRUCTURE_SEMI_STRUCTURED: _ClassVar[RoleContent.Structure]
    STRUCTURE_UNSPECIFIED: RoleContent.Structure
    STRUCTURE_STRUCTURED: RoleContent.Structure
    STRUCTURE_SEMI_STRUCTURED: RoleContent.Structure
    class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MODE_UNSPECIFIED: _ClassVar[RoleContent.Mode]
        MODE_RECORDED: _ClassVar[RoleContent.Mode]
        MODE_LIVE: _ClassVar[RoleContent.Mode]
    MODE_UNSPECIFIED: RoleContent.Mode
    MODE_RECORDED: RoleContent.Mode
    MODE_LIVE: RoleContent.Mode
    COMPETENCIES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    STRUCTURE_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_PER_COMPETENCY_FIELD_NUMBER: _ClassVar[int]
    MAX_FOLLOW_UPS_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_COMPETENCIES_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    competencies: _containers.RepeatedCompositeFieldContainer[CompetencyWeight]
    languages: _containers.RepeatedScalarFieldContainer[str]
    questions: _containers.RepeatedCompositeFieldContainer[Question]
    mode: RoleContent.Mode
    structure: RoleContent.Structure
    questions_per_competency: int
    max_follow_ups: int
    custom_competencies: _containers.RepeatedCompositeFieldContainer[_competency_pb2.CompetencyDefinition]
    signal_weights: _containers.RepeatedCompositeFieldContainer[_competency_pb2.SignalWeight]
    def __init__(self, competencies: _Optional[_Iterable[_Union[CompetencyWeight, _Mapping]]] = ..., languages: _Optional[_Iterable[str]] = ..., questions: _Optional[_Iterable[_Union[Question, _Mapping]]] = ..., mode: _Optional[_Union[RoleContent.Mode, str]] = ..., structure: _Optional[_Union[RoleContent.Structure, str]] = ..., questions_per_competency: _Optional[int] = ..., max_follow_ups: _Optional[int] = ..., custom_competencies: _Optional[_Iterable[_Union[_competency_pb2.CompetencyDefinition, _Mapping]]] = ..., signal_weights: _Optional[_Iterable[_Union[_competency_pb2.SignalWeight, _Mapping]]] = ...) -> None: ...

class CompetencyWeight(_message.Message):
    __slots__ = ("competency", "weight")
    COMPETENCY_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    competency: str
    weight: float
    def __init__(self, competency: _Optional[str] = ..., weight: _Optional[float] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("question_id", "competency", "language", "text", "personal_text", "media_sha256", "follow_ups", "time_limit_seconds")
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    COMPETENCY_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PERSONAL_TEXT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_SHA256_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UPS_FIELD_NUMBER: _ClassVar[int]
    TIME_LIMIT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    question_id: str
    competency: str
    language: str
    text: str
    personal_text: str
    media_sha256: str
    follow_ups: _containers.RepeatedCompositeFieldContainer[FollowUp]
    time_limit_seconds: int
    def __init__(self, question_id: _Optional[str] = ..., competency: _Optional[str] = ..., language: _Optional[str] = ..., text: _Optional[str] = ..., personal_text: _Optional[str] = ..., media_sha256: _Optional[str] = ..., follow_ups: _Optional[_Iterable[_Union[FollowUp, _Mapping]]] = ..., time_limit_seconds: _Optional[int] = ...) -> None: ...

class FollowUp(_message.Message):
    __slots__ = ("follow_up_id", "lack", "text")
    class Lack(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        LACK_UNSPECIFIED: _ClassVar[FollowUp.Lack]
        LACK_SITUATION: _ClassVar[FollowUp.Lack]
        LACK_TASK: _ClassVar[FollowUp.Lack]
        LACK_ACTION: _ClassVar[FollowUp.Lack]
        LACK_RESULT: _ClassVar[FollowUp.Lack]
        LACK_EVIDENCE: _ClassVar[FollowUp.Lack]
    LACK_UNSPECIFIED: FollowUp.Lack
    LACK_SITUATION: FollowUp.Lack
    LACK_TASK: FollowUp.Lack
    LACK_ACTION: FollowUp.Lack
    LACK_RESULT: FollowUp.Lack
    LACK_EVIDENCE: FollowUp.Lack
    FOLLOW_UP_ID_FIELD_NUMBER: _ClassVar[int]
    LACK_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    follow_up_id: str
    lack: FollowUp.Lack
    text: str
    def __init__(self, follow_up_id: _Optional[str] = ..., lack: _Optional[_Union[FollowUp.Lack, str]] = ..., text: _Optional[str] = ...) -> None: ...

class RoleRevision(_message.Message):
    __slots__ = ("name", "display_name", "content", "create_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    content: RoleContent
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., content: _Optional[_Union[RoleContent, _Mapping]] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateRoleRequest(_message.Message):
    __slots__ = ("parent", "role_id", "role", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    role_id: str
    role: Role
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., role_id: _Optional[str] = ..., role: _Optional[_Union[Role, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetRoleRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListRolesRequest(_message.Message):
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

class ListRolesResponse(_message.Message):
    __slots__ = ("roles", "next_page_token")
    ROLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    roles: _containers.RepeatedCompositeFieldContainer[Role]
    next_page_token: str
    def __init__(self, roles: _Optional[_Iterable[_Union[Role, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateRoleRequest(_message.Message):
    __slots__ = ("role", "update_mask")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    role: Role
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, role: _Optional[_Union[Role, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ArchiveRoleRequest(_message.Message):
    __slots__ = ("name", "etag")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ...) -> None: ...

class GetRoleRevisionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListRoleRevisionsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRoleRevisionsResponse(_message.Message):
    __slots__ = ("role_revisions", "next_page_token")
    ROLE_REVISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    role_revisions: _containers.RepeatedCompositeFieldContainer[RoleRevision]
    next_page_token: str
    def __init__(self, role_revisions: _Optional[_Iterable[_Union[RoleRevision, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

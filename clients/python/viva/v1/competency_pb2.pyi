from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CompetencyDefinition(_message.Message):
    __slots__ = ("name", "language", "definition", "indicators", "contrary", "anchors")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    INDICATORS_FIELD_NUMBER: _ClassVar[int]
    CONTRARY_FIELD_NUMBER: _ClassVar[int]
    ANCHORS_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: str
    definition: str
    indicators: _containers.RepeatedScalarFieldContainer[str]
    contrary: _containers.RepeatedScalarFieldContainer[str]
    anchors: _containers.RepeatedCompositeFieldContainer[CompetencyAnchor]
    def __init__(self, name: _Optional[str] = ..., language: _Optional[str] = ..., definition: _Optional[str] = ..., indicators: _Optional[_Iterable[str]] = ..., contrary: _Optional[_Iterable[str]] = ..., anchors: _Optional[_Iterable[_Union[CompetencyAnchor, _Mapping]]] = ...) -> None: ...

class CompetencyAnchor(_message.Message):
    __slots__ = ("level", "example")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    EXAMPLE_FIELD_NUMBER: _ClassVar[int]
    level: int
    example: str
    def __init__(self, level: _Optional[int] = ..., example: _Optional[str] = ...) -> None: ...

class SignalWeight(_message.Message):
    __slots__ = ("competency", "signal", "points")
    COMPETENCY_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    competency: str
    signal: str
    points: float
    def __init__(self, competency: _Optional[str] = ..., signal: _Optional[str] = ..., points: _Optional[float] = ...) -> None: ...

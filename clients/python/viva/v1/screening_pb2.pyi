from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ScreeningRule(_message.Message):
    __slots__ = ("name", "display_name", "expression", "recommends", "role", "tests", "create_time", "update_time", "etag")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDS_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    TESTS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    expression: str
    recommends: str
    role: str
    tests: _containers.RepeatedCompositeFieldContainer[ScreeningTest]
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    etag: str
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., expression: _Optional[str] = ..., recommends: _Optional[str] = ..., role: _Optional[str] = ..., tests: _Optional[_Iterable[_Union[ScreeningTest, _Mapping]]] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class ScreeningTest(_message.Message):
    __slots__ = ("facts", "expected")
    FACTS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    facts: ScreeningFacts
    expected: bool
    def __init__(self, facts: _Optional[_Union[ScreeningFacts, _Mapping]] = ..., expected: bool = ...) -> None: ...

class ScreeningFacts(_message.Message):
    __slots__ = ("report", "resume", "written_test", "background_check")
    REPORT_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_TEST_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_CHECK_FIELD_NUMBER: _ClassVar[int]
    report: ReportFacts
    resume: ResumeFacts
    written_test: WrittenTestFacts
    background_check: BackgroundCheckFacts
    def __init__(self, report: _Optional[_Union[ReportFacts, _Mapping]] = ..., resume: _Optional[_Union[ResumeFacts, _Mapping]] = ..., written_test: _Optional[_Union[WrittenTestFacts, _Mapping]] = ..., background_check: _Optional[_Union[BackgroundCheckFacts, _Mapping]] = ...) -> None: ...

class ReportFacts(_message.Message):
    __slots__ = ("overall", "overall_low", "overall_high", "competencies", "scored_answer_count", "flag_count", "language")
    class CompetenciesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    OVERALL_FIELD_NUMBER: _ClassVar[int]
    OVERALL_LOW_FIELD_NUMBER: _ClassVar[int]
    OVERALL_HIGH_FIELD_NUMBER: _ClassVar[int]
    COMPETENCIES_FIELD_NUMBER: _ClassVar[int]
    SCORED_ANSWER_COUNT_FIELD_NUMBER: _ClassVar[int]
    FLAG_COUNT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    overall: float
    overall_low: float
    overall_high: float
    competencies: _containers.ScalarMap[str, float]
    scored_answer_count: int
    flag_count: int
    language: str
    def __init__(self, overall: _Optional[float] = ..., overall_low: _Optional[float] = ..., overall_high: _Optional[float] = ..., competencies: _Optional[_Mapping[str, float]] = ..., scored_answer_count: _Optional[int] = ..., flag_count: _Optional[int] = ..., language: _Optional[str] = ...) -> None: ...

class ResumeFacts(_message.Message):
    __slots__ = ("experience_years", "degree", "skills")
    EXPERIENCE_YEARS_FIELD_NUMBER: _ClassVar[int]
    DEGREE_FIELD_NUMBER: _ClassVar[int]
    SKILLS_FIELD_NUMBER: _ClassVar[int]
    experience_years: float
    degree: str
    skills: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, experience_years: _Optional[float] = ..., degree: _Optional[str] = ..., skills: _Optional[_Iterable[str]] = ...) -> None: ...

class WrittenTestFacts(_message.Message):
    __slots__ = ("score", "share")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    score: float
    share: float
    def __init__(self, score: _Optional[float] = ..., share: _Optional[float] = ...) -> None: ...

class BackgroundCheckFacts(_message.Message):
    __slots__ = ("passed",)
    PASSED_FIELD_NUMBER: _ClassVar[int]
    passed: bool
    def __init__(self, passed: bool = ...) -> None: ...

class Recommendation(_message.Message):
    __slots__ = ("rule", "display_name", "expression", "recommends", "value", "clauses")
    RULE_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CLAUSES_FIELD_NUMBER: _ClassVar[int]
    rule: str
    display_name: str
    expression: str
    recommends: str
    value: str
    clauses: _containers.RepeatedCompositeFieldContainer[Clause]
    def __init__(self, rule: _Optional[str] = ..., display_name: _Optional[str] = ..., expression: _Optional[str] = ..., recommends: _Optional[str] = ..., value: _Optional[str] = ..., clauses: _Optional[_Iterable[_Union[Clause, _Mapping]]] = ...) -> None: ...

class Clause(_message.Message):
    __slots__ = ("expression", "value", "facts")
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    expression: str
    value: str
    facts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, expression: _Optional[str] = ..., value: _Optional[str] = ..., facts: _Optional[_Iterable[str]] = ...) -> None: ...

class CreateScreeningRuleRequest(_message.Message):
    __slots__ = ("parent", "screening_rule_id", "screening_rule", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    SCREENING_RULE_ID_FIELD_NUMBER: _ClassVar[int]
    SCREENING_RULE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    screening_rule_id: str
    screening_rule: ScreeningRule
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., screening_rule_id: _Optional[str] = ..., screening_rule: _Optional[_Union[ScreeningRule, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetScreeningRuleRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListScreeningRulesRequest(_message.Message):
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

class ListScreeningRulesResponse(_message.Message):
    __slots__ = ("screening_rules", "next_page_token")
    SCREENING_RULES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    screening_rules: _containers.RepeatedCompositeFieldContainer[ScreeningRule]
    next_page_token: str
    def __init__(self, screening_rules: _Optional[_Iterable[_Union[ScreeningRule, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateScreeningRuleRequest(_message.Message):
    __slots__ = ("screening_rule", "update_mask")
    SCREENING_RULE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    screening_rule: ScreeningRule
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, screening_rule: _Optional[_Union[ScreeningRule, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class DeleteScreeningRuleRequest(_message.Message):
    __slots__ = ("name", "etag")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ...) -> None: ...

class TestScreeningRuleRequest(_message.Message):
    __slots__ = ("parent", "screening_rule", "facts", "report")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    SCREENING_RULE_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    parent: str
    screening_rule: ScreeningRule
    facts: ScreeningFacts
    report: str
    def __init__(self, parent: _Optional[str] = ..., screening_rule: _Optional[_Union[ScreeningRule, _Mapping]] = ..., facts: _Optional[_Union[ScreeningFacts, _Mapping]] = ..., report: _Optional[str] = ...) -> None: ...

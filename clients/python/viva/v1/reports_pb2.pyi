from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from viva.v1 import assessment_pb2 as _assessment_pb2
from viva.v1 import policy_pb2 as _policy_pb2
from viva.v1 import screening_pb2 as _screening_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Report(_message.Message):
    __slots__ = ("name", "candidate", "role_revision", "role_display_name", "language", "overall", "competencies", "answers", "recommendations", "policy", "cause", "create_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    ROLE_REVISION_FIELD_NUMBER: _ClassVar[int]
    ROLE_DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    OVERALL_FIELD_NUMBER: _ClassVar[int]
    COMPETENCIES_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATIONS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    candidate: str
    role_revision: str
    role_display_name: str
    language: str
    overall: _assessment_pb2.OverallScore
    competencies: _containers.RepeatedCompositeFieldContainer[ReportCompetency]
    answers: _containers.RepeatedCompositeFieldContainer[ReportAnswer]
    recommendations: _containers.RepeatedCompositeFieldContainer[_screening_pb2.Recommendation]
    policy: _policy_pb2.PolicyDecision
    cause: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., candidate: _Optional[str] = ..., role_revision: _Optional[str] = ..., role_display_name: _Optional[str] = ..., language: _Optional[str] = ..., overall: _Optional[_Union[_assessment_pb2.OverallScore, _Mapping]] = ..., competencies: _Optional[_Iterable[_Union[ReportCompetency, _Mapping]]] = ..., answers: _Optional[_Iterable[_Union[ReportAnswer, _Mapping]]] = ..., recommendations: _Optional[_Iterable[_Union[_screening_pb2.Recommendation, _Mapping]]] = ..., policy: _Optional[_Union[_policy_pb2.PolicyDecision, _Mapping]] = ..., cause: _Optional[str] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportCompetency(_message.Message):
    __slots__ = ("name", "weight", "status", "score", "low", "high", "answer_count")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    ANSWER_COUNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    weight: float
    status: str
    score: float
    low: float
    high: float
    answer_count: int
    def __init__(self, name: _Optional[str] = ..., weight: _Optional[float] = ..., status: _Optional[str] = ..., score: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., answer_count: _Optional[int] = ...) -> None: ...

class ReportAnswer(_message.Message):
    __slots__ = ("question_id", "answer", "state", "assessment", "assessment_revision")
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ASSESSMENT_FIELD_NUMBER: _ClassVar[int]
    ASSESSMENT_REVISION_FIELD_NUMBER: _ClassVar[int]
    question_id: str
    answer: str
    state: str
    assessment: _assessment_pb2.Assessment
    assessment_revision: int
    def __init__(self, question_id: _Optional[str] = ..., answer: _Optional[str] = ..., state: _Optional[str] = ..., assessment: _Optional[_Union[_assessment_pb2.Assessment, _Mapping]] = ..., assessment_revision: _Optional[int] = ...) -> None: ...

class GetReportRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListReportsRequest(_message.Message):
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

class ListReportsResponse(_message.Message):
    __slots__ = ("reports", "next_page_token")
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    reports: _containers.RepeatedCompositeFieldContainer[Report]
    next_page_token: str
    def __init__(self, reports: _Optional[_Iterable[_Union[Report, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchReportsRequest(_message.Message):
    __slots__ = ("parent", "resume_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    resume_token: str
    def __init__(self, parent: _Optional[str] = ..., resume_token: _Optional[str] = ...) -> None: ...

class WatchReportsResponse(_message.Message):
    __slots__ = ("report", "resume_token")
    REPORT_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    report: Report
    resume_token: str
    def __init__(self, report: _Optional[_Union[Report, _Mapping]] = ..., resume_token: _Optional[str] = ...) -> None: ...

class CreateReportLinkRequest(_message.Message):
    __slots__ = ("name", "ttl_seconds", "audience", "language")
    class Audience(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        AUDIENCE_UNSPECIFIED: _ClassVar[CreateReportLinkRequest.Audience]
        AUDIENCE_RECRUITER: _ClassVar[CreateReportLinkRequest.Audience]
        AUDIENCE_CANDIDATE: _ClassVar[CreateReportLinkRequest.Audience]
    AUDIENCE_UNSPECIFIED: CreateReportLinkRequest.Audience
    AUDIENCE_RECRUITER: CreateReportLinkRequest.Audience
    AUDIENCE_CANDIDATE: CreateReportLinkRequest.Audience
    NAME_FIELD_NUMBER: _ClassVar[int]
    TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    ttl_seconds: int
    audience: CreateReportLinkRequest.Audience
    language: str
    def __init__(self, name: _Optional[str] = ..., ttl_seconds: _Optional[int] = ..., audience: _Optional[_Union[CreateReportLinkRequest.Audience, str]] = ..., language: _Optional[str] = ...) -> None: ...

class ReportLink(_message.Message):
    __slots__ = ("uri", "expire_time")
    URI_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    uri: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, uri: _Optional[str] = ..., expire_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetCandidateFeedbackRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class CandidateFeedback(_message.Message):
    __slots__ = ("role_display_name", "language", "questions", "competencies", "policy", "contest_notice")
    ROLE_DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    COMPETENCIES_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    CONTEST_NOTICE_FIELD_NUMBER: _ClassVar[int]
    role_display_name: str
    language: str
    questions: _containers.RepeatedCompositeFieldContainer[QuestionFeedback]
    competencies: _containers.RepeatedCompositeFieldContainer[ReportCompetency]
    policy: _policy_pb2.PolicyDecision
    contest_notice: str
    def __init__(self, role_display_name: _Optional[str] = ..., language: _Optional[str] = ..., questions: _Optional[_Iterable[_Union[QuestionFeedback, _Mapping]]] = ..., competencies: _Optional[_Iterable[_Union[ReportCompetency, _Mapping]]] = ..., policy: _Optional[_Union[_policy_pb2.PolicyDecision, _Mapping]] = ..., contest_notice: _Optional[str] = ...) -> None: ...

class QuestionFeedback(_message.Message):
    __slots__ = ("question", "suggestions", "transcript")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    question: str
    suggestions: _containers.RepeatedScalarFieldContainer[str]
    transcript: str
    def __init__(self, question: _Optional[str] = ..., suggestions: _Optional[_Iterable[str]] = ..., transcript: _Optional[str] = ...) -> None: ...

class SubmitSatisfactionRequest(_message.Message):
    __slots__ = ("parent", "satisfaction")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    SATISFACTION_FIELD_NUMBER: _ClassVar[int]
    parent: str
    satisfaction: Satisfaction
    def __init__(self, parent: _Optional[str] = ..., satisfaction: _Optional[_Union[Satisfaction, _Mapping]] = ...) -> None: ...

class Satisfaction(_message.Message):
    __slots__ = ("rating", "fairness", "comment", "create_time")
    RATING_FIELD_NUMBER: _ClassVar[int]
    FAIRNESS_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    rating: int
    fairness: int
    comment: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, rating: _Optional[int] = ..., fairness: _Optional[int] = ..., comment: _Optional[str] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("name", "outcome", "reason", "decider", "report", "recommendations", "create_time")
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OUTCOME_UNSPECIFIED: _ClassVar[Decision.Outcome]
        OUTCOME_ADVANCE: _ClassVar[Decision.Outcome]
        OUTCOME_HOLD: _ClassVar[Decision.Outcome]
        OUTCOME_REJECT: _ClassVar[Decision.Outcome]
    OUTCOME_UNSPECIFIED: Decision.Outcome
    OUTCOME_ADVANCE: Decision.Outcome
    OUTCOME_HOLD: Decision.Outcome
    OUTCOME_REJECT: Decision.Outcome
    NAME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECIDER_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATIONS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    outcome: Decision.Outcome
    reason: str
    decider: str
    report: str
    recommendations: _containers.RepeatedCompositeFieldContainer[_screening_pb2.Recommendation]
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., outcome: _Optional[_Union[Decision.Outcome, str]] = ..., reason: _Optional[str] = ..., decider: _Optional[str] = ..., report: _Optional[str] = ..., recommendations: _Optional[_Iterable[_Union[_screening_pb2.Recommendation, _Mapping]]] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateDecisionRequest(_message.Message):
    __slots__ = ("parent", "decision", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    decision: Decision
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., decision: _Optional[_Union[Decision, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ListDecisionsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDecisionsResponse(_message.Message):
    __slots__ = ("decisions", "next_page_token")
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[Decision]
    next_page_token: str
    def __init__(self, decisions: _Optional[_Iterable[_Union[Decision, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Contest(_message.Message):
    __slots__ = ("name", "report", "answer", "statement", "state", "review", "create_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Contest.State]
        STATE_OPEN: _ClassVar[Contest.State]
        STATE_REVIEWED: _ClassVar[Contest.State]
    STATE_UNSPECIFIED: Contest.State
    STATE_OPEN: Contest.State
    STATE_REVIEWED: Contest.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    report: str
    answer: str
    statement: str
    state: Contest.State
    review: Review
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., report: _Optional[str] = ..., answer: _Optional[str] = ..., statement: _Optional[str] = ..., state: _Optional[_Union[Contest.State, str]] = ..., review: _Optional[_Union[Review, _Mapping]] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Review(_message.Message):
    __slots__ = ("verdict", "reason", "reviewer", "corrected_transcript", "overruled_score", "report", "create_time")
    class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        VERDICT_UNSPECIFIED: _ClassVar[Review.Verdict]
        VERDICT_UPHELD: _ClassVar[Review.Verdict]
        VERDICT_CORRECTED: _ClassVar[Review.Verdict]
        VERDICT_OVERRULED: _ClassVar[Review.Verdict]
    VERDICT_UNSPECIFIED: Review.Verdict
    VERDICT_UPHELD: Review.Verdict
    VERDICT_CORRECTED: Review.Verdict
    VERDICT_OVERRULED: Review.Verdict
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    CORRECTED_TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    OVERRULED_SCORE_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    verdict: Review.Verdict
    reason: str
    reviewer: str
    corrected_transcript: str
    overruled_score: float
    report: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, verdict: _Optional[_Union[Review.Verdict, str]] = ..., reason: _Optional[str] = ..., reviewer: _Optional[str] = ..., corrected_transcript: _Optional[str] = ..., overruled_score: _Optional[float] = ..., report: _Optional[str] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateContestRequest(_message.Message):
    __slots__ = ("parent", "contest", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    CONTEST_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    contest: Contest
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., contest: _Optional[_Union[Contest, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ListContestsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListContestsResponse(_message.Message):
    __slots__ = ("contests", "next_page_token")
    CONTESTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    contests: _containers.RepeatedCompositeFieldContainer[Contest]
    next_page_token: str
    def __init__(self, contests: _Optional[_Iterable[_Union[Contest, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ReviewContestRequest(_message.Message):
    __slots__ = ("name", "review")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    name: str
    review: Review
    def __init__(self, name: _Optional[str] = ..., review: _Optional[_Union[Review, _Mapping]] = ...) -> None: ...

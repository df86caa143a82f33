from viva.v1 import competency_pb2 as _competency_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Assessment(_message.Message):
    __slots__ = ("question", "role", "language", "overall", "competencies", "transcript", "star", "keywords", "keyword_mentions", "coherence", "coherence_detail", "delivery", "behavior", "suggestions", "flags", "modalities", "media", "provenance", "asked")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    OVERALL_FIELD_NUMBER: _ClassVar[int]
    COMPETENCIES_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    STAR_FIELD_NUMBER: _ClassVar[int]
    KEYWORDS_FIELD_NUMBER: _ClassVar[int]
    KEYWORD_MENTIONS_FIELD_NUMBER: _ClassVar[int]
    COHERENCE_FIELD_NUMBER: _ClassVar[int]
    COHERENCE_DETAIL_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    BEHAVIOR_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    MODALITIES_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    question: str
    role: str
    language: str
    overall: OverallScore
    competencies: _containers.RepeatedCompositeFieldContainer[CompetencyScore]
    transcript: Transcript
    star: Star
    keywords: _containers.RepeatedScalarFieldContainer[str]
    keyword_mentions: _containers.RepeatedCompositeFieldContainer[KeywordMention]
    coherence: float
    coherence_detail: Coherence
    delivery: Delivery
    behavior: Behavior
    suggestions: _containers.RepeatedScalarFieldContainer[str]
    flags: _containers.RepeatedCompositeFieldContainer[Flag]
    modalities: _containers.RepeatedCompositeFieldContainer[ModalityReport]
    media: MediaSummary
    provenance: Provenance
    asked: Asked
    def __init__(self, question: _Optional[str] = ..., role: _Optional[str] = ..., language: _Optional[str] = ..., overall: _Optional[_Union[OverallScore, _Mapping]] = ..., competencies: _Optional[_Iterable[_Union[CompetencyScore, _Mapping]]] = ..., transcript: _Optional[_Union[Transcript, _Mapping]] = ..., star: _Optional[_Union[Star, _Mapping]] = ..., keywords: _Optional[_Iterable[str]] = ..., keyword_mentions: _Optional[_Iterable[_Union[KeywordMention, _Mapping]]] = ..., coherence: _Optional[float] = ..., coherence_detail: _Optional[_Union[Coherence, _Mapping]] = ..., delivery: _Optional[_Union[Delivery, _Mapping]] = ..., behavior: _Optional[_Union[Behavior, _Mapping]] = ..., suggestions: _Optional[_Iterable[str]] = ..., flags: _Optional[_Iterable[_Union[Flag, _Mapping]]] = ..., modalities: _Optional[_Iterable[_Union[ModalityReport, _Mapping]]] = ..., media: _Optional[_Union[MediaSummary, _Mapping]] = ..., provenance: _Optional[_Union[Provenance, _Mapping]] = ..., asked: _Optional[_Union[Asked, _Mapping]] = ...) -> None: ...

class Asked(_message.Message):
    __slots__ = ("language", "sentences_given", "denied", "custom_competencies", "signal_weights", "media_kind")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SENTENCES_GIVEN_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_COMPETENCIES_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    MEDIA_KIND_FIELD_NUMBER: _ClassVar[int]
    language: str
    sentences_given: bool
    denied: _containers.RepeatedCompositeFieldContainer[DeniedModality]
    custom_competencies: _containers.RepeatedCompositeFieldContainer[_competency_pb2.CompetencyDefinition]
    signal_weights: _containers.RepeatedCompositeFieldContainer[_competency_pb2.SignalWeight]
    media_kind: str
    def __init__(self, language: _Optional[str] = ..., sentences_given: bool = ..., denied: _Optional[_Iterable[_Union[DeniedModality, _Mapping]]] = ..., custom_competencies: _Optional[_Iterable[_Union[_competency_pb2.CompetencyDefinition, _Mapping]]] = ..., signal_weights: _Optional[_Iterable[_Union[_competency_pb2.SignalWeight, _Mapping]]] = ..., media_kind: _Optional[str] = ...) -> None: ...

class DeniedModality(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class OverallScore(_message.Message):
    __slots__ = ("score", "low", "high")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    score: float
    low: float
    high: float
    def __init__(self, score: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class CompetencyScore(_message.Message):
    __slots__ = ("name", "status", "score", "low", "high", "contributions", "dimensions", "evidence", "reason", "concerns")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CONCERNS_FIELD_NUMBER: _ClassVar[int]
    name: str
    status: str
    score: float
    low: float
    high: float
    contributions: _containers.RepeatedCompositeFieldContainer[Contribution]
    dimensions: _containers.RepeatedCompositeFieldContainer[Dimension]
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    reason: str
    concerns: _containers.RepeatedCompositeFieldContainer[Evidence]
    def __init__(self, name: _Optional[str] = ..., status: _Optional[str] = ..., score: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., contributions: _Optional[_Iterable[_Union[Contribution, _Mapping]]] = ..., dimensions: _Optional[_Iterable[_Union[Dimension, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., reason: _Optional[str] = ..., concerns: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ...) -> None: ...

class Contribution(_message.Message):
    __slots__ = ("name", "points")
    NAME_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    points: float
    def __init__(self, name: _Optional[str] = ..., points: _Optional[float] = ...) -> None: ...

class Dimension(_message.Message):
    __slots__ = ("name", "score")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    name: str
    score: float
    def __init__(self, name: _Optional[str] = ..., score: _Optional[float] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("quote", "contribution", "start_offset_s", "end_offset_s")
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    quote: str
    contribution: str
    start_offset_s: float
    end_offset_s: float
    def __init__(self, quote: _Optional[str] = ..., contribution: _Optional[str] = ..., start_offset_s: _Optional[float] = ..., end_offset_s: _Optional[float] = ...) -> None: ...

class Transcript(_message.Message):
    __slots__ = ("text", "language", "language_probability", "sentences", "words")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    SENTENCES_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    text: str
    language: str
    language_probability: float
    sentences: _containers.RepeatedCompositeFieldContainer[Sentence]
    words: _containers.RepeatedCompositeFieldContainer[Word]
    def __init__(self, text: _Optional[str] = ..., language: _Optional[str] = ..., language_probability: _Optional[float] = ..., sentences: _Optional[_Iterable[_Union[Sentence, _Mapping]]] = ..., words: _Optional[_Iterable[_Union[Word, _Mapping]]] = ...) -> None: ...

class Sentence(_message.Message):
    __slots__ = ("text", "start", "end", "start_offset_s", "end_offset_s")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    text: str
    start: int
    end: int
    start_offset_s: float
    end_offset_s: float
    def __init__(self, text: _Optional[str] = ..., start: _Optional[int] = ..., end: _Optional[int] = ..., start_offset_s: _Optional[float] = ..., end_offset_s: _Optional[float] = ...) -> None: ...

class Word(_message.Message):
    __slots__ = ("text", "start_offset_s", "end_offset_s", "probability")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    text: str
    start_offset_s: float
    end_offset_s: float
    probability: float
    def __init__(self, text: _Optional[str] = ..., start_offset_s: _Optional[float] = ..., end_offset_s: _Optional[float] = ..., probability: _Optional[float] = ...) -> None: ...

class Star(_message.Message):
    __slots__ = ("sentences", "complete", "missing")
    SENTENCES_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    sentences: _containers.RepeatedCompositeFieldContainer[StarSentence]
    complete: bool
    missing: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sentences: _Optional[_Iterable[_Union[StarSentence, _Mapping]]] = ..., complete: bool = ..., missing: _Optional[_Iterable[str]] = ...) -> None: ...

class StarSentence(_message.Message):
    __slots__ = ("text", "role", "probability", "start_offset_s", "end_offset_s")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    text: str
    role: str
    probability: float
    start_offset_s: float
    end_offset_s: float
    def __init__(self, text: _Optional[str] = ..., role: _Optional[str] = ..., probability: _Optional[float] = ..., start_offset_s: _Optional[float] = ..., end_offset_s: _Optional[float] = ...) -> None: ...

class KeywordMention(_message.Message):
    __slots__ = ("text", "start", "end", "start_offset_s", "end_offset_s")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    text: str
    start: int
    end: int
    start_offset_s: float
    end_offset_s: float
    def __init__(self, text: _Optional[str] = ..., start: _Optional[int] = ..., end: _Optional[int] = ..., start_offset_s: _Optional[float] = ..., end_offset_s: _Optional[float] = ...) -> None: ...

class Coherence(_message.Message):
    __slots__ = ("overall", "question", "sentences")
    OVERALL_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    SENTENCES_FIELD_NUMBER: _ClassVar[int]
    overall: float
    question: float
    sentences: float
    def __init__(self, overall: _Optional[float] = ..., question: _Optional[float] = ..., sentences: _Optional[float] = ...) -> None: ...

class Delivery(_message.Message):
    __slots__ = ("word_count", "filler_count", "fillers", "speech_rate", "speech_rate_unit", "duration_s", "articulated_s", "pause_count", "pause_ratio", "longest_pause_s", "pauses", "pitch_median_hz", "pitch_variation_semitones", "energy_variation_db", "word_probability")
    WORD_COUNT_FIELD_NUMBER: _ClassVar[int]
    FILLER_COUNT_FIELD_NUMBER: _ClassVar[int]
    FILLERS_FIELD_NUMBER: _ClassVar[int]
    SPEECH_RATE_FIELD_NUMBER: _ClassVar[int]
    SPEECH_RATE_UNIT_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    ARTICULATED_S_FIELD_NUMBER: _ClassVar[int]
    PAUSE_COUNT_FIELD_NUMBER: _ClassVar[int]
    PAUSE_RATIO_FIELD_NUMBER: _ClassVar[int]
    LONGEST_PAUSE_S_FIELD_NUMBER: _ClassVar[int]
    PAUSES_FIELD_NUMBER: _ClassVar[int]
    PITCH_MEDIAN_HZ_FIELD_NUMBER: _ClassVar[int]
    PITCH_VARIATION_SEMITONES_FIELD_NUMBER: _ClassVar[int]
    ENERGY_VARIATION_DB_FIELD_NUMBER: _ClassVar[int]
    WORD_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    word_count: int
    filler_count: int
    fillers: _containers.RepeatedCompositeFieldContainer[Filler]
    speech_rate: float
    speech_rate_unit: str
    duration_s: float
    articulated_s: float
    pause_count: int
    pause_ratio: float
    longest_pause_s: float
    pauses: _containers.RepeatedCompositeFieldContainer[Interval]
    pitch_median_hz: float
    pitch_variation_semitones: float
    energy_variation_db: float
    word_probability: float
    def __init__(self, word_count: _Optional[int] = ..., filler_count: _Optional[int] = ..., fillers: _Optional[_Iterable[_Union[Filler, _Mapping]]] = ..., speech_rate: _Optional[float] = ..., speech_rate_unit: _Optional[str] = ..., duration_s: _Optional[float] = ..., articulated_s: _Optional[float] = ..., pause_count: _Optional[int] = ..., pause_ratio: _Optional[float] = ..., longest_pause_s: _Optional[float] = ..., pauses: _Optional[_Iterable[_Union[Interval, _Mapping]]] = ..., pitch_median_hz: _Optional[float] = ..., pitch_variation_semitones: _Optional[float] = ..., energy_variation_db: _Optional[float] = ..., word_probability: _Optional[float] = ...) -> None: ...

class Filler(_message.Message):
    __slots__ = ("text", "start_offset_s", "end_offset_s")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    text: str
    start_offset_s: float
    end_offset_s: float
    def __init__(self, text: _Optional[str] = ..., start_offset_s: _Optional[float] = ..., end_offset_s: _Optional[float] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ("start_offset_s", "end_offset_s")
    START_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    start_offset_s: float
    end_offset_s: float
    def __init__(self, start_offset_s: _Optional[float] = ..., end_offset_s: _Optional[float] = ...) -> None: ...

class Behavior(_message.Message):
    __slots__ = ("frame_count", "face_ratio", "smile", "gesture", "gaze", "head_movement", "friendliness")
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    FACE_RATIO_FIELD_NUMBER: _ClassVar[int]
    SMILE_FIELD_NUMBER: _ClassVar[int]
    GESTURE_FIELD_NUMBER: _ClassVar[int]
    GAZE_FIELD_NUMBER: _ClassVar[int]
    HEAD_MOVEMENT_FIELD_NUMBER: _ClassVar[int]
    FRIENDLINESS_FIELD_NUMBER: _ClassVar[int]
    frame_count: int
    face_ratio: float
    smile: Smile
    gesture: Gesture
    gaze: Gaze
    head_movement: HeadMovement
    friendliness: _containers.RepeatedCompositeFieldContainer[FriendlinessPoint]
    def __init__(self, frame_count: _Optional[int] = ..., face_ratio: _Optional[float] = ..., smile: _Optional[_Union[Smile, _Mapping]] = ..., gesture: _Optional[_Union[Gesture, _Mapping]] = ..., gaze: _Optional[_Union[Gaze, _Mapping]] = ..., head_movement: _Optional[_Union[HeadMovement, _Mapping]] = ..., friendliness: _Optional[_Iterable[_Union[FriendlinessPoint, _Mapping]]] = ...) -> None: ...

class Smile(_message.Message):
    __slots__ = ("count", "total_seconds", "intervals")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    INTERVALS_FIELD_NUMBER: _ClassVar[int]
    count: int
    total_seconds: float
    intervals: _containers.RepeatedCompositeFieldContainer[Interval]
    def __init__(self, count: _Optional[int] = ..., total_seconds: _Optional[float] = ..., intervals: _Optional[_Iterable[_Union[Interval, _Mapping]]] = ...) -> None: ...

class Gesture(_message.Message):
    __slots__ = ("amplitude", "intervals")
    AMPLITUDE_FIELD_NUMBER: _ClassVar[int]
    INTERVALS_FIELD_NUMBER: _ClassVar[int]
    amplitude: float
    intervals: _containers.RepeatedCompositeFieldContainer[Interval]
    def __init__(self, amplitude: _Optional[float] = ..., intervals: _Optional[_Iterable[_Union[Interval, _Mapping]]] = ...) -> None: ...

class Gaze(_message.Message):
    __slots__ = ("away_ratio", "away_intervals")
    AWAY_RATIO_FIELD_NUMBER: _ClassVar[int]
    AWAY_INTERVALS_FIELD_NUMBER: _ClassVar[int]
    away_ratio: float
    away_intervals: _containers.RepeatedCompositeFieldContainer[Interval]
    def __init__(self, away_ratio: _Optional[float] = ..., away_intervals: _Optional[_Iterable[_Union[Interval, _Mapping]]] = ...) -> None: ...

class HeadMovement(_message.Message):
    __slots__ = ("yaw_deg", "pitch_deg", "roll_deg", "speed_deg_per_s")
    YAW_DEG_FIELD_NUMBER: _ClassVar[int]
    PITCH_DEG_FIELD_NUMBER: _ClassVar[int]
    ROLL_DEG_FIELD_NUMBER: _ClassVar[int]
    SPEED_DEG_PER_S_FIELD_NUMBER: _ClassVar[int]
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    speed_deg_per_s: float
    def __init__(self, yaw_deg: _Optional[float] = ..., pitch_deg: _Optional[float] = ..., roll_deg: _Optional[float] = ..., speed_deg_per_s: _Optional[float] = ...) -> None: ...

class FriendlinessPoint(_message.Message):
    __slots__ = ("offset_s", "value")
    OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    offset_s: float
    value: float
    def __init__(self, offset_s: _Optional[float] = ..., value: _Optional[float] = ...) -> None: ...

class Flag(_message.Message):
    __slots__ = ("kind", "quote", "start_offset_s", "end_offset_s")
    KIND_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_S_FIELD_NUMBER: _ClassVar[int]
    kind: str
    quote: str
    start_offset_s: float
    end_offset_s: float
    def __init__(self, kind: _Optional[str] = ..., quote: _Optional[str] = ..., start_offset_s: _Optional[float] = ..., end_offset_s: _Optional[float] = ...) -> None: ...

class ModalityReport(_message.Message):
    __slots__ = ("name", "state", "reason", "message")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: str
    reason: str
    message: str
    def __init__(self, name: _Optional[str] = ..., state: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class MediaSummary(_message.Message):
    __slots__ = ("kind", "container", "audio_codec", "video_codec", "width", "height", "duration_s", "decoded_s", "decoded_ratio", "error_count", "truncated")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    AUDIO_CODEC_FIELD_NUMBER: _ClassVar[int]
    VIDEO_CODEC_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    DECODED_S_FIELD_NUMBER: _ClassVar[int]
    DECODED_RATIO_FIELD_NUMBER: _ClassVar[int]
    ERROR_COUNT_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    kind: str
    container: str
    audio_codec: str
    video_codec: str
    width: int
    height: int
    duration_s: float
    decoded_s: float
    decoded_ratio: float
    error_count: int
    truncated: bool
    def __init__(self, kind: _Optional[str] = ..., container: _Optional[str] = ..., audio_codec: _Optional[str] = ..., video_codec: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., duration_s: _Optional[float] = ..., decoded_s: _Optional[float] = ..., decoded_ratio: _Optional[float] = ..., error_count: _Optional[int] = ..., truncated: bool = ...) -> None: ...

class Provenance(_message.Message):
    __slots__ = ("pipeline_version", "models", "config_sha256", "input_sha256", "instruction_set", "trace_id")
    PIPELINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_SHA256_FIELD_NUMBER: _ClassVar[int]
    INPUT_SHA256_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTION_SET_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    pipeline_version: str
    models: _containers.RepeatedCompositeFieldContainer[ModelVersion]
    config_sha256: str
    input_sha256: str
    instruction_set: str
    trace_id: str
    def __init__(self, pipeline_version: _Optional[str] = ..., models: _Optional[_Iterable[_Union[ModelVersion, _Mapping]]] = ..., config_sha256: _Optional[str] = ..., input_sha256: _Optional[str] = ..., instruction_set: _Optional[str] = ..., trace_id: _Optional[str] = ...) -> None: ...

class ModelVersion(_message.Message):
    __slots__ = ("name", "version", "sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    sha256: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., sha256: _Optional[str] = ...) -> None: ...

"""Facts: what signals make of model outputs. Every fact that has a place in time carries it, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open stretch of the answer."""

    start_offset_s: float
    end_offset_s: float

    @property
    def duration_s(self) -> float:
        return self.end_offset_s - self.start_offset_s


@dataclass(frozen=True, slots=True)
class Filler:
    """A filler word or sound ("um", "那个"); offsets are None in a text answer."""

    text: str
    start_offset_s: float | None = None
    end_offset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the answer was spoken. Numbers that need sound are None for a text answer.

    Attributes:
        speech_rate: words (en) or characters (zh) per minute of speech, pauses excluded.
        speech_rate_unit: `words_per_minute` or `characters_per_minute`.
        articulated_s: seconds of speech; duration_s: seconds of the whole answer.
        pause_ratio: silence between the first and the last speech over that stretch, 0..1.
        pauses: silences of at least 0.5 s between speech.
        pitch_median_hz: median fundamental frequency of voiced frames.
        pitch_variation_semitones: standard deviation of pitch in semitones about the median.
        energy_variation_db: standard deviation of the level of speech frames.
        word_probability: mean recogniser confidence of the words, 0..1.
    """

    word_count: int
    filler_count: int
    fillers: tuple[Filler, ...] = ()
    speech_rate: float | None = None
    speech_rate_unit: str = "words_per_minute"
    duration_s: float | None = None
    articulated_s: float | None = None
    pause_count: int = 0
    pause_ratio: float | None = None
    longest_pause_s: float | None = None
    pauses: tuple[Interval, ...] = ()
    pitch_median_hz: float | None = None
    pitch_variation_semitones: float | None = None
    energy_variation_db: float | None = None
    word_probability: float | None = None


@dataclass(frozen=True, slots=True)
class Smile:
    """Smiles: stretches in which the smile measure stays over its threshold."""

    count: int = 0
    total_seconds: float = 0.0
    intervals: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Gesture:
    """Hand and arm movement: median wrist speed in shoulder widths a second over frames with a visible wrist.

    `amplitude` is None when no wrist was seen.
    """

    amplitude: float | None = None
    intervals: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Gaze:
    """Share of face frames in which eyes or head point away from the camera, and when."""

    away_ratio: float | None = None
    away_intervals: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class HeadMovement:
    """Spread of head pose in degrees: standard deviation of yaw, pitch and roll; mean change a second."""

    yaw_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    speed_deg_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class FriendlinessPoint:
    """One point of the friendliness curve: probability of a happy expression, 0..1."""

    offset_s: float
    value: float


@dataclass(frozen=True, slots=True)
class Behavior:
    """What the picture showed. `face_ratio` is the share of sampled frames with a face."""

    frame_count: int = 0
    face_ratio: float | None = None
    smile: Smile = Smile()
    gesture: Gesture = Gesture()
    gaze: Gaze = Gaze()
    head_movement: HeadMovement = HeadMovement()
    friendliness: tuple[FriendlinessPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class KeywordMention:
    """Where a keyword stands: character range in the transcript, and time when spoken."""

    text: str
    start: int
    end: int
    start_offset_s: float | None = None
    end_offset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Coherence:
    """Cosine-based coherence, 0..1 (None where there is nothing to compare).

    Attributes:
        overall: mean of what is known of the two others.
        question: likeness of the answer to the question.
        sentences: mean likeness of neighbouring sentences.
    """

    overall: float | None = None
    question: float | None = None
    sentences: float | None = None

"""What became of each modality, in stable words and in a sentence for a reader."""

from __future__ import annotations

from typing import Final

from serving.domain.answer import Answer, MediaKind, Modality
from serving.domain.assessment import ModalityReport, ModalityState
from serving.domain.media import DecodeReport, MediaInfo

SHED: Final = "shed_under_load"

_MESSAGES: Final = {
    "text_answer": "The answer was sent as text.",
    "audio_answer": "The answer was sent as sound.",
    "not_allowed_by_policy": "The policy of the call does not allow it.",
    "no_consent": "The candidate did not consent.",
    "forbidden_in_jurisdiction": "The law that applies to the interview forbids it.",
    "accommodation": "It was turned off as an accommodation for the candidate.",
    SHED: "It was left out to finish the answers that wait in time; no score rests on it.",
    "no_audio_track": "The media has no sound.",
    "no_video_track": "The media has no picture.",
    "undecodable": "Nothing of the track could be decoded.",
    "silence": "No speech was found in the sound.",
    "no_words": "Speech was found, but no word was recognised.",
    "no_transcript": "There are no words to look at.",
    "no_face": "No face was found in enough of the pictures.",
    "face_did_not_run": "It needs the face, which was not analysed.",
    "models_unavailable": "The models were not available.",
}


def ran(modality: Modality, report: DecodeReport | None = None) -> ModalityReport:
    """It ran; on part of the media when `report` says so."""
    if report is None or not (report.truncated or report.error_count):
        return ModalityReport(modality.value, ModalityState.RAN)
    expected = f" of {report.expected_s:.1f} s" if report.expected_s else ""
    message = f"Scored on the {report.decoded_s:.1f} s{expected} that could be decoded."
    return ModalityReport(modality.value, ModalityState.RAN, "partial_media", message)


def skipped(modality: Modality, reason: str) -> ModalityReport:
    """It is not there, or must not run."""
    return ModalityReport(modality.value, ModalityState.SKIPPED, reason, _MESSAGES[reason])


def failed(modality: Modality, reason: str) -> ModalityReport:
    """It was tried, and nothing came of it."""
    return ModalityReport(modality.value, ModalityState.FAILED, reason, _MESSAGES[reason])


def reason_to_skip(answer: Answer, info: MediaInfo | None, modality: Modality) -> str:
    """Why `modality` is not even tried, or an empty string. Decides before any of its models is called."""
    denied = answer.policy.reason_against(modality)
    if denied and denied != SHED:
        return denied
    if modality is Modality.LANGUAGE:
        return ""
    if answer.media is None or info is None:
        return "text_answer"
    if modality is Modality.SPEECH:
        return "" if info.has_audio else "no_audio_track"
    if answer.media.kind is MediaKind.AUDIO or (answer.media.kind is MediaKind.DETECT and not info.has_video):
        return "audio_answer"
    return denied if info.has_video else "no_video_track"  # what is not there was not left out

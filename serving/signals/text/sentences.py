"""Text answers cut into sentences: by rule, or as the caller cut them. `assemble_transcript` does it for speech."""

from __future__ import annotations

from collections.abc import Sequence

from serving.domain.competency import Language
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.transcript import Sentence
from serving.signals.text.assembly import assemble_transcript
from serving.signals.text.boundaries import cut_to_length, punctuated_spans
from serving.signals.text.restoration import whole_sentences

__all__ = ["assemble_transcript", "given_sentences", "split_sentences"]


def split_sentences(text: str, language: Language) -> tuple[Sentence, ...]:
    """Cut a text into sentences; `text[s.start:s.end] == s.text` for each, in order and without overlap.

    Full stops in abbreviations, initials, decimals and addresses end nothing; Chinese marks always do. Ranges without
    a letter or digit (a lone emoji, "...") are no sentences. A long stretch without punctuation, as recognised speech
    may be, gets its sentence ends back (`restoration`); what is then longer than 45 words or 80 Chinese characters is
    cut at a comma, before a connective, or between words.
    """
    return tuple(
        Sentence(text[start:end], start, end)
        for span in punctuated_spans(text)
        for whole in whole_sentences(text, span, language)
        for start, end in cut_to_length(text, whole, language)
    )


def given_sentences(text: str, sentences: Sequence[str]) -> tuple[Sentence, ...]:
    """Locate the caller's own split in the text, in order; white space may differ.

    Raises:
        InvalidRequest: `FIELD_INVALID` on `config.sentences[i]` when sentence i is empty or does not follow.
    """
    places = [at for at, character in enumerate(text) if not character.isspace()]
    packed = "".join(text[at] for at in places)
    found: list[Sentence] = []
    cursor = 0
    for number, sentence in enumerate(sentences):
        wanted = "".join(sentence.split())
        at = packed.find(wanted, cursor) if wanted else -1
        if at < 0:
            raise InvalidRequest(
                f"config.sentences[{number}] is empty or not found in the text after the sentence before it.",
                reason=Reason.FIELD_INVALID,
                field=f"config.sentences[{number}]",
            )
        cursor = at + len(wanted)
        start, end = places[at], places[cursor - 1] + 1
        found.append(Sentence(text[start:end], start, end))
    return tuple(found)

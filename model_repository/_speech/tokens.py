"""From decoded tokens to text and to words with times and probabilities."""

import base64
import codecs
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))


@dataclass(frozen=True, slots=True)
class Token:
    """One decoded token: its bytes (a word's first token begins with a space), its time, its probability."""

    data: bytes
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class Word:
    """A whitespace word, or one ideograph; punctuation is part of its text and not of its time."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class _Character:
    text: str
    start_s: float
    end_s: float
    tokens: frozenset[int]


@dataclass(slots=True)
class _Open:
    """A word while its characters come in."""

    characters: list[_Character] = field(default_factory=list)
    closed: bool = False


def decode_vocabulary(encoded: Sequence[str]) -> list[bytes]:
    """The bytes of each token from vocabulary.json's base64 strings."""
    return [base64.b64decode(token) for token in encoded]


def text_of(tokens: Sequence[Token]) -> str:
    """The text without surrounding space; bytes that form no character are left out."""
    return b"".join(token.data for token in tokens).decode("utf-8", "ignore").strip()


def words_of(tokens: Sequence[Token]) -> list[Word]:
    """Divide a text into words, in order.

    A word is what stands between spaces, but an ideograph is a word by itself. Punctuation belongs to the word
    before it (an opening mark to the one after it). A word lasts from its first to its last letter or digit:
    the marks around it are not spoken, and their tokens often sit on the pause.
    """
    groups: list[_Open] = []
    for character in _characters(tokens):
        if character.text.isspace():
            _close(groups)
        elif groups and _joins(groups[-1], character.text):
            groups[-1].characters.append(character)
        else:
            groups.append(_Open([character]))
    return [_word(group.characters, tokens) for group in groups]


def _close(groups: list[_Open]) -> None:
    if groups:
        groups[-1].closed = True


def _joins(group: _Open, character: str) -> bool:
    """Whether a character that is no space goes on with the word before it."""
    if group.closed:
        return False
    if all(_is_opening(before.text) for before in group.characters):
        return True
    if _is_ideograph(character):
        return False
    if any(_is_ideograph(before.text) for before in group.characters):
        return not character.isalnum() and not _is_opening(character)
    return True


def _characters(tokens: Sequence[Token]) -> list[_Character]:
    """Every character with the time and the tokens of its bytes; a token's time is shared evenly by its bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    characters: list[_Character] = []
    start_s: float | None = None
    owners: set[int] = set()
    for index, token in enumerate(tokens):
        spoken = token.data.lstrip()  # the space before a word takes no time
        silent = len(token.data) - len(spoken)
        share_s = (token.end_s - token.start_s) / max(len(spoken), 1)
        for position, byte in enumerate(token.data):
            begin_s = token.start_s + share_s * max(position - silent, 0)
            start_s = begin_s if start_s is None else start_s
            owners.add(index)
            text = decoder.decode(bytes([byte]))
            if text:
                end_s = token.start_s + share_s * max(position - silent + 1, 0)
                characters.append(_Character(text, start_s, end_s, frozenset(owners)))
                start_s, owners = None, set()
    return characters


def _word(characters: Sequence[_Character], tokens: Sequence[Token]) -> Word:
    spoken = [character for character in characters if character.text.isalnum()] or characters
    owners = sorted(frozenset[int]().union(*(character.tokens for character in spoken)))
    return Word(
        text="".join(character.text for character in characters),
        start_s=spoken[0].start_s,
        end_s=spoken[-1].end_s,
        probability=sum(tokens[owner].probability for owner in owners) / len(owners),
    )


def _is_opening(character: str) -> bool:
    return unicodedata.category(character) in ("Ps", "Pi")


def _is_ideograph(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _IDEOGRAPHS)

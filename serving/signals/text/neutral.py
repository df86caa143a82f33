"""The words of an answer as the models may see them: who the speaker is, and how they write or hesitate, taken out.

A score must not move with a name, gender, age, school, home town or dialect, with British or American spelling,
traditional or simplified characters, hesitations, capitals or punctuation (recognised speech often has neither). So
all of these are put into one neutral form before anything is embedded. The transcript, quotes and report keep the
candidate's own words.

Names of people and places are found by capitals in English, by the segmenter's parts of speech in Chinese, and by word
lists in `data/neutral.yaml`, which also holds the replacements. A name that is not found stays: the result is
"less", never "none".
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache

from serving.domain.competency import Language
from serving.domain.transcript import Sentence, Transcript
from serving.signals.text.chinese import Token, segment
from serving.signals.text.fillers import filler_spans
from serving.signals.text.language import HAN, to_simplified
from serving.signals.text.resources import load_data

_NAME, _PLACE = "qqname", "<地名>"
_PERSON = {"en": "alex", "zh": "小李"}
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['\u2019-][A-Za-z\u00c0-\u024f]+)*")
_NAMES = re.compile(rf"{_NAME}(?:'s)?(?:(?:,? (?:and |of )?){_NAME}(?:'s)?)*")
_PLACES = re.compile(f"(?:{_PLACE}[省市县区镇乡]?)+")
_OPENERS = frozenset('.!?:\u201c"\n')  # what a new sentence, or a quoted one, begins after
_PUNCTUATION = re.compile(rf"(?!(?<=\d)[.:](?=\d))[^\w\s{HAN}'%]|_")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_MOSTLY = 0.6  # share of capitalised words from which capitals tell nothing
_SPACES = re.compile(r"\s+")
_BETWEEN_HAN = re.compile(rf"(?<=[{HAN}])\s+(?=[{HAN}])")
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范廖石"
    "金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞柳甘祝包宁尚符舒阮柯纪梅童凌毕单裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳"
)
_DOUBLE_SURNAMES = frozenset(
    {"欧阳", "司马", "上官", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯"}
)
_TITLES = (
    "老师|经理|总监|总|同学|哥|姐|叔|姨|主任|教授|师傅|队长|班长|部长|主管|医生|工|导|院长|校长|书记|女士|先生|小姐"
    "|奶奶|爷爷|阿姨|老板|博士"
)
_TITLED = re.compile(f"(?<![{HAN}])?[{''.join(sorted(_SURNAMES))}](?=(?:{_TITLES})(?![作程具业结共体]))")
_FAMILIAR = re.compile(f"[小老阿](?=[{''.join(sorted(_SURNAMES))}])[{HAN}](?![{HAN}]?[时心组孩])")
_SCHOOL = re.compile(
    rf"(?:{_PLACE})*(?:清华|北大|复旦|浙大|交大|人大|南大|武大|中大|同济|哈工大|西电|北航|北师大|华师大)(?:大学)?"
    rf"|(?:{_PLACE})+[{HAN}]{{0,6}}?(?:大学|学院|中学|高中|技校|职校)"
)


def neutral(text: str, language: Language) -> str:
    """One sentence in the neutral form; never empty unless `text` has no letter or digit."""
    whole = Transcript(text, language, 1.0, (Sentence(text, 0, len(text)),))
    return neutral_sentences(whole)[0]


def neutral_sentences(transcript: Transcript) -> list[str]:
    """Each sentence of a transcript in the neutral form; spoken fillers are found by their pauses."""
    fillers = filler_spans(transcript)
    given = _given_names(transcript.text) if transcript.language == "zh" else None
    cased = _is_cased(transcript.text)
    result = []
    starts = [start for start, _ in fillers]
    for sentence in transcript.sentences:
        within = fillers[bisect_left(starts, sentence.start) : bisect_left(starts, sentence.end)]
        inside = [span for span in within if span[1] <= sentence.end]
        kept = _without(transcript.text, sentence, inside)
        form = _english(kept, cased) if transcript.language == "en" else _chinese(kept, given)
        result.append(form or _bare(sentence.text) or sentence.text)
    return result


def _is_cased(text: str) -> bool:
    """Whether capitals tell names: not in lower case, and not where most words have them (titles, all capitals)."""
    words = _WORD.findall(text)
    capitals = sum(1 for word in words if word[0].isupper())
    return 0 < capitals < max(2.0, _MOSTLY * len(words))


def _without(text: str, sentence: Sentence, spans: Sequence[tuple[int, int]]) -> str:
    parts, cursor = [], sentence.start
    for start, end in spans:
        parts.append(text[cursor:start])
        cursor = end
    parts.append(text[cursor : sentence.end])
    return unicodedata.normalize("NFKC", " ".join(parts)).replace("\u2019", "'")


def _english(text: str, cased: bool) -> str:
    text = _places_of_several_words().sub(_NAME.capitalize() if cased else _NAME, text)
    text = _NAMES.sub(_NAME, _named(text, cased)) if _WORD.search(text) else text
    text = _replaced(text, "en")
    return _bare(text.replace(_NAME, _PERSON["en"]))


def _named(text: str, cased: bool) -> str:
    """Put a placeholder where a name stands."""
    names, places, kept, common = _gazetteer()

    def replace(match: re.Match[str]) -> str:
        word = match.group()
        low = word.lower()
        stem = low.removesuffix("'s")
        opens = _opens(text, match.start())
        capital = cased and word[0].isupper() and not word.isupper()
        known = stem in names or stem in places
        if not word[0].isupper() and stem in common:
            known = False
        if low in kept or (not capital and (cased or not known)) or (capital and opens and not known):
            # An acronym of a place or school is one whatever its capitals.
            return word if stem not in places or not word.isupper() else _NAME
        return _NAME + ("'s" if low.endswith("'s") else "")

    return _WORD.sub(replace, text)


def _opens(text: str, start: int) -> bool:
    """Whether a sentence begins at `start`, so that its capital says nothing."""
    before = start - 1
    while before >= 0 and text[before].isspace() and text[before] not in _OPENERS:
        before -= 1
    return start == 0 or (before >= 0 and text[before] in _OPENERS)


def _given_names(text: str) -> re.Pattern[str] | None:
    """Full names that the text introduces, and their given parts: who was 王浩然 is 浩然 in the next sentence."""
    found = {match.group() for match in _full_name().finditer(to_simplified(text))}
    names = sorted({*found, *(name[-2:] for name in found)}, key=lambda name: (-len(name), name))
    return re.compile("|".join(names)) if names else None


def _chinese(text: str, given: re.Pattern[str] | None) -> str:
    text = to_simplified(text)
    text = given.sub(_PERSON["zh"], text) if given else text
    text = _double_surnamed().sub(_PERSON["zh"], _place_of_something().sub(_PLACE, text))
    text = _SCHOOL.sub("大学", "".join(_masked(token) for token in segment(text)))
    text = _FAMILIAR.sub(_PERSON["zh"], _TITLED.sub("李", text))
    text = _replaced(_PLACES.sub(_PLACE, text), "zh")
    return _bare(text.replace(_PLACE, "当地"))


def _masked(token: Token) -> str:
    """The segmenter takes many common words for names ("高峰", "东西"): what it says is checked against word lists."""
    places, given, common = _chinese_names()
    word = token.word
    if word in places or word.removesuffix("市").removesuffix("省") in places:
        return _PLACE
    if not token.tag.startswith("nr") or word in common:
        return word
    rest = word[2:] if word[:2] in _DOUBLE_SURNAMES else word[1:] if word[0] in _SURNAMES else ""
    return _PERSON["zh"] if 1 <= len(rest) <= 2 and given.issuperset(rest) else word


def _replaced(text: str, language: Language) -> str:
    text = text.lower()  # patterns that ignored case took twice the time
    for pattern, instead in _replacements(language):
        text = pattern.sub(instead, text)
    return text


def _bare(text: str) -> str:
    """Lower case, without punctuation; in Chinese without spaces between characters."""
    text = _PUNCTUATION.sub(" ", _THOUSANDS.sub("", text.lower()))
    return _BETWEEN_HAN.sub("", _SPACES.sub(" ", text)).strip()


@cache
def _replacements(language: Language) -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = load_data("neutral")[language]["replace"]
    return tuple((re.compile(pattern), instead) for pattern, instead in rows)


@cache
def _gazetteer() -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
    """Names, places, capitalised words that name nobody, and names that are words too where they have no capital."""
    data = load_data("neutral")["en"]
    names, places, kept = (frozenset(str(word) for word in data[key]) for key in ("names", "places", "kept"))
    return names, places, kept, frozenset(data["common"].split())


@cache
def _places_of_several_words() -> re.Pattern[str]:
    places = sorted(place for place in _gazetteer()[1] if " " in place)
    return re.compile(rf"\b(?:{'|'.join(places)})\b", re.IGNORECASE)


@cache
def _chinese_names() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Places, characters of given names, and words that look like names and are none."""
    data = load_data("neutral")["zh"]
    return frozenset(data["places"].split()), frozenset(data["given"]), frozenset(data["common"].split())


@cache
def _place_of_something() -> re.Pattern[str]:
    """Places whose reading what follows makes sure: the segmenter may cut them wrongly."""
    places = "|".join(sorted(_chinese_names()[0], key=lambda place: (-len(place), place)))
    return re.compile(f"(?:{places})(?=[{HAN}]{{0,6}}?(?:大学|学院|中学)|[省市县]|人(?![{HAN}]?[员家工]))")


@cache
def _double_surnamed() -> re.Pattern[str]:
    given = "".join(sorted(_chinese_names()[1]))
    double = "|".join(sorted(_DOUBLE_SURNAMES - {"东方"}))
    return re.compile(f"[小老]?(?:{double})(?:[{given}]{{1,2}}|(?=(?:{_TITLES}))|(?<=[小老]..))")


@cache
def _full_name() -> re.Pattern[str]:
    """A surname and two characters of given names, after a word that introduces a person."""
    given = "".join(sorted(_chinese_names()[1]))
    single = "".join(sorted(_SURNAMES))
    return re.compile(f"(?<=[叫是和跟给让找问与长事友学师理徒])[{single}][{given}]{{2}}(?![{given}])")

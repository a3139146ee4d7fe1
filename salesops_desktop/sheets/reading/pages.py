"""Old code pages told apart by the words they give: which page and language make the best letters of the bytes.

Bytes above 127 are letters under every page; only under the right one are they letters of one language, in natural
case, and vowels and consonants take turns as they do in words.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_WESTERN = {
    "German": "äöüß",
    "French": "éèêëàâçîïôùûœæ",
    "Spanish": "áéíóúñü",
    "Italian": "àèéìòù",
    "Portuguese": "ãõáâàéêíóôúç",
    "Nordic": "åäöæøé",
    "Icelandic": "áðéíóúýþæö",
    "Dutch": "éëïèöüó",
    "mixed": "äöüßéèêëàâçñíîïóôõøúùûæœáãåòìÿðþý",
}
_CENTRAL = {
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Hungarian": "áéíóöőúüű",
    "Romanian": "ăâîşţ",
    "Croatian": "čćđšž",
    "German": "äöüß",
}
_TURKISH = {"Turkish": "çğıöşüâî"}
_BALTIC = {"Latvian": "āčēģīķļņšūž", "Lithuanian": "ąčęėįšųūž", "Estonian": "äöõüšž"}
_CYRILLIC = {"Russian": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "Ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"}
_GREEK = {"Greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋ"}
_HEBREW = {"Hebrew": "אבגדהוזחטיכךלמםנןסעפףצץקרשת"}
_ARABIC = {"Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآؤئ"}
_THAI = {"Thai": "".join(map(chr, range(0x0E01, 0x0E4F)))}

PAGES: dict[str, dict[str, str]] = {
    "cp1252": _WESTERN,
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
    "cp437": _WESTERN,
    "iso8859_15": _WESTERN,
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp852": _CENTRAL,
    "cp1254": _TURKISH,
    "cp857": _TURKISH,
    "cp1257": _BALTIC,
    "cp1251": _CYRILLIC,
    "koi8_r": _CYRILLIC,
    "iso8859_5": _CYRILLIC,
    "cp866": _CYRILLIC,
    "mac_cyrillic": _CYRILLIC,
    "cp1253": _GREEK,
    "iso8859_7": _GREEK,
    "cp1255": _HEBREW,
    "cp1256": _ARABIC,
    "iso8859_6": _ARABIC,
    "cp874": _THAI,
}
"""Code pages with the letters beyond ASCII of the languages they serve; the more usual page first."""

_SIGNS = frozenset("–—€£°§«»“”„‚‘’…•®©™²³½±×µ\u00a0№¿¡ªº·")
_VOWELS = frozenset("aeiouyæøœıαεηιουωаеёиоуыэюяіїє")
_OTHER_LETTERS = ("Russian", "Ukrainian", "Greek")
"""Written without Latin letters: words do not mix both."""
_CASELESS = ("Hebrew", "Arabic", "Thai")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the bytes are under one page."""

    page: str
    language: str
    score: float
    """Near 1 where all fits; the page that is by far the most usual gets a little more."""
    text: str


def readings(sample: bytes, lean: float = 0.05) -> list[Reading]:
    """How well each page reads the sample, best first; pages that give the very same text count as one.

    Args:
        sample: lines with bytes above 127.
        lean: what Windows-1252, by far the most usual page, has in advance.
    """
    found: dict[str, Reading] = {}
    for place, (page, languages) in enumerate(PAGES.items()):
        text = sample.decode(page, "replace")
        language, score = max(((name, _fit(text, name, letters)) for name, letters in languages.items()), key=_second)
        usual = lean if page == "cp1252" else 0.0
        reading = Reading(page, language, score + usual - 0.001 * place, text)
        if text not in found or found[text].score < reading.score:
            found[text] = reading
    return sorted(found.values(), key=lambda reading: -reading.score)


def _second(item: tuple[str, float]) -> float:
    return item[1]


def _fit(text: str, language: str, letters: str) -> float:
    """The mean mark of the characters beyond ASCII: 1 for a letter of the language where it can stand."""
    known = frozenset(letters)
    caseless = language in _CASELESS
    foreign = caseless or language in _OTHER_LETTERS
    # "mixed" fits much more by chance than one language does
    full = 0.85 if language == "mixed" else 1.0
    total, count = 0.0, 0
    for before, char, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        if ord(char) < 128:
            continue
        count += 1
        if char in _SIGNS:
            inside = before.isalpha() and after.isalpha() and char not in "’·"
            total += -0.5 if inside or (char in "©®™±²³½×µªº" and after.isalpha()) else 0.8
        elif char.lower() in known or (char == "İ" and language == "Turkish"):
            alone = not (before.isascii() and before.isalpha()) and not (after.isascii() and after.isalpha())
            total += -0.8 if foreign and not alone else full if caseless else _placed(before, char, after, full)
        elif unicodedata.category(char).startswith("L"):
            total -= 0.2
        else:
            total -= 1.0
    return total / count if count else 0.0


def _placed(before: str, char: str, after: str, full: float) -> float:
    """What a letter is worth between its neighbours."""
    if char.isupper() and before.isalpha() and before.islower():
        return -0.6
    if char.islower() and before.isalpha() and before.isupper() and after.isalpha() and after.isupper():
        return -0.4
    if not before.isalpha() and not after.isalpha():
        return 0.3 * full
    vowel = _is_vowel(char)
    near = [_is_vowel(c) for c in (before, after) if c.isalpha()]
    if vowel and all(near):
        return 0.45 * full
    if not vowel and not any(near):
        return 0.6 * full
    return full


def _is_vowel(char: str) -> bool:
    lower = char.lower()
    return lower in _VOWELS or unicodedata.normalize("NFD", lower)[0] in _VOWELS

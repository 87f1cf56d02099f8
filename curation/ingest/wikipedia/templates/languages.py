"""Words in other languages, with the way they are written and read."""

import re
from collections.abc import Sequence

from maslin.curation.ingest.wikipedia.templates.arguments import Arguments, Shown, Table
from maslin.curation.ingest.wikipedia.templates.shown import argument, last, with_original

_CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9-]{2,12})?$|[a-z]{2,8}$")


def in_language(given: Arguments) -> str:
    """{{langx|uk|Київ|Kyiv|Kiev}}: the words, how they are read, what they mean; as `lang-uk` without the first."""
    return _with_reading(given.get(2, "text"), given.get(3, "translit", "tr"), given.get(4, "translation", "lit"))


def named_language(given: Arguments) -> str:
    """{{lang-uk|Київ|Kyiv|Kiev}}."""
    return _with_reading(given.get(1, "text"), given.get(2, "translit", "tr"), given.get(3, "translation", "lit"))


def _with_reading(text: str, second: str, third: str) -> str:
    """In Latin script the second argument of these templates is a translation, elsewhere a transliteration."""
    if _is_latin(text) and not third:
        second, third = "", second
    reading = f", romanized: {second}" if second and second != "-" else ""
    return text + reading + (f", lit. '{third}'" if third else "")


def _is_latin(text: str) -> bool:
    return not any(char.isalpha() and char > "\u024f" and not "\u1e00" <= char <= "\u1eff" for char in text)


def _phonetic(given: Arguments) -> str:
    """{{IPA|/a/}} is what the sentence speaks of; with a language it is how a name is said, which is left out."""
    first = given.get(1)
    return first if first and not _CODE.match(first) else ""


def _by_reading(given: Arguments) -> str:
    """{{nihongo3|wind|風|kaze}}: the reading first."""
    inside = ", ".join(filter(None, (given.get(2), given.get(1))))
    return f"{given.get(3)} ({inside})" if given.get(3) and inside else given.get(3) or inside


def _labelled(labels: Sequence[tuple[str, str]]) -> Shown:
    """Words by named arguments: `simplified Chinese: 北京; pinyin: Běijīng`."""

    def shown(given: Arguments) -> str:
        found = [f"{label}: {given.get(name)}" if label else given.get(name) for name,
        label in labels if given.get(name)]
        return "; ".join(found) or "; ".join(given.filled())

    return shown


_CHINESE = (
    ("c", "Chinese"), ("s", "simplified Chinese"), ("t", "traditional Chinese"), ("p", "pinyin"),
    ("hp", "pinyin"), ("w", "Wade–Giles"), ("j", "Jyutping"), ("y", "Cantonese Yale"), ("poj", "Pe̍h-ōe-jī"),
    ("l", "lit."), ("lit", "lit."),
)
_KOREAN = (
    ("hangul", "Korean"), ("한글", "Korean"), ("hanja", "Hanja"), ("rr", "RR"), ("mr", "MR"), ("lit", "lit."),
)

LANGUAGES: Table = (
    ("lang wikt-lang langr native_name native_phrase rtl-lang", argument(2, "text")),
    ("langx", in_language),
    ("transl transliteration translit tlit xlit rom", last),
    ("ipa", _phonetic),
    ("nihongo nihongo4 nihongo_foot nihongo_krt japonais giapponese jap", with_original(2, 3)),
    ("nihongo2 lj kanji", argument(1)),
    ("nihongo3", _by_reading),
    ("zh zh-full zh2 chinese_text", _labelled(_CHINESE)),
    ("korean ko-hhrm kor", _labelled(_KOREAN)),
    ("wikt", argument(2, 1)),
    ("w wp", argument(2, 1)),
    ("m mention l link", argument(3, 2)),
)

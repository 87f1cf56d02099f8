"""Which licence a text is: from a licence text or notice to an SPDX expression, by distinguishing phrases.

A licence *text* is the licence itself; a *notice* names it ("under the terms of the GNU General Public License …").
All texts of a file hold (AND), those of bundled works too, unless it offers a choice. Terms that no known licence has
(`terms`) leave a licence file without answer, or, where it holds several licences, add `LicenseRef-Other-Terms`.
A bare GNU text says neither "only" nor "or later", so it is "GPL-3.0" without suffix; a notice says it.
"BSD" without the number of clauses is `LicenseRef-BSD`, a dedication to the public domain `LicenseRef-Public-Domain`.
"""

import itertools
import re
import unicodedata

from maslin.curation.licences.debian import LicencesByFile, licences_by_file, words_by_name
from maslin.curation.licences.notices import ANY_VERSION, Finding, creative_commons, named_licences
from maslin.curation.licences.phrases import (
    BSD_START,
    CREATIVE_COMMONS_END,
    CREATIVE_COMMONS_TITLE,
    EXCEPTIONS,
    ISC_START,
    MIT_START,
    PYTHON_STACK,
    TEXTS,
)
from maslin.curation.licences.spdx import OTHER_TERMS, combine, declared, identifiers, is_permissive
from maslin.curation.licences.tags import NOASSERTION, tagged
from maslin.curation.licences.terms import asks_more, is_altered
from maslin.curation.text.references import unescaped

MAX_CHARACTERS = 200_000
MAX_TEXTS = 100  # licence texts looked at in one file

_HTML_TAG = re.compile(
    r"</?(?:p|br|div|span|b|i|em|strong|h[1-6]|li|ul|ol|pre|tt|a|html|body|title|head)\b[^<>]{0,300}>", re.I
)
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_HYPHENATED = re.compile(r"(?<=[a-z])-[ \t]*\r?\n[ \t*#/;>%]*(?=[a-z])")
_LINE_LEADER = re.compile(r"^[ \t]*(?:dnl|rem)\b", re.I | re.M)
_NOT_WORD = re.compile(r"[^a-z0-9.+]+")
_STRAY = re.compile(r"(?<!\d)[.+]|[.](?!\d)")
_SPACES = re.compile(r" +")

_HINT = re.compile(
    r"licen[cs]|permission|redistribut|public domain|gpl|creative ?commons|attribution|wtfpl|warranty|as perl"
    r"|here is a blessing", re.I
)


def plain(text: str) -> str:
    """Lower-case words of a text, one space between them: no punctuation, comment signs, HTML tags or line breaks.

    Points stay inside numbers and a plus after one: "Version 2.0," → "version 2.0", "GPL-2+" → "gpl 2+".
    """
    text = text[:MAX_CHARACTERS]
    if "</" in text or "<br" in text:
        text = unescaped(_HTML_TAG.sub(" ", text))
    if _LIGATURE.search(text):
        text = unicodedata.normalize("NFKC", text)
    words = _NOT_WORD.sub(" ", _LINE_LEADER.sub(" ", text).lower())
    return _SPACES.sub(" ", _STRAY.sub(" ", words)).strip()


def detect(text: str) -> str | None:
    """The SPDX expression of a licence file, or of any text that states a licence; None when it cannot be told."""
    return _answer(text, is_licence_file=True)


def by_file_of(text: str) -> LicencesByFile | None:
    """What Debian's list of licences by file says; None where a text is none."""
    texts = words_by_name(text[:MAX_CHARACTERS])
    return licences_by_file(text[:MAX_CHARACTERS], {name: _answer(words, True) for name, words in texts.items()})


def detect_notice(text: str) -> str | None:
    """The licence the words of a file's heading comment state, whatever its tags say."""
    return _answer(text, is_licence_file=False)


def offers_choice(text: str) -> bool:
    """Whether a file without a licence text of its own leaves the choice: "either of LICENSE.A or LICENSE.B"."""
    words = plain(text)
    return not _texts(words) and _offers_choice(words, named_licences(words))


def has_terms(text: str) -> bool:
    """Whether a text that is no known licence has terms of its own, as a list of holders or a pointer has not."""
    return bool(_HINT.search(text[:MAX_CHARACTERS])) and asks_more(plain(text))


def _answer(text: str, is_licence_file: bool) -> str | None:
    if not _HINT.search(text[:MAX_CHARACTERS]):
        return None
    if is_licence_file and (by_file := by_file_of(text)):
        return by_file.all()
    words = plain(text)
    texts = _texts(words)
    if not texts and _HYPHENATED.search(text[:MAX_CHARACTERS]):  # as old formatters break words over lines
        joined = plain(_HYPHENATED.sub("", text[:MAX_CHARACTERS]))
        if texts := _texts(joined):
            words = joined
    outside = _mask(words, texts, _SHORT)
    notices = named_licences(outside)
    if is_licence_file and not texts and (tags := tagged(text)):
        return None if tags == NOASSERTION else tags
    if texts and is_licence_file:
        expression = _of_licence_file(text, outside, texts, notices)
    else:
        if texts:  # a GNU licence mentioned without version beside a text grants nothing
            notices = [notice for notice in notices if notice.licence not in ANY_VERSION.values()]
        chosen = sorted([*texts, *notices], key=lambda finding: finding.start)
        operator = "OR" if _offers_choice(outside, notices) else "AND"
        expression = combine(operator, _specific([finding.licence for finding in chosen]))
    if expression is not None and "commons clause" in words:
        return combine("AND", [expression, "LicenseRef-Commons-Clause"])
    expression = _with_exception(expression, words)
    if not is_permissive(expression):
        return None if expression == OTHER_TERMS else expression
    outside = _mask(words, texts, _READ_THROUGH, closely=True)
    if is_altered(outside) or (is_licence_file and asks_more(outside)):
        several = len(identifiers(expression or "")) > 1
        return combine("AND", [expression, OTHER_TERMS]) if several and expression else None
    return expression


def _texts(words: str) -> list[Finding]:
    """Licence texts, in their order; what lies inside a longer text is part of it."""
    starts: list[tuple[int, str, str | None]] = []
    for licence, phrases, end in TEXTS:
        starts += [(place, licence, end) for phrase in phrases for place in _places(words, phrase)]
    match = CREATIVE_COMMONS_TITLE.search(words)
    if match and (match.start() < 200 or "licensed rights" in words or "creative commons corporation" in words):
        starts.append((match.start(), creative_commons(match[1], match[2], match[3]), CREATIVE_COMMONS_END))
    starts += [(match.start(), "BSD", None) for match in BSD_START.finditer(words)]
    starts += [(match.start(), "ISC", None) for match in ISC_START.finditer(words)]
    starts += [(match.start(), "MIT", None) for match in re.finditer(MIT_START, words)]
    starts.sort(key=lambda start: start[:2])
    del starts[MAX_TEXTS:]
    found: list[Finding] = []
    covered = 0
    for index, (start, licence, end_phrase) in enumerate(starts):
        if start < covered:
            continue
        following = starts[index + 1][0] if index + 1 < len(starts) else len(words)
        name = _variant(licence, words[start:max(following, start + 1)])
        if name is None:
            continue
        end = words.find(end_phrase, start) if end_phrase else -1
        covered = end + len(end_phrase) if end_phrase and end >= 0 else start
        if name == "PSF-2.0":
            covered = _python_stack_end(words, covered)
        found.append(Finding(name, start, max(covered, following), covered if covered > start else None))
    return found


def _places(words: str, phrase: str) -> list[int]:
    """Where a phrase stands, at most MAX_TEXTS places."""
    found: list[int] = []
    place = words.find(phrase)
    while place >= 0 and len(found) < MAX_TEXTS:
        found.append(place)
        place = words.find(phrase, place + len(phrase))
    return found


def _python_stack_end(words: str, end: int) -> int:
    """Where the older licences that follow Python's own end: they are one licence with it."""
    for begin, close in PYTHON_STACK:
        place = words.find(begin, end, end + 400)
        close_place = words.find(close, place) if place >= 0 else -1
        if close_place >= 0:
            end = close_place + len(close)
    return end


def _variant(licence: str, segment: str) -> str | None:
    """Tell the variants of short licences apart by the clauses of this one's words; None when it is another's part."""
    if licence == "BSD":
        return _bsd_variant(segment)
    if licence == "MIT":
        return _mit_variant(segment)
    if licence == "ISC":
        return _isc_variant(segment)
    if licence == "Zlib" and "altered source versions must be plainly marked" not in segment:
        return None
    if licence == "Artistic-1.0" and "interpreter" in segment:
        return "Artistic-1.0-Perl"
    if licence == "CNRI-Python" and "python 1.6.1" in segment:
        return "CNRI-Python-GPL-Compatible"
    if licence in ("AFL-3.0", "OSL-3.0") and (version := _LICENSED_UNDER.search(segment)):
        return f"{licence[:4]}{version[1]}"
    return licence


_LICENSED_UNDER = re.compile(r"licensed under the (?:academic free|open software) license version ([12]\.[01])")


_NO_ENDORSEMENT = re.compile(r"endorse or promote|neither the names?|names? of .{0,80} may (?:not )?be used")
_NOTICE_KEPT = re.compile(r"permission notices?.{0,60}shall be included|be included in all|subject to the following")


def _bsd_variant(segment: str) -> str | None:
    if "end user documentation included with the redistribution" in segment or "may not be called apache" in segment:
        return "Apache-1.1" if "end user documentation" in segment else "Apache-1.0"
    openssl, ssleay = "openssl toolkit" in segment, "derivative of this code cannot be changed" in segment
    if ssleay or (openssl and "advertising" in segment):
        return "OpenSSL"
    if "advertising materials mentioning" in segment:
        return "BSD-4-Clause-UC" if "california berkeley and its contributors" in segment else "BSD-4-Clause"
    if "altered source versions must be plainly marked" in segment:
        return "bzip2-1.0.6"
    if _NO_ENDORSEMENT.search(segment):
        clear = "no express or implied licenses to any party s patent" in segment
        attribution = "redistributions of any form whatsoever must retain" in segment
        return "BSD-3-Clause-Clear" if clear else "BSD-3-Clause-Attribution" if attribution else "BSD-3-Clause"
    if "redistributions in binary form must" in segment or "binary form must reproduce" in segment:
        if "views and conclusions contained in the software" in segment:
            return "BSD-2-Clause-Views"
        return "BSD-2-Clause-Patent" if "hereby grants to those receiving rights" in segment else "BSD-2-Clause"
    return "BSD-1-Clause" if "must retain" in segment or "source code must" in segment else None


def _mit_variant(segment: str) -> str:
    if "redistributions of source code must retain" in segment:
        return "NCSA"
    rights = segment.find("rights to use")
    if rights >= 0 and (" sell" not in segment[rights:rights + 300] or "restriction" not in segment[:rights]):
        return OTHER_TERMS
    if "for good not evil" in segment:
        return "JSON"
    if "obtaining a copy of the unicode data files" in segment or "obtaining a copy of data files" in segment:
        return "Unicode-3.0" if "unicode data files" not in segment else "Unicode-DFS-2016"
    if "shall not be used in advertising or otherwise to promote" in segment:
        return "X11"
    return "MIT" if _NOTICE_KEPT.search(segment) else "MIT-0"


_MORE_IN_COPIES = re.compile(
    r"appears? in all copies and (?!modif|portions|substantial|derivative|any (?:copies|portions))"
)


def _isc_variant(segment: str) -> str | None:
    if "without a written agreement is hereby granted" in segment:
        return "PostgreSQL"
    if "name of a copyright holder shall not be used in advertising" in segment:
        return "curl"
    if "appear in supporting documentation" in segment:
        if "carnegie mellon university disclaims" in segment and "sell" not in segment[:120]:
            return "MIT-CMU"
        if "sell this software" in segment or "and sell" in segment[:120]:
            return "HPND-sell-variant"
        return "NTP" if "with or without fee" in segment[:250] else "HPND"
    if "provided that the above copyright notice" in segment:
        if "not be used in advertising" in segment:
            return "HPND"
        return OTHER_TERMS if _MORE_IN_COPIES.search(segment) else "ISC"
    if "provided that this permission notice appear" in segment[:300]:
        return "ISC"
    if "with or without fee is hereby granted" in segment:
        return "0BSD" if "in no event" in segment else None
    if "without fee is hereby granted" not in segment:
        return None
    return "HPND-Markus-Kuhn" if "granted the author disclaims all warranties" in segment else "HPND"


# Short licences: a choice may stand among their clauses.
_SHORT = {
    "BSD-1-Clause", "BSD-2-Clause", "BSD-2-Clause-Views", "BSD-3-Clause", "BSD-3-Clause-Attribution", "BSD-4-Clause",
    "BSD-4-Clause-UC", "MIT", "MIT-0", "ISC", "0BSD", "X11", "NCSA",
}
# Licences whose text is read through for terms that are not theirs.
_READ_THROUGH = _SHORT | {
    "Apache-1.0", "Apache-1.1", "BSD-2-Clause-Patent", "BSD-3-Clause-Clear", "Beerware", "FSFAP", "FSFUL",
    "FSFULLR", "HPND", "HPND-sell-variant", "HPND-Markus-Kuhn", "MIT-CMU", "NTP", "OpenSSL", "PostgreSQL", "UPL-1.0",
    "Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "WTFPL", "Zlib", "blessing", "bzip2-1.0.6", "curl",
}


def _mask(words: str, texts: list[Finding], but: set[str], closely: bool = False) -> str:
    """The words outside the texts of other licences than `but`, at the same places.

    `closely`: what follows a text whose end is known is outside, elsewhere it is masked up to the next text.
    """
    for finding in texts:
        if finding.licence not in but:
            end = finding.close if closely and finding.close is not None else finding.end
            words = words[: finding.start] + " " * (end - finding.start) + words[end:]
    return words


_LATER_VERSION = re.compile(r"(?:or )?at your (?:option|choice) any (?:later|newer)|either version")
_CHOICE = re.compile(
    r"\bat your (?:option|choice|discretion)\b|\byour choice of\b|\b(?:dual|dually|multi|double) licen[cs]"
    r"|\balternatively\b|\b(?:may|can) (?:choose|select|elect|pick)\b|\beither (?:of|the)\b|\b(?:under|of|be) either\b"
    r"|\bone of the following (?:\w+ )?licen"
)
_OR = re.compile(r"\bor\b(?! (?:any |at your option any )?(?:later|newer))")


def _offers_choice(words: str, notices: list[Finding]) -> bool:
    """Whether the words leave the choice between licences, not merely between versions of one."""
    if _CHOICE.search(_LATER_VERSION.sub(" ", words)):
        return True
    return any(
        right.start - left.end <= 40 and _OR.search(words[left.end:right.start])
        for left, right in itertools.pairwise(notices)
    )


_FAMILY_NAMES = {"MIT-0": "MIT", "X11": "MIT", "JSON": "MIT", "0BSD": "BSD", "LicenseRef-BSD": "BSD"}
_LABELLED = re.compile(r"^[ \t]*Licen[cs]e(?:-Expression)?:[ \t]*([^\n]{3,200})$", re.M)


def _family(licence: str) -> str:
    return _FAMILY_NAMES.get(licence, licence.split("-")[0])


def _of_licence_file(text: str, outside: str, texts: list[Finding], notices: list[Finding]) -> str | None:
    """What a file with licence texts says: all of them, what is named before the first, and a choice it offers.

    A choice is offered before the first text, or among its clauses where it is short; it is one between the licences
    named there, else between all.
    """
    first = texts[0]
    named = [notice for notice in notices if notice.start < first.start]
    offer = outside[: first.end] if first.licence in _SHORT else outside[: first.start]
    if _offers_choice(offer, named):
        alternatives = {notice.licence for notice in named}
        if len(alternatives) < 2:
            return combine("OR", _specific(_in_order([*notices, *texts])))
        choice = combine("OR", _specific(_in_order(named)))
        bare = {name.removesuffix("-only").removesuffix("-or-later") for name in alternatives}
        families = {_family(name) for name in alternatives}
        besides = [finding.licence for finding in texts if not (
            finding.licence in bare or finding.licence in alternatives or _family(finding.licence) in families)]
        return combine("AND", [part for part in (choice, *besides) if part])
    # A name before the first text is its title, or a GNU text's "only" or "or later"; a vague one there grants nothing.
    vague = {"LicenseRef-BSD", "LicenseRef-Public-Domain", *ANY_VERSION.values()}
    named = [notice for notice in named if notice.licence not in vague and (
        _is_gnu(notice.licence) or _family(notice.licence) != _family(first.licence))]
    labelled = [expression for match in _LABELLED.finditer(text) if (expression := declared(match[1].strip()))]
    return combine("AND", _specific([*_in_order([*named, *texts]), *labelled]))


def _in_order(findings: list[Finding]) -> list[str]:
    return [finding.licence for finding in sorted(findings, key=lambda finding: finding.start)]


def _is_gnu(licence: str) -> bool:
    return _family(licence) in ANY_VERSION


def _specific(licences: list[str]) -> list[str]:
    """Leave out a name where one that says more stands beside it: BSD's clauses, the versions of a GNU licence.

    And the GPL beside the LGPL 3.0, which is the GPL's text with additions.
    """
    names = {name for expression in licences for name in identifiers(expression)}
    if any(name.startswith("BSD-") for name in names):
        licences = [name for name in licences if name != "LicenseRef-BSD"]
    suffixed = {name for name in names if name.endswith(("-only", "-or-later"))}
    less = {name.removesuffix("-only").removesuffix("-or-later") for name in suffixed}
    less |= {name.removesuffix("-or-later") + "-only" for name in names if name.endswith("-or-later")}
    if {"GPL-3.0", "LGPL-3.0"} <= names - less:
        less.add("GPL-3.0")
    return [name for name in licences if name not in less]


def _with_exception(expression: str | None, words: str) -> str | None:
    if expression is None or " " in expression:
        return expression
    for prefix, phrase, exception in EXCEPTIONS:
        if expression.startswith(prefix) and phrase in words:
            return f"{expression} WITH {exception}"
    return expression

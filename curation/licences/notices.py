"""Licences that a text names as the ones that hold: "under the terms of the GNU General Public License, version 2".

All functions work on the words that `licences.plain` makes of a text.
"""

import re
from dataclasses import dataclass

from maslin.curation.licences.phrases import NAMES

# What a GNU notice without a version means: any published one.
ANY_VERSION = {"GPL": "GPL-1.0-or-later", "LGPL": "LGPL-2.0-or-later", "AGPL": "AGPL-3.0-or-later"}
_VERSIONS = {"GPL": ("1.0", "2.0", "3.0"), "LGPL": ("2.0", "2.1", "3.0"), "AGPL": ("1.0", "3.0")}
_FAMILIES = {"affero": "AGPL", "a": "AGPL", "lesser": "LGPL", "library": "LGPL", "l": "LGPL", "": "GPL"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A licence found in a plain text: the characters [start, end) are its text, or the words that name it.

    `close` is where the text is known to end; null where it goes on to the next one or nobody knows.
    """

    licence: str
    start: int
    end: int
    close: int | None = None


def creative_commons(commercial: str | None, other: str | None, version: str) -> str:
    kind = "SA" if (other and "share" in other) or (other and "sa" in other.split()) else "ND" if other else None
    parts = ["CC-BY", "NC" if commercial else None, kind, version]
    return "-".join(part for part in parts if part)


_GNU = re.compile(
    r"\b(?! )(?:(?:gnu )?(?P<kind>affero|lesser|library)?(?: gnu)? ?general public licen[cs]e"
    r"|(?:gnu )?(?P<letter>[al])?gpl(?=\b|v?\d))"
)
_VERSION_AFTER = re.compile(
    r"(?: licen[cs]e| as published by(?: the free software foundation)?| inc| either| only| terms| under| the| of)*?"
    r" ?(?:version |versions |v ?|ver |rev )?([123](?:\.[01])?)(?![.\d\w])(\+)?"
)
_VERSION_BEFORE = re.compile(r"version ([123](?:\.[01])?)(?P<later> or (?:any )?(?:later|newer))? of the $")
_LATER = re.compile(
    r"^.{0,40}?(?:\bor(?: at your (?:option|choice))?(?: under)?(?: any| the)?(?: version)? "
    r"(?:later|newer|above|greater|higher|subsequent)|\band (?:later|above|newer)\b)"
)
_GRANT = re.compile(r"(?:under|terms of|licen[cs]e[ds]?|by|of) (?:the |terms |and |conditions |of |is |a |s )*$")
_NOT_A_GRANT = re.compile(r"(?:compatible with|see|copy of|not|unlike|from) (?:the |a |full |text |of )*$")

_CONTEXT_BEFORE = re.compile(
    r"\b(?:licen[cs](?:e|ed|es|ing)|under|terms of|released (?:as|into|to)|use of) "
    r"(?:(?:the|a|an|terms|conditions|and|of|is|by|under|text|type|id|name|file|both|either|this|standard|permissive"
    r"|revised|open source|osi approved|are|as|in|expression|badge|org licenses) )*$"
)
_CONTEXT_AFTER = re.compile(r"(?: only| or later)? ?(?:software |open source |public |free )?licen[cs]e|\+? terms")
# Words before a name by which it is not the one that holds: "why not MIT", "based on the MIT license".
_NOT_MEANT = re.compile(
    r"\b(?:not|employ|instead of|rather than|unlike|compatible with|similar to|based on|derived from|inspired by"
    r"|converting to|converts to|will be governed by|(?:combine|combined|link) (?:it )?with (?:\w+ ){0,3}licensed under"
    r"|separate them from files licensed under) (?:(?:the|an?|under|terms|of|open source|use) )*$"
)
# With what any name begins: literals alone, by which the places are found some times faster than by the names.
_NAME_START = re.compile(
    r"\b(?:apache|asl|mit|cmu|expat|hippocratic|x11|clear bsd|bsd|[234] clause|four|original|0bsd|zero|three|new"
    r"|modified|revised|two|simplified|freebsd|isc|mozilla|mpl|eclipse|epl|european|eupl|common|cddl|academic|afl|open|osl|zope"
    r"|zpl|artistic|boost|bsl|zlib|libpng|unlicen|cc0|creative|wtfpl|postgresql|psf|python|cnri|sil|ofl|business|busl"
    r"|elastic|elv2|server|sspl|odbl|cpl|imlib2|universal|university|ncsa|blue|hpnd|historical|ms pl|microsoft|public)"
)
_NAME = re.compile(r"(?:" + "|".join(f"(?P<n{i}>{pattern})" for i, (_, pattern) in enumerate(NAMES)) + r")(?!\w)")
_STRONG = re.compile(
    r"licen[cs]e|^0bsd|^cc0|^wtfpl|^creative ?commons|clause|(?:mozilla|eclipse) public"
    r"|^(?:sil )?ofl 1|^odbl|^mplv?2|^busl|hippocratic"
)
_LINK = re.compile(
    r"(?: licen[cs]e)?(?: (?:or|and|the|under|a|either|v2))*(?: [a-z_0-9.]+ txt)?(?: (?:or|and|the))* ?"
)
_PUBLIC_DOMAIN = re.compile(
    r"(?:released?|placed?|put|dedicated?|donated?|committed) (?:\w+ ){0,4}(?:in|into|to) the $"
    r"|(?:files?|code|software|program|module|work|library|source|script|header) (?:is|are) (?:hereby )?(?:in the )?$"
    r"|licen[cs]e $"
)
_CC_URL = re.compile(r"creativecommons org licenses (by(?: nc)?(?: nd| sa)?) ([1-4]\.[05])")
_CC_NAME = re.compile(
    r"\b(?:cc|creative commons)(?: licen[cs]e)? (?:by|attribution)( nc| non ?commercial)?"
    r"( sa| nd| share ?alike| no ?deriv\w*)?(?: licen[cs]e)?(?: version| v)? ?([1-4]\.[05])"
)
_GFDL = re.compile(r"(?:gnu free documentation licen[cs]e|gfdl)(?: version| v)? ?(1\.[123])")
_PERL = re.compile(r"same terms as (?:the )?perl")


def named_licences(words: str) -> list[Finding]:
    """Licences that are named as the ones that hold, in their order."""
    found = _gnu_notices(words) + _named(words)
    for match in _CC_URL.finditer(words):
        found.append(Finding("CC-" + match[1].upper().replace(" ", "-") + "-" + match[2], *match.span()))
    for match in _CC_NAME.finditer(words):
        found.append(Finding(creative_commons(match[1], match[2], match[3]), *match.span()))
    for match in _GFDL.finditer(words):
        suffix = "or-later" if _LATER.match(words[match.end():match.end() + 80]) else "only"
        found.append(Finding(f"GFDL-{match[1]}-{suffix}", *match.span()))
    if match := _PERL.search(words):
        found.append(Finding("Artistic-1.0-Perl OR GPL-1.0-or-later", *match.span()))
    return sorted(found, key=lambda finding: (finding.start, finding.licence))


def _gnu_notices(words: str) -> list[Finding]:
    matches = list(_GNU.finditer(words))
    found, versionless = [], []
    for index, match in enumerate(matches):
        family = _FAMILIES[match["kind"] or match["letter"] or ""]
        limit = matches[index + 1].start() if index + 1 < len(matches) else len(words)
        after = words[match.end():min(limit, match.end() + 200)]
        before = words[max(0, match.start() - 60):match.start()]
        if version := _VERSION_AFTER.match(after):
            number, later = version[1], bool(version[2]) or bool(_LATER.match(after[version.end():]))
            end = match.end() + version.end()
        elif version := _VERSION_BEFORE.search(before):
            number, later, end = version[1], bool(version["later"]), match.end()
            later = later or bool(_LATER.match(after))
        else:
            if (_GRANT.search(before) or after.startswith(" licensed ")) and not _NOT_A_GRANT.search(before):
                versionless.append((family, match.span()))
            continue
        number = number if "." in number else f"{number}.0"
        if number in _VERSIONS[family]:
            is_address = before.endswith("licenses ")  # gnu.org/licenses/gpl-2.0.html says neither
            suffix = "-or-later" if later else "" if is_address else "-only"
            found.append(Finding(f"{family}-{number}{suffix}", match.start(), end))
    said = {finding.licence.split("-")[0] for finding in found}
    for family, span in versionless:
        if family not in said:
            found.append(Finding(ANY_VERSION[family], *span))
    return found


def _named(words: str) -> list[Finding]:
    """Licences other than GNU's by their names, where the words around say that a licence is meant."""
    found: list[Finding] = []
    last_end = 0
    place = 0
    for start in _NAME_START.finditer(words):
        match = _NAME.match(words, start.start()) if start.start() >= place else None
        if match is None:
            continue
        place = match.end()
        licence = NAMES[next(i for i in range(len(NAMES)) if match[f"n{i}"] is not None)][0]
        if "{version}" in licence:
            family = licence.split("-")[0].lower()
            licence = licence.format(version=match[family] or "2.0")
        before, after = words[max(0, match.start() - 90):match.start()], words[match.end():match.end() + 40]
        if licence == "LicenseRef-Public-Domain":
            accepted = bool(_PUBLIC_DOMAIN.search(before))
        else:
            linked = match.start() - last_end <= 30 and _LINK.fullmatch(words[last_end:match.start()])
            in_context = _CONTEXT_AFTER.match(after) or _CONTEXT_BEFORE.search(before)
            accepted = bool(_STRONG.search(match[0]) or linked or in_context) and not _NOT_MEANT.search(before)
        if accepted:
            found.append(Finding(licence, *match.span()))
            last_end = match.end()
    return found

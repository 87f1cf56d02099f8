"""The comments at the head of a source file, and the licence it states there.

A file that says in words of its own that it is under something else than a known licence ("licensed under the Foo
Public Licence", "proprietary and confidential", a tag that cannot be read) has no licence: not that of its project.
One that points elsewhere ("see the LICENSE file", "the same licence as X", "a BSD-style licence") states none.
"""

import re

from maslin.curation.licences.detect import detect_notice, plain
from maslin.curation.licences.tags import NOASSERTION, tagged

HEADER_CHARACTERS = 16_384
_HEADER_LINES = 400
_CODE_LINES = 8  # that may stand among the heading comments: imports, a version, an include guard

_COMMENT_LINE = re.compile(
    r"\s*(?:#|//|--|;|%|\"(?!\"\")|'(?!'')|!|\*|@?rem\b|dnl\b|\.\.(?:\s|$)|\.\\\"|@c\b|\\\s|C\s)", re.I,
)
_PREAMBLE = re.compile(
    r"\s*(?:<\?(?:php|xml|=)|<!doctype|<html|<head|@charset|['\"]use strict['\"];?\s*$|package\s+[\w.]+;?\s*$"
    r"|@echo off)", re.I,
)
_BLOCKS = (
    ("/*", "*/"), ("<!--", "-->"), ("{-", "-}"), ("(*", "*)"), ('"""', '"""'), ("'''", "'''"), ("--[[", "]]"),
    ("{#", "#}"), ("#|", "|#"), ("=begin", "=end"), ("=pod", "=cut"), ("%{", "%}"), ("<%--", "--%>"), ('r"""', '"""'),
    ("<#", "#>"), ("#=", "=#"), ("#[", "]#"), ("/+", "+/"), ("/-", "-/"), ("{{!--", "--}}"), ("{*", "*}"),
    ("<%#", "%>"),
)
_BLOCKS_BY_SIGN = {
    sign: tuple(pair for pair in _BLOCKS if pair[0].startswith(sign)) for sign in {pair[0][0] for pair in _BLOCKS}
}
_TAG = re.compile(r"SPDX-License-Identifier", re.I)
_TAG_LINE = re.compile(r"^[^\w\n\"'`]{0,12}(?:(?:dnl|rem|c|nb\.)\b[^\w\n]*)?SPDX-License-Identifier", re.I)

# What a file may be under: "licensed under the terms of NAME", "License: NAME".
_UNDER = re.compile(
    r"\b(?:licen[cs]ed|released|distributed|redistributed|published|provided|covered|governed|subject|made available)"
    r"(?: only| solely| exclusively)? (?:under|by|to)(?: (?:the|a|an|terms|conditions|and|of|provisions))* "
    r"(?P<name>(?:[\w.+]+ ){1,7}?)(?:licen[cs]e|eula)\b(?P<after>(?: [\w.]+){0,3})"
)
_LABEL = re.compile(r"^[^\w\n]*(?:licen[cs]e[ \t]*[:=]|(?<=@)licen[cs]e\b)[ \t]*(?P<name>\S[^\n]{0,100})", re.I | re.M)
# Words by which a notice points elsewhere, or tells a kind of licence and no name.
_POINTER = re.compile(
    r"\b(?:this|that|these|those|same|following|below|above|its|it|our|their|your|own|project|files?|found|accompanying"
    r"|original|respective|style|like|type|similar|permissive|open|free|dual|multiple|different|various|any|which|other"
    r"|see|refer|txt|md|rst|html|copying|notices?|readme|root|described|specified|stated|detailed|none|public domain"
    r"|copyright|either|one|two|some|all)\b"
)
_LICENCE_ADDRESS = re.compile(r"licen[cs]e$|https? .*licen[cs]e")
_RESERVED = re.compile(
    r"\b(?:proprietary and confidential|confidential and proprietary|trade secrets? (?:of|and)|strictly confidential"
    r"|(?:unauthori[sz]ed|any) (?:copying|use|reproduction|distribution|duplication)[\w ]{0,80} (?:is|are)"
    r"(?: strictly)? prohibited|without (?:an )?express(?:ed)? licen[cs]e agreement)\b"
)


def heading_comment(text: str) -> str:
    """The comments with which a file begins, up to its first few lines of code; tags also beyond."""
    kept: list[str] = []
    code_lines = 0
    closing: str | None = None
    text = text[:HEADER_CHARACTERS]
    has_tag = "spdx-license-identifier" in text.lower()
    lines = text.splitlines()[:_HEADER_LINES]
    for number, line in enumerate(lines):
        if closing is not None:
            kept.append(line)
            if closing in line:
                closing = None
            continue
        stripped = line.strip()
        block = next((pair for pair in _BLOCKS_BY_SIGN.get(stripped[:1], ()) if stripped.startswith(pair[0])), None)
        if block is not None:
            kept.append(line)
            if block[1] not in stripped[len(block[0]):]:
                closing = block[1]
        elif not stripped or _COMMENT_LINE.match(line) or (has_tag and _TAG.search(line)):
            kept.append(line)
        elif not _PREAMBLE.match(line):
            code_lines += 1
            if code_lines > _CODE_LINES:
                if has_tag:
                    kept += [later for later in lines[number:] if _TAG_LINE.match(later)]
                break
    return "\n".join(kept)


def stated_licence(header: str) -> str | None:
    """What heading comments state: an SPDX expression, NOASSERTION for terms not known, None for nothing."""
    if found := tagged(header) or detect_notice(header):
        return found
    return NOASSERTION if _has_own_terms(header) else None


def _has_own_terms(header: str) -> bool:
    """Whether the head names terms of its own."""
    lower = header.lower()
    if not ("licen" in lower or "prohibited" in lower or "confidential" in lower):
        return False
    words = plain(header)
    if _RESERVED.search(words):
        return True
    if any(not _POINTER.search(match["name"] + match["after"]) for match in _UNDER.finditer(words)):
        return True
    named = (plain(match["name"]) for match in _LABEL.finditer(header))
    return any(name and not _POINTER.search(name) and not _LICENCE_ADDRESS.match(name) for name in named)

"""Which licence the files of an archive are under.

First what the file itself says (an SPDX tag or the licence in its heading comments), then the licence texts of the
nearest folder above it that has any (before them a list of licences by file, as Debian has it), then metadata (of
wheels and sdists, package.json, Cargo.toml, pyproject.toml, composer.json). Metadata never override a text: they only
say which operator joins several texts, and "or later" where a bare GNU text cannot. A licence text that is not
recognised gives no licence: metadata do not fill that in.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import Any

from maslin.curation.licences.debian import LicencesByFile, is_by_file
from maslin.curation.licences.detect import by_file_of, detect, has_terms, offers_choice
from maslin.curation.licences.headings import stated_licence
from maslin.curation.licences.notices import ANY_VERSION
from maslin.curation.licences.spdx import combine, declared, identifiers, licence_id
from maslin.curation.licences.tags import NOASSERTION

_CODE_EXTENSIONS = (
    "py|pyi|js|ts|mjs|c|h|cc|cpp|hpp|go|rs|rb|java|php|pl|pm|sh|json|toml|yml|yaml|xml|css|svg|png|gif|cmake|in|tmpl|"
    "template|tpl|j2|spdx"
)
_LICENCE_FILE = re.compile(
    r"(?:(?:[a-z0-9.+]+[-_])?(?:un)?licen[cs]es?|copying|copyright)(?:[-_.].*)?$", re.I
)
_NOT_LICENCE_FILE = re.compile(rf"third|3rd|notice|bundled|\.(?:{_CODE_EXTENSIONS})$", re.I)
_METADATA_FILES = {"pkg-info", "metadata", "package.json", "cargo.toml", "pyproject.toml", "composer.json"}
_NAME_CHARACTERS = 200  # a longer one is a text
# An expression that cannot be read whole, or a name with something beside it.
_MORE_THAN_A_NAME = re.compile(
    r"\b(?:AND|WITH|OR)\b|(?i:\bLicenseRef-|\b(?:proprietary|commercial|[\w.]+[- ](?:like|style|inspired)|exceptions?"
    r"|excluding|restrict\w*|custom|modified (?!bsd)|non[- ]?free|based on|commons clause)\b)"
)
# What stands between names in a list; what stands there and is none: `GPL v2 or later`, `Apache License, Version 2.0`.
_BETWEEN_NAMES = re.compile(r"\s*(?:[,;/&]|(?i:\b(?:and|or)\b))\s*")
_NO_NAME = re.compile(
    r"(?i:\(?(?:any\b|later|newer|above|higher|greater|versions?\b|v?\d[\d.]*\+?(?:\s|$)|the$|see\b|http|www|copyright|\(?c\)"
    r"|licen[cs]e[ds]?\b|copying|at your|details|terms|software$|library$|docs?\b|open ?source|osi\b|x11$))")
_LED_BY = re.compile(r"(?i:^\s*(?:dual[- ]?licen[cs]ed?|licen[cs]ed|dual)(?: under)?(?: both)?(?: the)? )")
_CHOICE = re.compile(r"/|\b(?i:or|dual)\b")
# Well-known projects whose licence others name theirs after, all of one text.
_OF_PROJECT = re.compile(r"(?i:(?:the |same as |like )?(?:scipy|numpy)(?:'s)?(?: \(?bsd\)?)?(?: licen[cs]e)?)\.?")
_RESTRICTED = re.compile(r"Proprietary|non-commercial|Restricted|Educational|Home Use|Not Redistrib|Free For")
_METADATA_CHARACTERS = 65_536  # of the headers of a PKG-INFO
_POINTED_FILE = re.compile(
    r"\b(?:licen[cs]es?|copying)[-_.][\w.+-]*\w|\b[\w+]+[-_](?:licen[cs]e|copying)(?:\.\w+)?\b", re.I
)
_VAGUE = {"LicenseRef-BSD", "LicenseRef-Public-Domain", *ANY_VERSION.values()}
_INFO_FOLDER = re.compile(r"^(.*?)([^/]+\.(?:dist|egg)-info)(?:/|$)")


def is_licence_file(path: str) -> bool:
    """Whether a path names a licence text (LICENSE, COPYING, MIT-LICENSE.txt, …), not code or others' notices."""
    name = path.rsplit("/", 1)[-1]
    return is_by_file(path) or (bool(_LICENCE_FILE.match(name)) and not _NOT_LICENCE_FILE.search(name))


def is_metadata_file(path: str) -> bool:
    """Whether a path names metadata that may state a licence."""
    name = path.rsplit("/", 1)[-1].lower()
    return name in _METADATA_FILES and (name != "metadata" or bool(_INFO_FOLDER.match(path)))


@dataclass(frozen=True)
class _Text:
    """A licence file. `choice`: it only leaves the choice between others; `pointed`: the names of those it names."""

    path: str
    licence: str | None
    choice: bool
    pointed: frozenset[str]
    own_terms: bool  # not recognised, and more than a pointer or a list of holders

    @classmethod
    def read(cls, path: str, text: str) -> "_Text":
        licence = detect(text)
        choice = offers_choice(text)
        names = frozenset(name.lower() for name in _POINTED_FILE.findall(text)) if choice else frozenset()
        return cls(path, licence, choice, names, licence is None and not choice and has_terms(text))

    def is_pointed(self, names: frozenset[str]) -> bool:
        name = self.path.rsplit("/", 1)[-1].lower()
        return name in names or name.rpartition(".")[0] in names


class LicenceMap:
    """The licence texts and metadata of an archive, by folder. Fill it with `add`, then ask `licence_of`."""

    def __init__(self) -> None:
        self._texts: dict[str, list[_Text]] = {}
        self._by_file: dict[str, LicencesByFile] = {}
        self._metadata: dict[str, list[str]] = {}
        self._answers: dict[str, str | None] = {}

    def add(self, path: str, text: str) -> None:
        """Take in a licence or metadata file."""
        if not text.strip():
            return
        if is_by_file(path) and (by_file := by_file_of(text)):
            self._by_file[path.rpartition("/")[0].rpartition("/")[0]] = by_file
        elif is_licence_file(path):
            folder = _governed_folder(path)
            if folder is not None:
                self._texts.setdefault(folder, []).append(_Text.read(path, text))
        elif expression := metadata_licence(path, text):
            info = _INFO_FOLDER.match(path)
            folder = info[1].rstrip("/") if info else path.rpartition("/")[0]
            self._metadata.setdefault(folder, []).append(expression)

    def licence_of(self, path: str, header: str) -> str | None:
        """The SPDX expression that holds for a source file with these heading comments; None when nothing tells it."""
        own = stated_licence(header)
        if own == NOASSERTION:
            return None
        nearest = self._nearest(path)
        if own is None or nearest is None:
            return own or nearest
        return _made_precise(own, nearest)

    def _nearest(self, path: str) -> str | None:
        """What holds for a file that says nothing: a list of licences by file goes before the texts beside it."""
        folder = path.rpartition("/")[0]
        for place in _upwards(folder) if self._by_file else ():
            if by_file := self._by_file.get(place):
                is_listed, licence = by_file.licence_of(path[len(place):].lstrip("/"))
                if is_listed:
                    return licence
            if place in self._texts:
                break
        return self._of_folder(folder)

    def _of_folder(self, folder: str) -> str | None:
        if folder not in self._answers:
            self._answers[folder] = self._find(folder)
        return self._answers[folder]

    def _find(self, folder: str) -> str | None:
        for place in _upwards(folder):
            if place in self._texts:
                return _join(sorted(self._texts[place], key=lambda text: text.path), self._declared(place))
        return next((self._declared(place) for place in _upwards(folder) if place in self._metadata), None)

    def _declared(self, folder: str) -> str | None:
        """What the metadata of this folder declare; where they differ, all of it."""
        return combine("AND", sorted(self._metadata.get(folder, ())))


def _join(texts: list[_Text], metadata: str | None) -> str | None:
    """One expression for the licence texts of a folder; None where one of them is not known and no other may be chosen.
    """
    pointed = frozenset().union(*(text.pointed for text in texts))
    choice = any(text.choice for text in texts)
    proper = [text for text in texts if text.licence and not text.choice]
    if any(text.own_terms and not text.is_pointed(pointed) for text in texts):
        return None
    if not proper:
        return next((text.licence for text in texts if text.licence), None)
    among = [text.licence for text in proper if text.is_pointed(pointed)] if choice else []
    among = among or ([text.licence for text in proper] if choice else [])
    besides = [text.licence for text in proper if text.licence not in among]
    offered = combine("OR", [licence for licence in among if licence])
    distinct = list(dict.fromkeys(licence for licence in (offered, *besides) if licence))
    if len(distinct) == 1 and not choice:
        return _with_suffix(distinct[0], metadata)
    if set(distinct) == {"GPL-3.0", "LGPL-3.0"}:
        return _with_suffix("LGPL-3.0", metadata)  # that licence is the GPL's text with additions
    joined = combine("AND", distinct)
    same = metadata and joined and _bare(identifiers(metadata)) == _bare(identifiers(joined))
    return metadata if same else joined


def metadata_licence(path: str, text: str) -> str | None:
    """What a metadata file declares, as an SPDX expression."""
    name = path.rsplit("/", 1)[-1].lower()
    try:
        if name in ("pkg-info", "metadata"):
            return _from_headers(text)
        if name in ("package.json", "composer.json"):
            return _from_json(json.loads(text))
        return _from_toml(tomllib.loads(text))
    except (ValueError, RecursionError):  # not what its name says
        return None


def _from_headers(text: str) -> str | None:
    message = HeaderParser().parsestr(text[:_METADATA_CHARACTERS])
    if expression := str(message.get("License-Expression", "")).strip():
        return declared(expression)
    words = str(message.get("License", "")).strip()
    said, classifiers = _named(words), [str(value) for value in message.get_all("Classifier", [])]
    if _is_restricted(classifiers) or (not said and len(words) < _NAME_CHARACTERS and _MORE_THAN_A_NAME.search(words)):
        return None
    if said and said not in _VAGUE:
        return said
    return _from_classifiers(classifiers) or said


def _is_restricted(classifiers: list[str]) -> bool:
    """Whether one of them says that this is no free licence, whatever else is said."""
    return any(value.startswith("License ::") and _RESTRICTED.search(value) for value in classifiers)


def _from_classifiers(classifiers: list[str]) -> str | None:
    """All licences that classifiers name; None where one of them is of no known licence."""
    values = [value.rsplit("::", 1)[-1].strip() for value in classifiers if value.startswith("License ::")]
    named = [_named(value) for value in values if value not in ("OSI Approved", "DFSG approved")]
    return combine("AND", [licence for licence in named if licence]) if all(named) else None


def _from_json(data: Any) -> str | None:
    if not isinstance(data, dict):
        return None
    said = data.get("license", data.get("licenses"))
    parts = said if isinstance(said, list) else [said]
    names = [part.get("type") if isinstance(part, dict) else part for part in parts]
    found = [_named(name) for name in names if isinstance(name, str)]
    return combine("OR", [each for each in found if each]) if all(found) else None


def _from_toml(data: dict[str, Any]) -> str | None:
    tool = data.get("tool")
    for table in (data.get("package"), data.get("project"), tool.get("poetry") if isinstance(tool, dict) else None):
        if not isinstance(table, dict):
            continue
        said = table.get("license")
        if isinstance(said, dict):
            said = said.get("text")
        listed = table.get("classifiers")
        classifiers = [str(value) for value in listed] if isinstance(listed, list) else []
        if _is_restricted(classifiers):
            return None
        if isinstance(said, str) and (found := _named(said)):
            return found
        if found := _from_classifiers(classifiers):
            return found
    return None


def _named(said: str) -> str | None:
    """A name in metadata: an SPDX expression, else a licence's usual name, else its whole text."""
    if expression := declared(said):
        return expression
    if len(said) >= _NAME_CHARACTERS:
        return detect(said)
    if _MORE_THAN_A_NAME.search(said):
        return None
    if _OF_PROJECT.fullmatch(said):
        return "BSD-3-Clause"
    return _several(said) if _BETWEEN_NAMES.search(said) else detect(f"License: {said}")


def _several(said: str) -> str | None:
    """A list of names (`MIT, GPL`, `MIT/Apache`); None where one of them is of no known licence."""
    names = [name.strip(" ()'\".") for name in _BETWEEN_NAMES.split(_LED_BY.sub("", said))]
    names = [name for name in names if name and not _NO_NAME.match(name)]
    if len(names) < 2:
        return detect(f"License: {said}")
    found = [licence_id(name) or detect(f"License: {name}") for name in names]
    if not all(found):
        return None
    return combine("OR" if _CHOICE.search(said) else "AND", [each for each in found if each])


def _governed_folder(path: str) -> str | None:
    """The folder whose files a licence text speaks for; in a wheel that is where the package was built from."""
    folder = path.rpartition("/")[0]
    info = _INFO_FOLDER.match(path)
    if info is None:
        return folder
    inner = folder[len(info[1]) + len(info[2]):].strip("/")
    for prefix in ("licenses", "license_files"):
        if inner == prefix or inner.startswith(f"{prefix}/"):
            inner = inner[len(prefix):].strip("/")
            break
    base = info[1].rstrip("/")
    return f"{base}/{inner}".strip("/") if inner else base


def _upwards(folder: str) -> list[str]:
    places = [folder]
    while folder:
        folder = folder.rpartition("/")[0]
        places.append(folder)
    return places


def _made_precise(own: str, nearest: str) -> str:
    """What a file says, where it says less than the text above it of the same licence does.

    "BSD" without the number of clauses, "GPL" without version, a GNU version without "only" or "or later".
    """
    said = identifiers(nearest)
    if own in ANY_VERSION.values() or own in ("LicenseRef-BSD", *_bare(said)):
        family = own.removeprefix("LicenseRef-").split("-")[0]
        return nearest if all(name.startswith(f"{family}-") for name in said) else own
    clauses = [name for name in said if name.startswith("BSD-")]
    if len(clauses) == 1 and "LicenseRef-BSD" in identifiers(own):
        return own.replace("LicenseRef-BSD", clauses[0])
    return own


def _bare(names: frozenset[str]) -> set[str]:
    return {name.removesuffix("-only").removesuffix("-or-later") for name in names}


def _with_suffix(licence: str, metadata: str | None) -> str:
    """A bare GNU text takes "only" or "or later" from metadata that name the same licence."""
    if metadata in (f"{licence}-only", f"{licence}-or-later"):
        return metadata
    return licence

"""Licences by file: `debian/copyright` and `.reuse/dep5` in the machine-readable format of Debian (DEP-5).

Paragraphs with `Files:` name patterns and a licence by a short name ("GPL-2+ or Expat"); of several that match a file
the last one holds. Paragraphs of `License:` alone hold the words of a licence that others name.
https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
"""

import fnmatch
import re
from dataclasses import dataclass

from maslin.curation.licences.notices import ANY_VERSION
from maslin.curation.licences.spdx import OTHER_TERMS, combine, declared, licence_id

MAX_PARAGRAPHS = 2000
MAX_PATTERNS = 5000
_NAME_CHARACTERS = 500
_FORMAT = re.compile(r"\A\s*Format(?:-Specification)?:[^\n]{0,300}(?:copyright-format|dep5|dep-5|\bDEP\b)", re.I)
_FIELD = re.compile(r"^([A-Za-z][\w-]{0,60}):[ \t]*(.*)$")
_GNU = re.compile(r"(A|L)?GPL(?:[- ]?v?(\d(?:\.\d)?)(?:\.0)?)?(\+)?$", re.I)
_FREE_DOCUMENTATION = re.compile(r"GFDL(?:-NIV)?-(1\.[123])(\+)?$", re.I)
_NAMES = {
    "expat": "MIT", "mit/x11": "MIT", "bsd": "LicenseRef-BSD", "public-domain": "LicenseRef-Public-Domain",
    "pd": "LicenseRef-Public-Domain", "artistic": "Artistic-1.0-Perl", "artistic-1": "Artistic-1.0-Perl",
    "artistic-2": "Artistic-2.0", "apache": "Apache-2.0", "psf": "PSF-2.0", "python": "PSF-2.0", "psf-2": "PSF-2.0",
    "cc0": "CC0-1.0", "ofl": "OFL-1.1", "sil-1.1": "OFL-1.1", "boost": "BSL-1.0", "boost-1.0": "BSL-1.0",
    "perl": "Artistic-1.0-Perl OR GPL-1.0-or-later", "freebsd": "BSD-2-Clause", "bsd-2": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause", "bsd-4": "BSD-4-Clause", "zlib/libpng": "Zlib", "sqlite": "blessing",
}


def is_by_file(path: str) -> bool:
    """Whether a path is where such a file lies."""
    return path.endswith(("debian/copyright", ".reuse/dep5"))


@dataclass(frozen=True)
class LicencesByFile:
    """Patterns and licences in their order; null for a licence that cannot be told."""

    rules: tuple[tuple[re.Pattern[str], str | None], ...]

    def licence_of(self, path: str) -> tuple[bool, str | None]:
        """Whether any pattern holds for a path, as seen from the folder above, and its licence."""
        for pattern, licence in reversed(self.rules):
            if pattern.match(path):
                return True, licence
        return False, None

    def all(self) -> str | None:
        """All licences together, those that cannot be told as other terms; null where none can."""
        licences = [licence or OTHER_TERMS for _, licence in self.rules]
        return None if set(licences) == {OTHER_TERMS} else combine("AND", licences)


def licences_by_file(text: str, of_words: dict[str, str | None]) -> LicencesByFile | None:
    """What a file of this format says; None for another format. `of_words` tells the licences that its own texts are,
    by the short name they stand under; see `words_by_name`.
    """
    if not _FORMAT.match(text):
        return None
    rules: list[tuple[re.Pattern[str], str | None]] = []
    for fields in _paragraphs(text):
        if "files" in fields and "license" in fields:
            name = fields["license"].partition("\n")[0]
            licence = _licence(name, of_words)
            rules += [(_pattern(written), licence) for written in fields["files"].split()]
    return LicencesByFile(tuple(rules[:MAX_PATTERNS])) if rules else None


def words_by_name(text: str) -> dict[str, str]:
    """The words under each short name, in lower case: of paragraphs of their own, else of the first that gives any."""
    found: dict[str, str] = {}
    for fields in _paragraphs(text) if _FORMAT.match(text) else ():
        name, _, words = fields.get("license", "").partition("\n")
        if words.strip():
            found.setdefault(name.strip().lower(), words)
    return found


def _paragraphs(text: str) -> list[dict[str, str]]:
    """The fields of each paragraph by name in lower case, their lines without the space that continues them."""
    paragraphs: list[dict[str, str]] = [{}]
    name = ""
    for line in text.splitlines():
        if not line.strip():
            if paragraphs[-1]:
                paragraphs.append({})
                if len(paragraphs) > MAX_PARAGRAPHS:
                    break
        elif field := _FIELD.match(line):
            name = field[1].lower()
            paragraphs[-1][name] = field[2].strip()
        elif line[0] in " \t" and name in paragraphs[-1]:
            paragraphs[-1][name] += "\n" + ("" if line.strip() == "." else line.strip())
    return paragraphs


def _pattern(written: str) -> re.Pattern[str]:
    """`*` and `?` stand for any characters, `/` among them, as that format has it."""
    name = written[:_NAME_CHARACTERS].removeprefix("./").rstrip(",").replace("[", "[[]")
    return re.compile(fnmatch.translate(re.sub(r"\\([*?\\])", r"[\1]", name)))


def _licence(written: str, of_words: dict[str, str | None]) -> str | None:
    """`GPL-2+ or Artistic-2.0, and Expat` as an SPDX expression: a comma binds less than the word before it."""
    written = re.sub(r"\band/or\b", "or", written.strip(), flags=re.I)
    parts = re.split(r",\s*(and|or)\s+" if "," in written else r"\s+(and|or)\s+", written, flags=re.I)
    if len(parts) == 1:
        return _named(written.strip().rstrip(","), of_words)
    operands = [_licence(part, of_words) for part in parts[::2]]
    if not all(operands):
        return None
    joined = f"({operands[0]})"
    for operator, operand in zip(parts[1::2], operands[1:], strict=True):
        joined += f" {operator.upper()} ({operand})"
    return declared(joined)


def _named(name: str, of_words: dict[str, str | None]) -> str | None:
    bare = re.sub(r" with .{1,80}exceptions?$", "", name, flags=re.I)  # which only adds permissions
    if gnu := _GNU.match(bare):
        family = f"{(gnu[1] or '').upper()}GPL"
        version = gnu[2] and (gnu[2] if "." in gnu[2] else f"{gnu[2]}.0")
        return f"{family}-{version}-{'or-later' if gnu[3] else 'only'}" if version else ANY_VERSION[family]
    if free := _FREE_DOCUMENTATION.match(bare):
        return f"GFDL-{free[1]}-{'or-later' if free[2] else 'only'}"
    known = _NAMES.get(bare.lower()) or licence_id(bare) or licence_id(f"{bare}.0")
    said = of_words.get(name.lower())
    if said and (known is None or known.startswith("LicenseRef-")):
        return said
    return known if known and declared(known) else None

"""Read source code: archives and folders, a document a file, with its language and its licence.

`text` is the file as it stands, `language` the programming language (code_languages), `licence` what LicenceMap finds,
`url` and `origin.file` the archive's name and the path in it, `source_id` the sha256 of the content. An archive is
walked twice: for the licence texts, which may lie behind the code they speak for, then for the code. Nothing is
unpacked.

Dropped, with a ledger row: `empty`, `binary`, `too_large`, `vendored` (other projects' code), and what no person wrote
(machine_made): `generated`, `minified`, `bundled`, `number_table`, `data`.
Dropped and only counted: `not_code`, `licence_text`, `nested_archive`, `link`, `special_file`, `unsafe_path`. Rules of
quality (line lengths, share of letters) are not applied here.
"""

import hashlib
import math
import re
from collections.abc import Iterator, Sequence

from maslin.curation.ingest.code.archives import Broken, Member, MemberError, walk
from maslin.curation.ingest.code.code_languages import by_name, detect
from maslin.curation.ingest.code.machine_made import machine_made
from maslin.curation.ingest.code.source import CodeOptions
from maslin.curation.ingest.decompression import Unreadable
from maslin.curation.ingest.records import (
    Document,
    Dropped,
    Failed,
    Origin,
    Record,
    Split,
    Watch,
    byte_splits,
    split_bytes,
)
from maslin.curation.ingest.web.charset import decode
from maslin.curation.licences.archive import LicenceMap, is_licence_file, is_metadata_file
from maslin.curation.licences.headings import heading_comment
from maslin.manifests.identity import document_id
from maslin.manifests.recipe.inputs import InputFile

_LICENCE_BYTES = 1 << 18  # of a licence or metadata file
_MAX_LICENCE_FILES = 5000

_NESTED = re.compile(
    r"\.(?:zip|whl|jar|war|ear|egg|tar|tgz|tbz2?|txz|gz|bz2|xz|zst|7z|rar|crate|gem|deb|rpm|nupkg|apk)$", re.I,
)
_VENDORED = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|jspm_packages|vendors?|vendored|_vendor|_vendored|third[-_]?party|"
    r"3rd[-_]?party|externals?|extern|ext[-_]?libs?|godeps|\.yarn|pods|site-packages)/", re.I,
)
_CODING = re.compile(rb"^[^\n]*(?:\n[^\n]*)?coding[:=][ \t]*([-\w.]{2,40})")


def splits(inputs: Sequence[InputFile], options: CodeOptions) -> list[Split]:
    """One split an archive, since it is read from its beginning; folders are cut by the bytes of their files."""
    target = split_bytes(inputs)
    found = []
    for file in inputs:
        found += byte_splits([file], target) if file.path.is_dir() else [Split(file, 0, file.bytes, file.bytes)]
    return found


def read(split: Split, options: CodeOptions, watch: Watch) -> Iterator[Record]:
    """The documents of an archive or folder, its drops and failures, in its own order.

    Of a folder, those of the files that begin in the split's bytes, all files laid end to end.
    """
    licences = _licences(split.input)
    is_folder = split.input.path.is_dir()
    end = split.end if split.end < split.input.bytes else math.inf  # empty files may stand at the very end
    for ordinal, item in enumerate(walk(split.input.path)):
        if isinstance(item, Broken):
            place = f"{split.input.name}/{item.path}" if item.path else split.input.name
            record: Record = Dropped("empty_archive") if item.cause == "empty_archive" else Failed(
                item.cause, item.detail, Origin(place))
            yield record
            continue
        if is_folder and not split.start <= item.position < end:
            continue
        watch.reached(item.position - split.start)
        origin = Origin(f"{split.input.name}/{item.path}", item.offset, item.size)
        if not watch.enter(ordinal):
            yield Failed("worker_died", "reading this file ended the process", origin)
            continue
        try:
            yield _record(split.input.name, item, origin, options, licences)
        except MemberError as error:
            yield Failed("damaged_member", str(error), origin)
        except Unreadable as ended:
            yield Failed(ended.cause, str(ended), origin)
            return


def _licences(source: InputFile) -> LicenceMap:
    """The licence texts and metadata of an archive; damage is told when the code is read."""
    found = LicenceMap()
    number = 0
    for item in walk(source.path):
        if not isinstance(item, Member) or item.kind != "file" or number >= _MAX_LICENCE_FILES:
            continue
        if is_licence_file(item.path) or is_metadata_file(item.path):
            number += 1
            try:
                found.add(item.path, decode(item.read(_LICENCE_BYTES)).text)
            except MemberError:
                continue
            except Unreadable:
                break
    return found


def _record(archive: str, member: Member, origin: Origin, options: CodeOptions, licences: LicenceMap) -> Record:
    path = member.path
    if member.kind != "file":
        return Dropped("special_file" if member.kind == "special" else member.kind)
    if _NESTED.search(path):
        return Dropped("nested_archive")
    if is_licence_file(path):
        return Dropped("licence_text")
    if by_name(path) is None:
        return Dropped("not_code")
    content = member.read(options.max_file_bytes + 1)
    language = detect(path, content)
    if language is None:
        return Dropped("not_code")
    content_id = hashlib.sha256(content).hexdigest()
    identity = document_id("code", archive, path, content_id)
    where = f"{archive}/{path}"
    if len(content) > options.max_file_bytes:
        return Dropped("too_large", identity, where, float(member.size), float(options.max_file_bytes), ">")
    if b"\0" in content[:8192] and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return Dropped("binary", identity, where)
    coding = _CODING.match(content)
    decoded = decode(content, f"charset={coding[1].decode('ascii', 'replace')}" if coding else "")
    text = decoded.text
    if not text.strip():
        return Dropped("empty", identity, where)
    if text.count("\ufffd") * 20 > len(text):
        return Dropped("binary", identity, where)
    if _VENDORED.search(path):
        return Dropped("vendored", identity, where, text=text)
    head = heading_comment(text)
    if made := machine_made(path, language, content, text, head):
        return Dropped(made.cause, identity, where, made.value, made.threshold, made.op, text)
    return Document(
        id=identity, text=text, origin=origin, url=where, source_id=content_id, language=language,
        licence=licences.licence_of(path, head), notes=() if decoded.encoding in ("utf-8", "ascii") else ("not_utf8",),
    )


import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.ingest import decompression
from maslin.curation.ingest.code import archives
from maslin.curation.ingest.code.archives import Broken, Member, MemberError, safe_path, walk
from maslin.curation.ingest.decompression import Unreadable

FILES = {"a/b.py": b"x = 1\n", "a/empty": b"", "c.txt": b"c" * 5000, "long/" + "n" * 150 + "/é.py": b"long\n"}


def tar_bytes(files: dict[str, bytes] = FILES, format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zip_bytes(files: dict[str, bytes] = FILES) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def contents(path: Path, limit: int = 1 << 20) -> list[tuple[str, object]]:
    """What a walk gives: (path, data), or (cause, None) for damage."""
    out: list[tuple[str, object]] = []
    for item in walk(path):
        if isinstance(item, Broken):
            out.append((item.cause, None))
            continue
        try:
            out.append((item.path, item.read(limit) if item.kind == "file" else item.kind))
        except MemberError:
            out.append((item.path, "member error"))
        except Unreadable as ended:
            out.append((ended.cause, None))
            break
    return out


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("pack", [
    bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress,
    lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:]),
])
def test_tars_of_every_compression_give_their_files(tmp_path: Path, pack,
                                                    format: int) -> None:  # type: ignore[no-untyped-def]
    path = put(tmp_path / "whatever", pack(tar_bytes(format=format)))
    assert contents(path) == list(FILES.items())


def test_zip_and_folder_give_the_same(tmp_path: Path) -> None:
    assert contents(put(tmp_path / "x.whl", zip_bytes())) == list(FILES.items())
    for name, data in FILES.items():
        target = tmp_path / "folder" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    os.symlink("/etc/passwd", tmp_path / "folder" / "link.py")
    assert contents(tmp_path / "folder") == sorted(FILES.items())


def test_what_is_not_read_is_passed_over_and_reads_are_bounded(tmp_path: Path) -> None:
    path = put(tmp_path / "x.tar.gz", gzip.compress(tar_bytes()))
    members = [item for item in walk(path) if isinstance(item, Member)]
    assert [item.path for item in members] == list(FILES)
    assert contents(path, limit=3)[2] == ("c.txt", b"ccc")
    raw = tar_bytes()
    assert raw[members[2].offset:][: members[2].size] == FILES["c.txt"]


@pytest.mark.parametrize(("name", "expected"), [
    ("a/b", "a/b"), ("./a//b", "a/b"), ("a\\b", "a/b"), ("../a", None), ("a/../../b", None), ("/etc/passwd", None),
    ("C:/a", None), ("a\0b", None), ("", None), ("..\\a", None), ("a" * 5000, None),
])
def test_paths_that_leave_the_archive_are_told(name: str, expected: str | None) -> None:
    assert safe_path(name) == expected


def test_names_that_leave_links_and_devices_are_named_not_followed(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
        for name, kind in zip("lhdf", kinds, strict=True):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("../evil.py"))
        archive.addfile(tarfile.TarInfo("ok.py"))
    path = put(tmp_path / "x.tar", out.getvalue())
    assert [(item.path, item.kind) for item in walk(path) if isinstance(item, Member)] == [
        ("l", "link"), ("h", "link"), ("d", "special"), ("f", "special"), ("../evil.py", "unsafe_path"),
        ("ok.py", "file"),
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("../evil.py", "x")
        link = zipfile.ZipInfo("l.py")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    path = put(tmp_path / "x.zip", out.getvalue())
    assert [(m.path, m.kind) for m in walk(path) if isinstance(m, Member)] == [
        ("../evil.py", "unsafe_path"), ("l.py", "link"),
    ]
    assert sorted(os.listdir(tmp_path)) == ["x.tar", "x.zip"]


@pytest.mark.parametrize(("data", "expected"), [
    (b"", "empty_archive"), (bytes(10240), "empty_archive"), (zip_bytes({}), None), (b"hello world", "not_an_archive"),
    (b"x" * 2000, "not_an_archive"), (gzip.compress(b"just text, no tar" * 100), "not_an_archive"),
    (b"PK\x03\x04" + b"junk" * 100, "damaged_archive"), (b"\x1f\x8bjunk", "truncated"),
])
def test_files_that_are_no_archives(tmp_path: Path, data: bytes, expected: str | None) -> None:
    assert [cause for cause, _ in contents(put(tmp_path / "x", data))] == ([expected] if expected else [])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_archives_cut_short_keep_what_came_before(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    noise = {f"{n}.py": bytes(os.urandom(2000)) for n in range(200)}
    data = pack(tar_bytes(noise))
    found = contents(put(tmp_path / "x", data[: len(data) * 2 // 3 + 77]))
    assert found[-1] == ("truncated", None)
    assert found[:-1] == list(noise.items())[: len(found) - 1]
    passed = [item for item in walk(tmp_path / "x") if isinstance(item, Broken)]
    assert [item.cause for item in passed] == ["truncated"]


def test_a_damaged_header_costs_its_file(tmp_path: Path) -> None:
    data = bytearray(tar_bytes({"a": b"1", "b": b"2", "c": b"3"}, tarfile.GNU_FORMAT))
    data[1024 + 5] ^= 0xFF
    assert contents(put(tmp_path / "x", bytes(data))) == [("a", b"1"), ("damaged_archive", None), ("c", b"3")]


def test_a_damaged_member_of_a_zip_costs_itself(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"a": b"1" * 100, "b": os.urandom(100), "c": b"3"}))
    place = data.index(b"b", 30) + 20
    data[place:place + 20] = bytes(20)
    found = dict(contents(put(tmp_path / "x", bytes(data))))
    assert found["b"] == "member error" and found["c"] == b"3"


def test_a_member_of_a_zip_with_no_name_costs_itself(tmp_path: Path) -> None:
    """Found by fuzzing: a name that begins with NUL is read as none."""
    data = zip_bytes({"none.txt": b"x", "a.txt": b"y"}).replace(b"none.txt", b"\0one.txt")
    members = walk(put(tmp_path / "a.zip", data))
    nameless, named = next(members), next(members)
    assert isinstance(nameless, Member) and nameless.kind == "unsafe_path"
    assert isinstance(named, Member) and (named.path, named.read(10)) == ("a.txt", b"y")
    assert next(members, None) is None


def test_bombs_stop_at_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompression, "FREE_BYTES", 1 << 20)
    monkeypatch.setattr(decompression, "MAX_EXPANSION", 10)
    bomb = {"a.py": b"x", "bomb.py": bytes(30 << 20), "after.py": b"y"}
    many = {f"{n}.py": bytes(1 << 20) for n in range(9)}
    for data in (gzip.compress(tar_bytes(bomb)), zip_bytes(many)):
        found = contents(put(tmp_path / "x", data))
        assert found[-1] == ("archive_bomb", None) and "after.py" not in dict(found)


def test_lying_headers_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 5 << 30
    path = put(tmp_path / "x", info.tobuf() + bytes(4096))
    assert contents(path) == [("damaged_archive", None)]
    monkeypatch.setattr(archives, "MAX_ZIP_DIRECTORY", 100)
    assert contents(put(tmp_path / "z", zip_bytes())) == [("archive_bomb", None)]
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    assert [name for name, _ in contents(put(tmp_path / "t", tar_bytes()))][2:] == ["too_many_members"]


def test_encrypted_members_are_member_errors(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"a.py": b"x"}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    assert contents(put(tmp_path / "x", bytes(data))) == [("a.py", "member error")]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipped_bytes_never_raise(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([tar_bytes(), gzip.compress(tar_bytes()), zip_bytes()])))
    for place, value in data.draw(st.lists(st.tuples(st.integers(4, len(raw) - 1), st.integers(0, 255)), max_size=8)):
        raw[place] = value
    path = tmp_path_factory.getbasetemp() / "flipped"
    path.write_bytes(bytes(raw))
    contents(path)

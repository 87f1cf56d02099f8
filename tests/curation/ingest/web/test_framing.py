import gzip
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.ingest.web import framing
from maslin.curation.ingest.web.framing import ArchiveFile, Damage
from tests.curation.web_archives import gzipped, http, page, pages, record
from tests.shared_data import shared_data


def walk(path, content, number_of_ranges=1, keep=1 << 20):
    path.write_bytes(content)
    with ArchiveFile(path) as archive:
        edges = [archive.size * index // number_of_ranges for index in range(number_of_ranges + 1)]
        if number_of_ranges == 1:
            edges = [0, max(1, archive.size)]
        return [item for start, end in pairwise(edges) for item in archive.frames(start, end, keep)]


def shape(items):
    """A letter for each frame (its page's number) or the cause of damage."""
    return [item.cause if isinstance(item,
                                     Damage) else item.head.split(b"URI: http://a.test/")[1].split(b"\r")[0].decode()
            for item in items]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.warc.gz"


@pytest.mark.parametrize("ranges", [1, 2, 3, 7, 50])
def test_every_record_once_however_the_file_is_cut(path, ranges):
    assert shape(walk(path, gzipped(*pages(9)), ranges)) == [str(number) for number in range(9)]


@pytest.mark.parametrize("content", [
    b"".join(pages(3)), gzip.compress(b"".join(pages(3))), gzipped(*pages(3)), b"\r\n" + b"".join(pages(3)),
    gzipped(pages(2)[0]) + gzip.compress(b"".join(pages(3)[1:])),
], ids=["plain", "one member", "a member a record", "leading line end", "mixed"])
def test_ways_to_store_records(path, content):
    assert shape(walk(path, content)) == ["0", "1", "2"]


@pytest.mark.parametrize("ranges", [1, 5])
def test_records_that_span_members(path, ranges):
    """Block-compressed files: members end anywhere."""
    data = b"".join(pages(20))
    blocks = [data[start:start + 700] for start in range(0, len(data), 700)]
    assert shape(walk(path, gzipped(*blocks), ranges)) == [str(number) for number in range(20)]


def test_offsets_and_lengths_give_the_raw_record_again(path):
    content = gzipped(*pages(4))
    for frame, expected in zip(walk(path, content), pages(4), strict=True):
        assert gzip.decompress(content[frame.offset:frame.offset + frame.length]) == expected


def damaged(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1:]


FIRST, SECOND, THIRD = pages(3)
MEMBER = len(gzipped(FIRST))


@pytest.mark.parametrize("content, expected", [
    (damaged(gzipped(FIRST, SECOND, THIRD), MEMBER + 60), ["0", "damaged_record", "2"]),
    (damaged(gzipped(FIRST, SECOND, THIRD), MEMBER - 6), ["damaged_record", "1", "2"]),  # its check sum
    (damaged(gzipped(FIRST, SECOND, THIRD), 0), ["damaged_record", "1", "2"]),
    (damaged(gzipped(FIRST, SECOND, THIRD), MEMBER), ["0", "damaged_record", "2"]),  # its signature
    (gzipped(FIRST) + b"garbage" * 9 + gzipped(SECOND), ["0", "damaged_record", "1"]),
    (gzipped(FIRST, SECOND)[:-30], ["0", "truncated"]),
    (gzipped(FIRST, SECOND)[:-4], ["0", "truncated"]),
    (gzipped(FIRST, SECOND)[:MEMBER + 5], ["0", "truncated"]),
    (b"", ["empty_file"]),
    (b"hello, this is no archive\n" * 50, ["not_warc"]),
    (gzip.compress(b"hello, this is no archive"), ["not_warc"]),
    (b"\x28\xb5\x2f\xfd" + bytes(20), ["not_warc"]),
    (FIRST + SECOND[:-200], ["0", "truncated"]),
    (FIRST + b"garbage\n" + SECOND + THIRD, ["damaged_record", "1", "2"]),  # the first may have lost its end
    (gzipped(record(http(page()), "http://a.test/x", length=99999), SECOND), ["damaged_record", "1"]),
    (gzipped(record(http(page()), "http://a.test/x", length=9), SECOND), ["damaged_record", "1"]),
    (gzipped(record(http(page()), "http://a.test/x", length="-4"), SECOND), ["damaged_record", "1"]),
    (gzipped(record(http(page()), "http://a.test/x", length=10**17), SECOND), ["damaged_record", "1"]),
    (record(http(page()), "http://a.test/x", length=300) + SECOND, ["damaged_record", "1"]),
    (gzipped(b"WARC/1.0\r\n" + b"X: y\r\n" * 20_000, SECOND), ["damaged_record", "1"]),
])
def test_damage_is_one_failure_and_reading_goes_on(path, content, expected):
    found = shape(walk(path, content))
    assert [item if item != "not_warc" or expected == ["not_warc"] else "damaged_record" for item in found] == expected


def test_damage_at_the_edge_of_a_range_is_reported_once(path):
    content = gzipped(FIRST) + b"garbage" * 9 + gzipped(SECOND)
    path.write_bytes(content)
    for edge in range(1, len(content)):
        with ArchiveFile(path) as archive:
            items = [*archive.frames(0, edge, 1 << 20), *archive.frames(edge, len(content), 1 << 20)]
        assert sorted(shape(items)) == ["0", "1", "damaged_record"], edge


def test_a_bomb_is_neither_held_nor_decompressed(path, monkeypatch):
    monkeypatch.setattr(framing, "_MAX_SKIP_BYTES", 2 << 20)
    bomb = record(http(b"a" * 8_000_000), "http://a.test/bomb")
    items = walk(path, gzipped(FIRST, bomb, SECOND), keep=1000)
    assert shape(items) == ["0", "bomb", "1"]
    assert len(items[1].block) == 1000 and items[1].block_length > 8_000_000 and items[1].length is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_leaves_the_other_members_readable(tmp_path_factory, data):
    content = bytearray(gzipped(*pages(4)))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    items = walk(tmp_path_factory.mktemp("w") / "a.warc.gz", bytes(content), data.draw(st.integers(1, 4)))
    read = {item.head.split(b"a.test/")[1][:1] for item in items if not isinstance(item, Damage)}
    assert len(read) >= 3


@pytest.mark.parametrize("name, records", [("example.arc.gz", 2), ("iana-revisits.warc.gz", 343)])
def test_real_archives(name, records):
    path = shared_data(f"warc/{name}")
    with ArchiveFile(path) as archive:
        items = list(archive.frames(0, archive.size, 1 << 20))
    assert len(items) == records and not any(isinstance(item, Damage) for item in items)

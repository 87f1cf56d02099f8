import contextlib
import gzip
import time
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.ingest.web.body import BadBody, HttpMessage, TooLarge, decoded_body, parse_http

LIMIT = 1 << 16
TEXT = b"<p>words and more words</p>" * 50


def deflate_bare(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


ENCODERS = {
    "gzip": gzip.compress, "deflate": zlib.compress, "Deflate": deflate_bare, "br": brotli.compress,
    "zstd": zstandard.compress, "identity": bytes, "utf-8": bytes, "gzip;q=1.0": gzip.compress, '"gzip"': gzip.compress,
}


def message(body: bytes, **headers: str) -> HttpMessage:
    return HttpMessage(200, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def chunked(data: bytes, size: int = 100) -> bytes:
    pieces = [data[start:start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x;note=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("name", ENCODERS)
def test_content_encodings(name):
    assert decoded_body(message(ENCODERS[name](TEXT), content_encoding=name), LIMIT) == TEXT


def test_gzip_that_is_called_deflate():
    assert decoded_body(message(gzip.compress(TEXT), content_encoding="deflate"), LIMIT) == TEXT


@pytest.mark.parametrize("name", ["gzip", "br", "zstd", "deflate"])
def test_body_stored_decoded_under_unchanged_headers(name):
    assert decoded_body(message(TEXT, content_encoding=name, transfer_encoding="chunked"), LIMIT) == TEXT


@pytest.mark.parametrize("name", ["gzip", "deflate", "Deflate", "br", "zstd"])
def test_body_that_breaks_off(name):
    with pytest.raises(BadBody):
        decoded_body(message(ENCODERS[name](bytes(range(256)) * 20)[:-10], content_encoding=name), LIMIT)


@pytest.mark.parametrize("name", ["gzip", "deflate", "Deflate", "br", "zstd"])
def test_bomb_stops_at_the_bound(name):
    bomb = ENCODERS[name](b"a" * 50_000_000)
    with pytest.raises(TooLarge) as stopped:
        decoded_body(message(bomb, content_encoding=name), LIMIT)
    assert stopped.value.args[0] <= 34_000_000 if name == "zstd" else stopped.value.args[0] < 10_000_000


def test_several_encodings_and_chunks():
    body = chunked(brotli.compress(gzip.compress(TEXT)))
    headers = {"content_encoding": "gzip, br", "transfer_encoding": "chunked"}
    assert decoded_body(message(body, **headers), LIMIT) == TEXT


@given(st.binary(max_size=500), st.integers(1, 60))
def test_chunks_come_back(data, size):
    assert decoded_body(message(chunked(data, size), transfer_encoding="chunked"), LIMIT) == data


def test_chunked_body_cut_short_gives_what_is_there():
    assert decoded_body(message(chunked(TEXT)[:250], transfer_encoding="chunked"), LIMIT) == TEXT[:213]


@pytest.mark.parametrize("body, expected", [
    (b"a\r\n<p>one</p>\r\n\r\n0\r\n\r\n", b"<p>one</p>"),  # a stray line end before the last chunk
    (b"a\n<p>one</p>\n0\n\n", b"<p>one</p>"),
    (b"A ; x=y\r\n<p>one</p>\r\n5\r\nthree\r\n000\r\nTrailer: x\r\n\r\n", b"<p>one</p>three"),
    (b"a\r\n<p>one</p>\r\n5\r\nthree", b"<p>one</p>three"),  # no last chunk
    (b"a\r\n<p>one</p>\r\n", b"<p>one</p>"), (b"a\r\n<p>one</p>\r\n76", b"<p>one</p>"),  # a size that breaks off
    (b"a\r\n<p>one</p>\r\nff\r\nthr", b"<p>one</p>thr"), (b"a\r\n<p>on", b"<p>on"),
    (b"a\r\n<p>one</p>\r\nxyz\r\nthree\r\n0\r\n\r\n", b"<p>one</p>three"),  # no size where one should be
    (b"8\r\n<p>one</p>\r\n5\r\nthree\r\n0\r\n\r\n", b"<p>one</p>three"),  # too small, or too large
    (b"d\r\n<p>one</p>\r\n5\r\nthree\r\n0\r\n\r\n", b"<p>one</p>three"),
    (b"fff\r\n<p>one</p>\r\n5\r\nthree\r\n0\r\n\r\n", b"<p>one</p>three"),
    (b"a\r\n<p>one</p>5\r\nthree0\r\n\r\n", b"<p>one</p>three"),  # no line ends after data
    (b"<p>no chunks</p>", b"<p>no chunks</p>"), (b"12\n<p>no chunks</p>, and more", b"12\n<p>no chunks</p>, and more"),
    (b"0\r\n\r\n", b""), (b"", b""),
])
def test_chunks_that_are_not_as_they_say(body, expected):
    assert decoded_body(message(body, transfer_encoding="chunked"), LIMIT) == expected


def test_transfer_encodings_are_taken_off_from_the_last():
    body = chunked(gzip.compress(TEXT))
    assert decoded_body(message(body, transfer_encoding="gzip, chunked"), LIMIT) == TEXT


@pytest.mark.parametrize("body", [
    b"5\r\nxxx\r\n" * 20_000, b"1\r\nx\r\nz\r\n" * 20_000, b"a\r\n" + b"\r\n" * 60_000 + b"x", b"\r\n3" * 50_000,
    b"a\r\n<p>one</p>" + b" " * 100_000 + b"x",
])
def test_made_up_chunks_take_no_time(body):
    began = time.process_time()
    decoded_body(message(body, transfer_encoding="chunked"), 1 << 20)
    assert time.process_time() - began < 1


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, gzip"]))
def test_any_bytes_decode_or_fail_in_words(data, name):
    with contextlib.suppress(BadBody, TooLarge):
        assert len(decoded_body(message(data, content_encoding=name, transfer_encoding="chunked"), LIMIT)) <= LIMIT


@pytest.mark.parametrize("block, status, headers, body", [
    (b"HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\n\r\nx", 200, {"a": "1, 2"}, b"x"),
    (b"HTTP/1.0 404\nB: c\n\ny", 404, {"b": "c"}, b"y"),
    (b"HTTP/2 200\r\nno colon\r\n\r\n", 200, {}, b""),
    (b"HTTP/1.1 200 OK\r\nA: 1", 200, {"a": "1"}, b""),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n\r\nx", 200, {"a": "1"}, b"x"),
    (b"HTTP/1.1 103 Hints\r\nB: 2\r\n\r\nHTTP/1.1 102 P\n\nHTTP/1.1 404 No\r\nA: 1\r\n\r\n", 404, {"a": "1"}, b""),
    (b"HTTP/1.0 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", 200, {}, b"x"),
    (b"HTTP/1.1 100 Continue\r\n\r\nx", 100, {}, b"x"),  # nothing follows
    (b"HTTP/1.1 100 Continue\r\n\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", 200, {}, b"x"),
    (b"\r\nHTTP/1.1 200 OK\r\n\r\nx", 200, {}, b"x"), (b"ICY 200 OK\r\n\r\nx", 200, {}, b"x"),
    (b"http/1.1 200 OK\r\n\r\nx", 200, {}, b"x"), (b"HTTP 200 OK\r\n\r\nx", 200, {}, b"x"),
    (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", 200, {}, b"HTTP/1.1 200 OK\r\n\r\nx"),  # a page about HTTP
    (b"HTTP/1.1 200 OK\r\nA: 1;\r\n  b=2\r\nC: 3\r\n\r\n", 200, {"a": "1; b=2", "c": "3"}, b""),
])
def test_parse_http(block, status, headers, body):
    assert parse_http(block) == HttpMessage(status, headers, body)


@pytest.mark.parametrize("block", [b"", b"<html>", b"HTTP/1.1 OK", b"HTTP/1.1 2000"])
def test_not_http(block):
    assert parse_http(block) is None

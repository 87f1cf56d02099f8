import contextlib
import gzip
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
    "zstd": zstandard.compress, "identity": bytes, "utf-8": bytes,
}


def message(body: bytes, **headers: str) -> HttpMessage:
    return HttpMessage(200, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def chunked(data: bytes, size: int = 100) -> bytes:
    pieces = [data[start:start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x;note=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("name", ENCODERS)
def test_content_encodings(name):
    assert decoded_body(message(ENCODERS[name](TEXT), content_encoding=name), LIMIT) == TEXT


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


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, gzip"]))
def test_any_bytes_decode_or_fail_in_words(data, name):
    with contextlib.suppress(BadBody, TooLarge):
        assert len(decoded_body(message(data, content_encoding=name, transfer_encoding="chunked"), LIMIT)) <= LIMIT


@pytest.mark.parametrize("block, status, headers, body", [
    (b"HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\n\r\nx", 200, {"a": "1, 2"}, b"x"),
    (b"HTTP/1.0 404\nB: c\n\ny", 404, {"b": "c"}, b"y"),
    (b"HTTP/2 200\r\nno colon\r\n\r\n", 200, {}, b""),
    (b"HTTP/1.1 200 OK\r\nA: 1", 200, {"a": "1"}, b""),
])
def test_parse_http(block, status, headers, body):
    assert parse_http(block) == HttpMessage(status, headers, body)


@pytest.mark.parametrize("block", [b"", b"<html>", b"HTTP/1.1 OK", b"HTTP/1.1 2000"])
def test_not_http(block):
    assert parse_http(block) is None

"""Small web archives for tests."""

import gzip
from pathlib import Path

from maslin.manifests.recipe.inputs import InputFile

LINE = "Mary had a little lamb, and everywhere that Mary went the lamb was sure to go. "


def page(text: str = LINE, title: str = "A page") -> bytes:
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title></head><body><div><div><div><div><h1>{title}</h1>"
        f"<p>{text}</p></div></div></div></div></body></html>"
    ).encode()


def http(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    fields = {"Content-Type": "text/html"} | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def record(
    block: bytes, uri: str = "http://a.test/", type: str = "response", length: int | str | None = None, **headers: str
) -> bytes:
    fields = {
        "WARC-Type": type, "WARC-Record-ID": f"<urn:test:{uri}>", "WARC-Date": "2026-01-02T03:04:05Z",
        "WARC-Target-URI": uri, "Content-Length": str(len(block) if length is None else length),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def pages(number: int) -> list[bytes]:
    return [record(http(page(f"{LINE}Verse {index}.")), f"http://a.test/{index}") for index in range(number)]


def gzipped(*records: bytes) -> bytes:
    """A member a record."""
    return b"".join(gzip.compress(data, mtime=0) for data in records)


def input_file(path: Path, content: bytes) -> InputFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return InputFile(path.name, path, len(content), "digest")

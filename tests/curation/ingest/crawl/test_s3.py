"""A crawl in a bucket of S3 that anybody may read, from a server of S3's own protocol: anonymous, by ranges."""

import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from maslin.manifests.recipe.crawls import Crawl, Selection
from tests.curation.ingest.crawl.small_crawl import CRAWL, write_crawl, write_index
from tests.curation.ingest.crawl.test_read import build, files

pytest.importorskip("moto", reason="moto, of the dev packages, serves S3")
pytestmark = pytest.mark.slow
START_SECONDS = 90


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The address of a bucket with a crawl in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}/crawls/"
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                put(port, "/crawls", b"")
                break
            except OSError:
                if time.monotonic() > until or server.poll() is not None:
                    raise
                time.sleep(0.2)
        folder = tmp_path_factory.mktemp("crawl")
        write_crawl(folder)
        write_index(folder)
        for path in filter(Path.is_file, folder.rglob("*")):
            put(port, quote(f"/crawls/{path.relative_to(folder).as_posix()}"), path.read_bytes())
        yield base, folder
    finally:
        server.kill()
        server.wait()


def put(port: int, path: str, content: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("PUT", path, content, {"x-amz-acl": "public-read"})
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize("select", [None, Selection(languages=("eng",))], ids=["all", "selected"])
def test_the_bytes_of_a_bucket_are_those_of_a_folder(bucket, tmp_path, select):
    base, folder = bucket
    read = [build(tmp_path / name, Crawl(CRAWL, 1.0, base=where, select=select, requests_per_second=1000))
            for name, where in (("bucket", base), ("folder", str(folder)))]
    assert files(read[0]) == files(read[1]) and read[0].complete and read[0].counts.kept

"""Downloads from a server that misbehaves: every byte once, or a named reason why not."""

import pytest

from maslin.manifests.remote import client as client_module
from maslin.manifests.remote.client import Client, NotHad, wait_seconds
from maslin.manifests.remote.download import Download, fetch
from maslin.manifests.remote.pace import Pace
from tests.crawl_server import serving

CONTENT = bytes(range(256)) * 12_000  # 3 MB


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setattr(client_module, "FIRST_WAIT_SECONDS", 0.001)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served/a.bin").write_bytes(CONTENT)
    with serving(tmp_path / "served") as server:
        yield server


@pytest.fixture
def client():
    client = Client(Pace(1000), "https://example.org/bot")
    yield client
    client.close()


def got(client, server, path, name="a.bin"):
    fetch(client, server.base + name, path)
    assert not list(path.parent.glob("*.part*"))
    return path.read_bytes()


def test_a_file_as_it_is_by_an_agent_that_says_who_it_is(client, server, tmp_path):
    assert got(client, server, tmp_path / "x") == CONTENT
    ((_, headers),) = server.heads
    assert headers["User-Agent"].startswith("maslin/") and "(https://example.org/bot)" in headers["User-Agent"]
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)


@pytest.mark.parametrize("befalls", [
    {"cut": {"a.bin": (1_100_000, 2)}}, {"cut": {"": (0, 5)}}, {"refused": {"a.bin": (503, 5)}},
    {"refused": {"": (429, 3)}, "retry_after": 0}, {"refused": {"a.bin": (403, 2)}},
    {"cut": {"a.bin": (1_100_000, 2)}, "no_ranges": True}, {"cut": {"a.bin": (1_100_000, 2)}, "no_validator": True},
    {"no_length": True}, {"redirects": {"b.bin": "/a.bin"}},
], ids=str)
def test_what_passes_costs_no_byte(client, server, tmp_path, befalls):
    for name, value in befalls.items():
        setattr(server.faults, name, value)
    assert got(client, server, tmp_path / "x", "b.bin" if "redirects" in befalls else "a.bin") == CONTENT
    if "cut" in befalls and not befalls.get("no_ranges"):
        assert server.sent == len(CONTENT)  # nothing twice


@pytest.mark.parametrize("befalls, cause", [
    ({"refused": {"": (404, -1)}}, "HTTP 404"), ({"refused": {"": (503, -1)}}, "HTTP 503"),
    ({"cut": {"": (1000, -1)}}, "cut off"), ({"says_length": {"a.bin": len(CONTENT) + 5}}, "wrong length"),
    ({"redirects": {"a.bin": "/a.bin"}}, "redirects"), ({"redirects": {"a.bin": "file:///etc/passwd"}}, "bad redirect"),
    ({"redirects": {"a.bin": "http://[/"}}, "bad redirect"),
], ids=str)
def test_what_stays_has_a_name(client, server, tmp_path, befalls, cause):
    for name, value in befalls.items():
        setattr(server.faults, name, value)
    with pytest.raises(NotHad) as error:
        got(client, server, tmp_path / "x")
    assert error.value.cause == cause and not (tmp_path / "x").exists()
    assert sum(server.asked.values()) <= client_module.TRIES + 1


def begun(client, server, tmp_path, number=1_500_000):
    """A download that is left as a killed one would be."""
    with Download(client, server.base + "a.bin", tmp_path / "x") as download:
        download.upto(number)
        assert number <= download.had < len(CONTENT)
        return download.had


def test_a_killed_download_goes_on_where_it_was(client, server, tmp_path):
    had = begun(client, server, tmp_path)
    with Download(client, server.base + "a.bin", tmp_path / "x") as download:
        assert download.had == had and download.length == len(CONTENT)
        download.upto(len(CONTENT))
    assert (tmp_path / "x").read_bytes() == CONTENT and server.heads[-1][1]["Range"] == f"bytes={had}-"
    before = sum(server.asked.values())
    with Download(client, server.base + "a.bin", tmp_path / "x") as download:  # whole: nobody is asked
        download.upto(len(CONTENT))
    assert sum(server.asked.values()) == before


def test_of_a_file_that_changed_nothing_is_kept(client, server, tmp_path):
    begun(client, server, tmp_path)
    (tmp_path / "served/a.bin").write_bytes(b"another")
    with Download(client, server.base + "a.bin", tmp_path / "x") as download:
        download.upto(7)
    assert (tmp_path / "x").read_bytes() == b"another"


def test_a_file_that_changes_while_it_is_read_is_not_had(client, server, tmp_path):
    with Download(client, server.base + "a.bin", tmp_path / "x") as download:
        server.faults.cut = {"": (0, 1)}
        download.upto(1)
        client.close()
        download._answer = None
        (tmp_path / "served/a.bin").write_bytes(b"another" * 10)
        with pytest.raises(NotHad, match="changed while it was read"):
            download.upto(len(CONTENT))


def test_a_server_that_gives_without_end_is_left(client, server, tmp_path):
    server.faults.no_length = True
    with pytest.raises(NotHad, match="more than 1,000,000"), Download(
            client, server.base + "a.bin", tmp_path / "x", most_bytes=1_000_000) as download:
        download.upto(1 << 40)


def test_parts_and_lengths(client, server):
    assert client.part(server.base + "a.bin", 255, 259) == b"\xff\x00\x01\x02"
    assert client.length(server.base + "a.bin") == len(CONTENT)
    server.faults.no_ranges = True
    with pytest.raises(NotHad, match="no parts of files"):
        client.part(server.base + "a.bin", 255, 259)


def test_a_connection_serves_several_requests(client, server):
    for start in range(5):
        client.part(server.base + "a.bin", start, start + 1)
    assert server.connections == 1


@pytest.mark.parametrize("number", range(1, 9))
def test_waits_grow_and_differ_by_address(number):
    waits = {wait_seconds(f"https://a.test/{each}", number) for each in range(50)}
    grown = min(60.0, client_module.FIRST_WAIT_SECONDS * 2 ** (number - 1))
    assert len(waits) == 50 and all(grown / 2 <= wait <= 1.5 * grown for wait in waits)
    assert wait_seconds("https://a.test/", number) == wait_seconds("https://a.test/", number)
    assert wait_seconds("https://a.test/", number, 40.0) >= 40 and wait_seconds("x", number, 1e9) <= 300


def test_from_the_open_net_no_redirect_leads_inside():
    for target in ("http://127.0.0.1/x", "http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://10.0.0.7/"):
        with pytest.raises(NotHad, match="which is inside"):
            client_module._checked_redirect("http://8.8.8.8/", "http://8.8.8.8/", target)
    with pytest.raises(NotHad, match="not followed"):
        client_module._checked_redirect("https://8.8.8.8/", "https://8.8.8.8/", "http://8.8.4.4/")

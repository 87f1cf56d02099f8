"""The demo's inputs: a crawl as crawlers record it; each source fails alone; what is there is checked, not fetched."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from maslin.curation.wheels import Wheel, WheelError
from maslin.flows.demo import demo_crawl, demo_inputs
from maslin.flows.demo.demo_crawl import Site, crawl
from maslin.flows.demo.demo_inputs import DemoInputs, demo_recipe, prepare
from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.reading import read_recipe

PAGE = b'<html><link rel=stylesheet href=s.css><a href="b.html?q=1#top">b</a> <a href="//other.test/">o</a>'
LINKS = b"<a href=gone.html><a href='http://[bad'>"
README = "Name: a<b\nVersion: 1\nDescription-Content-Type: text/markdown\n\n# Title\n\nProse of é.\n".encode()
SITE = Site("a.docs.test", {"/index.html": PAGE, "/b.html": LINKS, "/s.css": b"p{}"}, ("/index.html",))


def records(path: Path) -> list[tuple[str, str | None, object]]:
    with open(path, "rb") as handle:
        return [
            (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), (record, record.raw_stream.read()))
            for record in ArchiveIterator(handle, check_digests="raise")
        ]


def test_crawl_records_pairs_follows_links_and_stays_on_its_sites(tmp_path: Path) -> None:
    done = crawl([SITE], tmp_path / "c.warc.gz", 100)
    kinds = records(tmp_path / "c.warc.gz")
    assert kinds[0][0] == "warcinfo"
    asked = [url for kind, url, _ in kinds if kind == "request"]
    answered = [url for kind, url, _ in kinds if kind == "response"]
    names = ("index.html", "s.css", "b.html", "gone.html")
    assert asked == answered == [f"http://a.docs.test/{name}" for name in names]
    assert (done.responses, done.pages, done.failed) == (4, 2, 0)


def test_crawl_keeps_the_bytes_status_and_address_of_each_answer(tmp_path: Path) -> None:
    crawl([SITE], tmp_path / "c.warc.gz", 100)
    answers = {url: found for kind, url, found in records(tmp_path / "c.warc.gz") if kind == "response"}
    page, body = answers["http://a.docs.test/index.html"]
    assert body.endswith(PAGE) and page.http_headers.get_header("Content-Type") == "text/html"
    assert page.rec_headers.get_header("WARC-IP-Address") == "127.0.0.1"
    assert page.rec_headers.get_header("WARC-Payload-Digest")
    assert answers["http://a.docs.test/gone.html"][0].http_headers.get_statuscode() == "404"


def test_a_crawl_takes_the_sites_in_turn_and_no_more_of_one_than_asked(tmp_path: Path) -> None:
    sites = [Site(f"{name}.test", {"/": b"", "/index.html": PAGE, "/b.html": b""}, ("/",)) for name in "xy"]
    assert crawl(sites, tmp_path / "c.warc.gz", 2).responses == 4
    asked = [url for kind, url, _ in records(tmp_path / "c.warc.gz") if kind == "request"]
    assert asked == [f"http://{name}.test/{path}" for path in ("", "s.css") for name in "xy"]


def test_an_answer_too_long_is_counted_and_the_crawl_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_crawl, "MAX_RESPONSE_BYTES", 5000)
    site = Site("a.test", {"/index.html": b"<a href=long.html><a href=ok.html>", "/long.html": b"x" * 9000,
                           "/ok.html": b"ok"}, ("/index.html",))
    done = crawl([site], tmp_path / "c.warc.gz", 100)
    assert (done.pages, done.failed) == (2, 1)


def wheel_bytes(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return sink.getvalue()


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """A package index in memory: what `download` finds by package name; a package taken out cannot be had."""
    manual = demo_inputs.Manual(
        Wheel("manual", "1", ""), "manual.docs.test", "html", ("/index.html",), nested="docs.zip")
    packages = {
        "manual": wheel_bytes({"docs.zip": wheel_bytes({"html/index.html": PAGE, "elsewhere.html": b""})}),
        "page": wheel_bytes({"page-1.dist-info/METADATA": README}),
        "one": wheel_bytes({"one.py": b"1", "one-1.dist-info/METADATA": README}),
        "two": wheel_bytes({"two.py": b"2", "two-1.dist-info/METADATA": b"Name: two\nVersion: 1\n\nPlain text."}),
        "gensim": wheel_bytes({demo_inputs._WIKI_MEMBER: b"dump"}),
    }
    monkeypatch.setattr(demo_inputs, "MANUALS", (manual,))
    monkeypatch.setattr(demo_inputs, "PAGE_WHEELS", (Wheel("page", "1", ""),))
    monkeypatch.setattr(demo_inputs, "CODE_WHEELS", tuple(
        Wheel(name, "1", hashlib.sha256(packages[name]).hexdigest()) for name in ("one", "two")))
    monkeypatch.setattr(demo_inputs, "_WIKI_SHA256", hashlib.sha256(b"dump").hexdigest())

    def download(wheels: list[Wheel], into: Path) -> list[Path]:
        for wheel in wheels:
            if wheel.package not in packages:
                raise WheelError(f"no {wheel.package} today")
            (into / f"{wheel.package}-1-py3-none-any.whl").write_bytes(packages[wheel.package])
        return [into / f"{wheel.package}-1-py3-none-any.whl" for wheel in wheels]

    monkeypatch.setattr(demo_inputs, "download", download)
    return packages


def test_everything_is_fetched_once(tmp_path: Path, index: dict[str, bytes]) -> None:
    first = prepare(tmp_path)
    assert not first.missing and first.wiki.read_bytes() == b"dump"
    assert sorted(path.name for path in first.code.iterdir()) == ["one-1-py3-none-any.whl", "two-1-py3-none-any.whl"]
    crawled = first.web.read_bytes()
    index.clear()
    assert prepare(tmp_path) == first and first.web.read_bytes() == crawled


def test_the_crawl_holds_manuals_and_front_pages(tmp_path: Path, index: dict[str, bytes]) -> None:
    web = prepare(tmp_path).web
    assert web is not None
    answers = {url: found[1] for kind, url, found in records(web) if kind == "response"}
    # the README of `two` is not Markdown
    hosts = {url.split("/")[2] for url in answers}
    assert hosts == {"manual.docs.test", "page.projects.test", "one.projects.test"}
    page = answers["http://one.projects.test/"].decode()
    assert "<title>a&lt;b 1</title>" in page and "<h1>Title</h1>\n<p>Prose of é.</p>" in page


@pytest.mark.parametrize(("package", "source"), [
    ("manual", "web"), ("page", "web"), ("two", "code"), ("gensim", "wiki")])
def test_each_source_fails_alone_and_says_why(
    tmp_path: Path, index: dict[str, bytes], package: str, source: str
) -> None:
    del index[package]
    found = prepare(tmp_path)
    assert found.missing == {source: f"no {package} today"}
    assert getattr(found, source) is None and sum(
        getattr(found, name) is not None for name in ("web", "code", "wiki")) == 2


def test_what_was_damaged_is_made_again(tmp_path: Path, index: dict[str, bytes]) -> None:
    found = prepare(tmp_path)
    found.web.write_bytes(b"cut")
    found.wiki.write_bytes(b"cut")
    next(iter(sorted(found.code.iterdir()))).write_bytes(b"cut")
    assert not prepare(tmp_path).missing
    assert found.wiki.read_bytes() == b"dump" and records(found.web)[0][0] == "warcinfo"
    assert {path.read_bytes() for path in found.code.iterdir()} == {index["one"], index["two"]}


def test_another_scale_crawls_again_and_keeps_fewer_packages(tmp_path: Path, index: dict[str, bytes]) -> None:
    prepare(tmp_path)
    found = prepare(tmp_path, scale=0.01)
    assert [path.name for path in found.code.iterdir()] == ["one-1-py3-none-any.whl"]
    assert json.loads((tmp_path / demo_inputs.CRAWL_RECORD).read_text())["site_responses"] == 1


def test_a_changed_wiki_excerpt_is_refused(tmp_path: Path, index: dict[str, bytes]) -> None:
    index["gensim"] = wheel_bytes({demo_inputs._WIKI_MEMBER: b"other"})
    assert "not the file expected" in prepare(tmp_path).missing["wiki"]
    assert not (tmp_path / demo_inputs.WIKI).exists()


@pytest.mark.parametrize("scale", [0.0, -1.0, 1.5])
def test_a_wrong_scale_is_refused(tmp_path: Path, scale: float) -> None:
    with pytest.raises(UsageError, match="scale"):
        prepare(tmp_path, scale=scale)


@pytest.mark.parametrize("missing", ["web", "code", "wiki"])
def test_the_recipe_goes_on_without_a_source(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(demo_recipe(DemoInputs(missing={missing: "why"})))
    if missing == "web":
        assert {name: mixture.weights for name, mixture in read_recipe(path).mixtures.items()} == {
            "text-only": {"wiki": 1.0}, "with-code": {"wiki": 0.5, "code": 0.5}}
    recipe = read_recipe(path)
    assert missing not in recipe.sources and set(recipe.mixtures) == {"text-only", "with-code"}
    assert all(corpus in recipe.corpora for corpus in recipe.comparison.domains)


def test_a_recipe_with_nothing_to_compare_is_refused() -> None:
    with pytest.raises(UsageError, match="Too few"):
        demo_recipe(DemoInputs(missing={"web": "why", "code": "why"}))


def test_the_shipped_recipe_reads_and_scales(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(demo_recipe(DemoInputs(), 0.25))
    assert read_recipe(path).training.tokens == 14_000
    path.write_text(demo_recipe(DemoInputs()))
    recipe = read_recipe(path)
    assert recipe.training.tokens == 56_000 and recipe.tokenizer.vocab_size == 4096
    assert [source.paths for source in recipe.sources.values()] == [
        (f"inputs/{demo_inputs.CRAWL}",), (f"inputs/{demo_inputs.WIKI}",), (f"inputs/{demo_inputs.CODE}/*.whl",)]

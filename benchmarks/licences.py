"""How right the licences are: `python -m benchmarks.licences SPDX_FOLDER SITE_PACKAGES …`.

SPDX_FOLDER holds a JSON file a licence with its text (`licenses/` of npm's spdx-license-list): how many are named, and
which pass as permissive that `permissive.txt` does not hold, or with a limiting sentence put behind. SITE_PACKAGES are
folders of installed packages that declare an SPDX expression: how many of their licence folders name the same licences,
metadata left aside.
"""

import argparse
import json
from importlib.metadata import distributions
from pathlib import Path

from maslin.curation.licences import spdx
from maslin.curation.licences.archive import LicenceMap, is_licence_file
from maslin.curation.licences.detect import detect

LIMITS = (
    "The Software may be used for non-commercial purposes only.", "You may not use the Software to train models.",
    "Redistribution is prohibited.", "For academic use only.", "Any changes must be published.",
)


def bare(expression: str | None) -> set[str]:
    """The licences of an expression, without "only" and "or later", which a text does not say."""
    return {name.removesuffix("-only").removesuffix("-or-later") for name in spdx.identifiers(expression or "")}


def of_the_list(folder: Path) -> None:
    """Print how the texts of the SPDX list are named."""
    texts = {path.stem: json.loads(path.read_text())["licenseText"] for path in sorted(folder.glob("*.json"))}
    answers = {name: detect(text) for name, text in texts.items() if text.strip()}
    exact = sum(bare(answer) == bare(name) for name, answer in answers.items())
    loose = [name for name, answer in answers.items() if spdx.is_permissive(answer) and not spdx.is_permissive(name)]
    limited = [
        (name, limit)
        for name, answer in answers.items() if spdx.is_permissive(answer)
        for limit in LIMITS if spdx.is_permissive(detect(f"{texts[name]}\n\n{limit}"))
    ]
    print(f"SPDX list: {exact} of {len(answers)} named, {len(loose)} permissive that our list of those lacks:")
    print("  " + " ".join(loose))
    print(f"with a limiting sentence behind: {len(limited)} still permissive {limited[:5]}")


def of_packages(folders: list[str]) -> None:
    """Print how many installed packages' licence files name what their metadata declare."""
    right = total = 0
    for package in distributions(path=folders):
        said = package.metadata.get("License-Expression")
        inside = [file for file in package.files or () if ".dist-info/" in str(file)]
        files = [file for file in inside if is_licence_file(str(file))]
        if not said or not files:
            continue
        found = LicenceMap()
        for file in files:
            found.add(str(file), Path(str(file.locate())).read_text(errors="replace"))
        answer = found.licence_of("x.py", "")
        total += 1
        right += bare(answer) == bare(said)
        if bare(answer) != bare(said):
            print(f"  {package.metadata['Name']}: declares {said}, texts say {answer}")
    print(f"packages: {right} of {total} as declared")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("spdx_folder", type=Path)
    parser.add_argument("site_packages", nargs="*")
    options = parser.parse_args()
    of_the_list(options.spdx_folder)
    if options.site_packages:
        of_packages(options.site_packages)

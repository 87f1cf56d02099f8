"""Files are found under all that they depend on, or made anew; one that is damaged is as none."""

import os

import pytest

from maslin.manifests.kernels import store


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """That of the environment, that of the user."""
    both = tmp_path / "environment", tmp_path / "user"
    monkeypatch.setattr(store, "folders", lambda: both)
    return both


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A package in the place of ours: `kernels` imports `constants` in brackets, and has data beside it."""
    for name, text in {"curation/kernels.py": "from maslin.curation.text import (\n    constants,\n)\n",
                       "curation/text/constants.py": "NUMBER = 1\n", "curation/text/data/words.json": "[]",
                       "curation/aside.py": "", "curation/__init__.py": "", "curation/text/__init__.py": ""}.items():
        path = tmp_path / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(store, "_ROOT", tmp_path / "code")
    _forget()
    yield tmp_path / "code"
    _forget()


def _forget():
    for remembered in (store.code_digest, store._source, store._read, store._data):
        remembered.cache_clear()


@pytest.mark.parametrize(("changed", "matters"), [
    ("curation/kernels.py", True), ("curation/text/constants.py", True), ("curation/text/data/words.json", True),
    ("curation/aside.py", False)])
def test_a_kernel_depends_on_what_its_module_imports_and_on_data_beside_that(code, changed, matters):
    before = store.stem("maslin.curation.kernels", "kernel")
    with open(code / changed, "a") as file:
        file.write("# more\n")
    _forget()
    assert (store.stem("maslin.curation.kernels", "kernel") != before) == matters


def test_what_is_written_is_read_and_nothing_else(folders):
    assert store.read("a") is None and not store.has("a")
    store.write("a", b"content")
    assert store.read("a") == b"content" and store.has("a") and [path.name for path in folders[0].iterdir()] == ["a"]
    with open(folders[0] / "a", "r+b") as file:
        file.write(b"?")
    assert store.read("a") is None


def test_where_the_environment_is_read_only_the_user_has_files(folders):
    folders[0].write_text("no folder can be made here, not even by root")
    store.write("a", b"content")
    assert store.read("a") == b"content" and (folders[1] / "a").is_file()


def test_where_nothing_can_be_kept_nothing_is(folders):
    for folder in folders:
        folder.write_text("")
    store.write("a", b"content")
    assert store.read("a") is None


def test_what_was_not_read_for_two_months_goes(folders):
    store.write("old", b"")
    store.write("new", b"")
    os.utime(folders[0] / "old", (0, 0))
    assert store.remove_unused() == 1 and store.has("new") and not store.has("old")

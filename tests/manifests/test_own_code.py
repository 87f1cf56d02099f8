"""A user's own code: what its digest covers, how it is loaded, what is said of code that cannot be."""

import pytest

from maslin.manifests.errors import UsageError
from maslin.manifests.own_code import in_file, installed


def files(folder, **texts):
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_the_digest_covers_what_is_imported_from_the_folder_and_no_path(tmp_path):
    texts = {"mine": "import helper\nimport json\ndef f():\n    from deep import B\n    return helper.A + B\n",
             "helper": "A = 1\n", "deep": "B = 2\n", "other": "C = 3\n"}
    one, two = (in_file(files(tmp_path / name, **texts) / "mine.py", "f") for name in ("one", "two"))
    assert one.digest == two.digest and one.load()() == 3
    for name in ("mine", "helper", "deep", "other"):
        changed = in_file(files(tmp_path / "two", **(texts | {name: texts[name] + "# more\n"})) / "mine.py", "f")
        assert (changed.digest == one.digest) == (name == "other")


def test_files_of_two_folders_with_the_same_names_do_not_meet_each_other(tmp_path):
    for value in (1, 2):
        folder = files(tmp_path / str(value), mine="def f():\n    import json\n    return json.VALUE\n",
                       json=f"VALUE = {value}\n")
        assert in_file(folder / "mine.py", "f").load()() == value
    import json
    assert json.loads("1") == 1


def test_code_that_changed_since_it_was_found_is_not_run(tmp_path):
    code = in_file(files(tmp_path, mine="def f(): return 1\n") / "mine.py", "f")
    files(tmp_path, mine="def f(): return 2\n")
    with pytest.raises(UsageError, match=r"mine\.py changed since the recipe was read"):
        code.load()


@pytest.mark.parametrize(("text", "said"), [
    ("def f(:\n", r"mine\.py:1: not valid Python"),
    ("\nraise KeyError('x')\n", r"mine\.py:2: the code cannot be loaded \(KeyError: 'x'\)"),
    ("def g(): pass\n", r"has no `f`; it has g"),
    ("import nothing_of_this_name\n", r"mine\.py:1: the code cannot be loaded \(ModuleNotFoundError"),
])
def test_code_that_cannot_be_loaded_is_told_with_its_line(tmp_path, text, said):
    with pytest.raises(UsageError, match=said):
        in_file(files(tmp_path, mine=text) / "mine.py", "f").load()


def test_an_exception_is_placed_at_the_users_line(tmp_path):
    code = in_file(files(tmp_path, mine="import json\ndef f():\n    json.loads('{')\n") / "mine.py", "f")
    with pytest.raises(ValueError) as caught:
        code.load()()
    assert code.place(caught.value) == "mine.py:3"


def test_an_installed_package_offers_code_by_entry_point(tmp_path, monkeypatch):
    package = files(tmp_path / "forumpack", __init__="", reader="from .parse import ONE\ndef f(): return ONE\n",
                    parse="ONE = 1\n")
    about = tmp_path / "forumpack-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: forumpack\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[maslin.tests]\nforum = forumpack.reader:f\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = installed("maslin.tests", "forum")
    assert before.load()() == 1
    files(package, parse="ONE = 1  # changed\n")
    assert installed("maslin.tests", "forum").digest != before.digest
    with pytest.raises(UsageError, match=r"offers `form` as an entry point of maslin.tests"):
        installed("maslin.tests", "form")

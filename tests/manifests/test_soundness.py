"""A file of a finished step directory is opened only while its bytes are those that its manifest names."""

import os
import pickle
import time

import pyarrow as pa
import pytest

from maslin.manifests.errors import DamagedError
from maslin.manifests.files import file_entry, write_text
from maslin.manifests.soundness import checked, checksum_once
from maslin.manifests.tables import iter_tables, read_table, write_table
from maslin.manifests.workspace import Step, Workspace, commit, is_marked, is_sound, verify_sizes

STEP = Step("corpus", "web", 1, {})


@pytest.fixture
def directory(tmp_path):
    directory = Workspace(tmp_path).path(STEP)
    write_text(directory / "model/config.json", "{}")
    entries = [write_table(directory, f"documents/part-{part:05d}.parquet", pa.table({"id": [f"d{part}"] * 99}))
               for part in range(2)]
    commit(directory, STEP, [*entries, file_entry(directory, directory / "model/config.json")])
    return directory


def flip(path, position=None, bit=0):
    """Flip a bit in place, as a disk does: size and times stay."""
    data, times = bytearray(path.read_bytes()), path.stat()
    data[len(data) // 2 if position is None else position] ^= 1 << bit
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("read", [read_table, lambda path: list(iter_tables([path])), checked])
def test_a_flipped_bit_is_refused_by_name_with_what_was_found_and_what_to_do(directory, read):
    path = directory / "documents/part-00001.parquet"
    read(path)
    flip(path)
    assert verify_sizes(directory) == []
    with pytest.raises(DamagedError, match=r"part-00001\.parquet: damaged, and not used: xxh3-128 [0-9a-f]{32}, the "
                                           r"manifest says [0-9a-f]{32}\. .* builds it anew .*maslin manifest verify"):
        read(path)
    assert read_table(directory / "documents/part-00000.parquet").num_rows == 99


@pytest.mark.parametrize(("change", "told"), [
    (lambda path: path.unlink(), "missing"),
    (lambda path: path.write_bytes(b"longer"), "6 bytes, the manifest says 2"),
])
def test_a_file_that_is_gone_or_resized_is_told(directory, change, told):
    change(directory / "model/config.json")
    with pytest.raises(DamagedError, match=told):
        checked(directory / "model/config.json")


def test_a_file_that_the_manifest_does_not_name_is_not_read(directory):
    write_table(directory, "documents/part-00002.parquet", pa.table({"id": ["stray"]}))
    with pytest.raises(DamagedError, match="not among the files"):
        read_table(directory / "documents/part-00002.parquet")


def test_files_of_unfinished_steps_and_of_no_step_have_nobody_to_say_what_they_should_be(directory, tmp_path):
    (directory / "manifest.json").unlink()
    flip(directory / "model/config.json")
    write_text(tmp_path / "tokenizer.json", "{}")
    assert checked(directory / "model/config.json") and checked(tmp_path / "tokenizer.json")


def test_damage_is_remembered_until_the_file_is_what_it_should_be(directory):
    """Whoever finds it, the command that can make it anew does: sizes alone do not tell it."""
    path = directory / "model/config.json"
    flip(path)
    assert is_sound(directory)  # nobody has read it yet
    with pytest.raises(DamagedError):
        checked(path)
    assert is_marked(directory) and not is_sound(directory)
    flip(path)
    assert is_sound(directory) and not is_marked(directory)


def test_a_file_that_stays_is_read_for_its_checksum_once(directory, monkeypatch):
    path = directory / "model/config.json"
    time.sleep(0.1)  # of a younger one, nobody could tell whether it stays
    first = checksum_once(path)
    monkeypatch.setattr("maslin.manifests.soundness.checksum", lambda path: pytest.fail("read again"))
    assert checksum_once(path) == first


def test_the_error_comes_back_whole_from_a_worker(directory):
    error = DamagedError(directory / "x", "xxh3-128 1, the manifest says 2", "Do this.", directory)
    back = pickle.loads(pickle.dumps(error))
    assert str(back) == str(error) and back.directory == directory and back.exit_code == 3

"""Ends with a sentence, never a traceback or a wait without end: interrupts, refusing disks, little memory."""

import os
import resource
import signal
import subprocess
import sys
from functools import partial

import pytest

from maslin.flows.cli import main
from maslin.flows.endings import end_with
from maslin.manifests.errors import DataError, MaslinError
from tests.flows.curated import RECIPE, write_inputs


@pytest.fixture
def recipe(tmp_path):
    write_inputs(tmp_path)
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    return path


def run(code: str, *arguments: object, **more) -> subprocess.CompletedProcess:
    code += "\nimport sys\nfrom maslin.flows.entry import begin\nsys.exit(begin())"
    # Tests that run behind `&` are told to leave interrupts alone, and would hand that on.
    more.setdefault("preexec_fn", partial(signal.signal, signal.SIGINT, signal.SIG_DFL))
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=300, **more)


_INTERRUPTED_AT = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path, target=None):
        if name in {modules!r}:
            os.kill(os.getpid(), signal.SIGINT)
import maslin.flows.entry
sys.meta_path.insert(0, Interrupt())
"""


@pytest.mark.parametrize("module", [
    "maslin.flows.cli", "argparse", "maslin.manifests.errors", "maslin.flows.arguments", "yaml", "xxhash",
    "maslin.flows.job.work", "maslin.flows.engine.contract", "maslin.flows.engine.local", "pyarrow"])
def test_an_interrupt_in_the_middle_of_an_import_ends_with_130(recipe, tmp_path, module):
    done = run(_INTERRUPTED_AT.format(modules={module}), "curate", recipe, "--workspace", tmp_path / "ws",
               "--prefect", "off")
    assert done.returncode == 130, done.stderr
    assert "maslin: interrupted; run the same command again" in done.stderr and "Traceback" not in done.stderr


def test_a_second_interrupt_ends_at_once_what_the_first_did_not():
    code = ("from maslin.flows import cli\n"
            "import os, signal\n"
            "def stubborn(parsed):\n"
            "    try: os.kill(os.getpid(), signal.SIGINT)\n"
            "    finally:\n"
            "        os.kill(os.getpid(), signal.SIGINT)\n"
            "        print('went on')\n"
            "import maslin.flows.arguments as arguments; arguments.run_parsed = stubborn")
    done = run(code, "rules")
    assert (done.returncode, done.stdout) == (130, "") and done.stderr.count("interrupted") == 1


def test_in_a_process_of_others_every_interrupt_is_an_exception():
    code = ("from maslin.flows.interrupts import interrupted\n"
            "for _ in range(3):\n"
            "    try: interrupted()\n"
            "    except KeyboardInterrupt: print('told')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "told\n" * 3


@pytest.fixture
def read_only(tmp_path):
    """A folder that cannot be written, whoever runs the tests."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0 and os.geteuid() == 0:
        pytest.skip("nothing is read-only to root, and mounting is not allowed here")
    folder.chmod(0o555) if mounted.returncode != 0 else None
    yield folder
    if mounted.returncode == 0:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("arguments", [
    ["curate", "RECIPE", "--workspace", "FOLDER"],
    ["curate", "RECIPE", "--workspace", "FOLDER/new", "--prefect", "off"],
    ["init", "FOLDER/r.yaml"], ["demo", "--workspace", "FOLDER"]])
def test_what_cannot_be_written_is_said(recipe, read_only, arguments, capsys):
    words = [word.replace("RECIPE", str(recipe)).replace("FOLDER", str(read_only)) for word in arguments]
    assert main(words) == 1
    told = capsys.readouterr().err
    assert str(read_only) in told and ("Read-only" in told or "Permission" in told) and "Traceback" not in told


def test_output_that_takes_no_more_is_an_error():
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "maslin.flows.cli", "rules"], stdout=full, stderr=subprocess.PIPE,
                              text=True)
    assert done.returncode == 1
    assert "maslin: standard output cannot be written (No space left on device)" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [300, 600, 900])
def test_little_memory_ends_with_a_sentence(recipe, tmp_path, megabytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    done = run("", "curate", recipe, "--workspace", tmp_path / "ws", "--prefect", "off", "--workers", 2,
               preexec_fn=limit)
    assert done.returncode in (0, 1, 130), done.stderr
    assert "Traceback" not in done.stderr
    # OpenBLAS ends the process with words of its own, or interrupts it
    assert done.returncode == 0 or "maslin: " in done.stderr or "OpenBLAS" in done.stderr, done.stderr
    assert not list(tmp_path.glob("ws/corpus/*/manifest.json")) or done.returncode == 0


@pytest.mark.parametrize(("error", "said"), [
    (MemoryError(), "no more memory"), (RuntimeError("can't start new thread"), "no more memory, threads"),
    (OSError(24, "Too many open files"), "Too many open files"), (OSError(12, "Cannot allocate memory"), "no more mem"),
    (ImportError("x.so: failed to map segment from shared object"), "failed to map segment"),
    (IsADirectoryError(21, "Is a directory", "/a/b"), "/a/b: Is a directory."),
    (PermissionError(13, "Permission denied", "/a/b"), "/a/b: Permission denied."),
    (DataError("first\n\x1b[2Jx", "second"), "maslin: first⟨U+000A⟩⟨U+001B⟩[2Jx\n  second\n"),
])
def test_what_the_system_refuses_is_a_sentence(error, said, capsys):
    assert end_with(error) == getattr(error, "exit_code", 1)
    told = capsys.readouterr().err
    assert said in told and told.startswith("maslin: ") and "Traceback" not in told


def test_a_cause_is_found_below_what_others_made_of_it(capsys):
    try:
        try:
            raise MemoryError
        except MemoryError:
            raise ValueError("could not be read")  # noqa: B904
    except ValueError as error:
        assert end_with(error) == 1
    assert "no more memory" in capsys.readouterr().err


def test_a_fault_of_ours_is_called_one(capsys):
    assert end_with(ZeroDivisionError("x")) == 1
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told and "fault of Maslin's" in told.splitlines()[-1]


def test_an_error_keeps_its_lines_and_its_words():
    assert str(MaslinError("a", "b")) == "a\n  b" and MaslinError().lines == ("MaslinError",)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler  # no command has changed it in this process

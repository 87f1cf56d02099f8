"""Scripts for every shell: whole, by the shell's own reading where it is installed."""

import shutil
import subprocess

import pytest

from maslin.flows.cli import COMMANDS, main
from maslin.flows.commands.completion import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_its_options_are_in_the_script(capsys, shell):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in COMMANDS)
    assert all(option in script for option in ("dry-run", "dropped-by", "gpu-hours", "top-k"))
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

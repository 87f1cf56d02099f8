"""How far an unfinished step is, as its directory tells."""

import pytest

from maslin.flows.shown.facts import how_far
from maslin.manifests.workspace import run_shards, serial_map


def shard(number):
    if number == 2:
        raise RuntimeError("killed")
    return {"files": []}


def test_of_parts(tmp_path):
    with pytest.raises(RuntimeError):
        run_shards(tmp_path, shard, [0, 1, 2, 3], serial_map, "x")
    assert str(how_far(tmp_path)) == "2 of 4 parts (50%)"
    with pytest.raises(RuntimeError):
        run_shards(tmp_path, shard, [5, 2], serial_map, "x", stage="scores-wiki")
    assert str(how_far(tmp_path)) == "1 of 2 parts of its scores wiki (50%)"


@pytest.mark.parametrize("names, steps, expected", [
    ([], None, "just begun"), ([], 256, "just begun"),
    (["checkpoints/step-00000100.safetensors", "checkpoints/step-00000200.safetensors"], 256, "200 of 256 steps (78%)"),
    (["checkpoints/step-00000100.safetensors"], None, "100 steps"),
    (["s0/checkpoints/step-00000200.safetensors", "s1/checkpoints/step-00000100.safetensors"], 400,
     "100 of 400 steps (25%)"),
])
def test_of_runs_and_stacks(tmp_path, names, steps, expected):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert str(how_far(tmp_path, steps)) == expected

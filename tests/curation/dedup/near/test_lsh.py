"""Bands are datasketch's own, and kept: who asks again need not import it."""

import subprocess
import sys

import datasketch
import numpy as np
import pytest

from maslin.curation import resources
from maslin.curation.dedup.near import lsh
from maslin.curation.dedup.near.lsh import lsh_parameters
from maslin.manifests.steps.dedup import NearDedup
from tests.shared_data import golden


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "folder", lambda: tmp_path)
    lsh_parameters.cache_clear()
    yield tmp_path / "lsh"
    lsh_parameters.cache_clear()


def same(one, two):
    return (one.bands, one.rows) == (two.bands, two.rows) and all(
        getattr(one, name).dtype == np.uint32 and np.array_equal(getattr(one, name), getattr(two, name))
        for name in ("multipliers", "addends"))


@pytest.mark.parametrize(
    ("threshold", "permutations", "expected"), [(0.7, 128, (14, 9)), (0.8, 128, (9, 13)), (0.8, 256, (17, 15))])
def test_bands_with_equal_weights_are_datasketchs_own(threshold, permutations, expected):
    chosen = lsh_parameters(NearDedup(threshold, permutations, false_negative_weight=0.5))
    assert (chosen.bands, chosen.rows) == expected


def test_bands_are_the_golden_ones():
    records = [record for record in golden("datasketch") if record["kind"] == "optimal_param"]
    assert len(records) == 70
    for record in records:
        false_positive, false_negative = record["weights"]
        assert false_positive + false_negative == pytest.approx(1)
        chosen = lsh_parameters(
            NearDedup(record["threshold"], record["num_perm"], false_negative_weight=false_negative))
        if record["b"] > 1:
            assert (chosen.bands, chosen.rows) == (record["b"], record["r"]), record
        else:  # datasketch's index refuses a single band
            with pytest.raises(ValueError, match="bands are too small"):
                datasketch.MinHashLSH(
                    record["threshold"], record["num_perm"], weights=(false_positive, false_negative))


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0])
@pytest.mark.parametrize("weight", [0, 0.3, 0.5, 0.9, 0.99])
def test_every_allowed_threshold_has_bands(threshold, weight):
    chosen = lsh_parameters(NearDedup(threshold, false_negative_weight=weight))
    assert chosen.bands >= 2
    assert len(chosen.multipliers) == chosen.bands * chosen.rows <= 128


def test_what_is_kept_is_what_datasketch_gives_and_spares_its_import(kept, monkeypatch):
    asked = NearDedup(0.75, seed=7)
    first = lsh_parameters(asked)
    (path,) = kept.iterdir()
    monkeypatch.setattr(lsh, "_of_datasketch", None)  # not asked again
    lsh_parameters.cache_clear()
    assert same(lsh_parameters(asked), first)
    assert {name: path.read_text().count(f'"{name}"') for name in ("threshold", "seed")} == {"threshold": 1, "seed": 1}
    monkeypatch.setattr(lsh, "version", lambda package: "another")
    lsh_parameters.cache_clear()
    with pytest.raises(TypeError):
        lsh_parameters(asked)


def test_a_damaged_file_is_as_none_and_a_folder_that_cannot_be_written_keeps_none(kept, tmp_path, monkeypatch):
    first = lsh_parameters(NearDedup(0.75))
    (path,) = kept.iterdir()
    path.write_text(path.read_text().replace('"bands": ', '"bands": 1'))
    lsh_parameters.cache_clear()
    assert same(lsh_parameters(NearDedup(0.75)), first)
    monkeypatch.setattr(resources, "folder", lambda: path)  # a file
    lsh_parameters.cache_clear()
    assert same(lsh_parameters(NearDedup(0.75)), first)


def test_a_worker_that_finds_them_kept_does_not_import_datasketch():
    code = ("import sys; from maslin.curation.dedup.near.lsh import lsh_parameters; "
            "from maslin.manifests.steps.dedup import NearDedup; lsh_parameters(NearDedup(0.8)); "
            "print('datasketch' in sys.modules)")
    said = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
            for _ in range(2)]
    assert said[1] == "False"

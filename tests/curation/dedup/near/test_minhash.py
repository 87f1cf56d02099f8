"""Shingle hashes, signatures and candidates are those of Python, hashlib and datasketch."""

import hashlib

import datasketch
import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.dedup.near import minhash
from maslin.curation.dedup.near.lsh import lsh_parameters
from maslin.curation.dedup.near.signatures_export import serialized
from maslin.curation.dedup.words import Words, split_words
from maslin.manifests.steps.dedup import NearDedup
from tests.shared_data import golden

TEXTS = st.lists(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("ab \n"))), max_size=20)


def shingles_of(text, n):
    words = text.lower().split()
    return [" ".join(words[i:i + n]).encode() for i in range(len(words) - n + 1)]


def signatures_of(texts, permutations, n=5, seed=1):
    hashes, offsets = minhash.shingle_hashes(split_words(pa.array(texts, pa.string()), "blanks"), n)
    multipliers, addends = datasketch.MinHash(permutations, seed=seed, scheme="affine32").permutations
    return minhash.signatures(hashes, offsets, multipliers, addends)


@settings(max_examples=50, deadline=None)
@given(TEXTS, st.integers(1, 6))
def test_shingle_hashes_are_sha1(texts, n):
    hashes, offsets = minhash.shingle_hashes(split_words(pa.array(texts, pa.string()), "blanks"), n)
    for k, text in enumerate(texts):
        expected = [int.from_bytes(hashlib.sha1(s).digest()[:8], "little") for s in shingles_of(text, n)]
        assert hashes[offsets[k]:offsets[k + 1]].tolist() == expected


def test_the_low_half_is_the_published_sha1_hash32():
    hashes, _ = minhash.shingle_hashes(split_words(pa.array(["hello"])), 1)
    assert hashes[0] & 0xFFFFFFFF == 499578026


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.integers(1, 3), st.sampled_from([1, 7, 128]), st.integers(0, 2**32 - 1))
def test_signatures_are_datasketchs(texts, n, permutations, seed):
    ours = signatures_of(texts, permutations, n, seed)
    for k, text in enumerate(texts):
        theirs = datasketch.MinHash(permutations, seed=seed, scheme="affine32")
        theirs.update_batch(shingles_of(text, n))
        assert ours[k].tolist() == theirs.hashvalues.tolist()


@settings(max_examples=20, deadline=None)
@given(TEXTS, st.sampled_from([1, 7, 128]), st.integers(0, 2**32 - 1), st.sampled_from(["affine32", "legacy"]))
def test_datasketch_opens_what_is_exported(texts, permutations, seed, scheme):
    hashes, offsets = minhash.shingle_hashes(split_words(pa.array(texts, pa.string()), "blanks"), 2)
    sign = {"affine32": minhash.signatures, "legacy": minhash.legacy_signatures}[scheme]
    theirs = [datasketch.MinHash(permutations, seed=seed, scheme=scheme) for _ in texts]
    for each, text in zip(theirs, texts, strict=True):
        each.update_batch(shingles_of(text, 2))
    ours = sign(hashes, offsets, *datasketch.MinHash(permutations, seed=seed, scheme=scheme).permutations)
    opened = map(datasketch.LeanMinHash.deserialize, serialized(ours, seed, scheme).to_pylist())
    assert [(each.seed, each.scheme, each.hashvalues.tolist()) for each in opened] == [
        (seed, scheme, each.hashvalues.tolist()) for each in theirs]


def test_signatures_are_the_golden_ones():
    records = [record for record in golden("datasketch") if record["kind"] == "minhash"]
    assert len(records) > 10
    for record in records:
        tokens = [token.encode() for token in record["tokens"]]  # any bytes, spaces too: each taken as one word
        starts = np.cumsum([0] + [len(token) + 1 for token in tokens])
        data = np.frombuffer(b" ".join(tokens) + b" ", np.uint8)
        words = Words(data, starts, np.array([0, len(tokens)]))
        for permutations in (128, 256):
            if expected := record["values"].get(f"{permutations}_affine32"):
                sketch = datasketch.MinHash(permutations, seed=1, scheme="affine32")
                ours = minhash.signatures(*minhash.shingle_hashes(words, 1), *sketch.permutations)
                assert ours[0].tolist() == expected, record["name"]


def candidates(texts, bands, rows, permutations=128):
    keys = minhash.band_keys(signatures_of(texts, permutations), bands, rows)
    found = set()
    for band in range(bands):
        buckets = {}
        for k, key in enumerate(keys[:, band].tolist()):
            buckets.setdefault(key, []).append(k)
        found |= {(a, b) for bucket in buckets.values() for a in bucket for b in bucket if a != b}
    return found


def test_candidates_are_those_of_datasketchs_index():
    records = golden("minhash_dedup")
    documents = {r["order"]: r["text"] for r in records if r["kind"] == "doc" and len(r["text"].split()) >= 5}
    orders = list(documents)
    golden_runs = [r for r in records if r["kind"] == "datasketch_lsh" and r["scheme"].startswith("affine32")]
    assert [run["threshold"] for run in golden_runs] == [0.5, 0.7, 0.8, 0.9]
    for run in golden_runs:
        chosen = lsh_parameters(NearDedup(run["threshold"], 128, false_negative_weight=0.5))
        found = candidates(list(documents.values()), chosen.bands, chosen.rows)
        expected = {(a, b) for a, others in run["matches"] for b in others if a in documents and b in documents}
        assert len(expected) > 100
        assert {(orders[a], orders[b]) for a, b in found} == expected


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=30), min_size=2, max_size=2))
def test_sets_and_their_jaccard(pair):
    hashes = np.array([x for values in pair for x in values], np.uint64)
    sets, bounds = minhash.shingle_sets(hashes, np.array([0, len(pair[0]), len(hashes)]))
    a, b = set(pair[0]), set(pair[1])
    assert [sets[bounds[k]:bounds[k + 1]].tolist() for k in (0, 1)] == [sorted(a), sorted(b)]
    expected = len(a & b) / len(a | b) if a | b else 1.0
    assert minhash.jaccard(sets, bounds[0], bounds[1], bounds[1], bounds[2]) == expected

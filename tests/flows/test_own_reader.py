"""A reader of the user's own in a recipe, in worker processes: what is kept, what fails and how it is told."""

import pyarrow.parquet as pq

from maslin.flows.cli import main

READER = """\
from helpers import posts

def forum(path):
    for number, post in enumerate(posts(path)):
        yield {"id": f"{path.stem}-{number}", "text": post}
"""
HELPERS = """\
def posts(path):
    for post in path.read_text().split():
        if post == "bad":
            raise KeyError(post)
        yield post
"""
RECIPE = """\
name: own
sources: {talk: {kind: {file: code/my_reader.py, name: forum}, paths: ["*.txt"], max_failed: 0.2}}
"""


def test_an_own_reader_works_in_workers_and_its_exceptions_are_counted(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("maslin.curation.ingest.build.split_bytes", lambda inputs: 1)  # a shard a file
    (tmp_path / "code").mkdir()
    (tmp_path / "code/my_reader.py").write_text(READER)
    (tmp_path / "code/helpers.py").write_text(HELPERS)
    (tmp_path / "r.yaml").write_text(RECIPE)
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("one two three" + " bad four" * (number == 2))
    found = {}
    for workers in ("1", "2"):
        work = tmp_path / workers
        assert main(["curate", str(tmp_path / "r.yaml"), "--workspace", str(work), "--prefect", "off",
                     "--workers", workers]) == 0
        (documents,) = work.glob("documents/talk@*")
        found[workers] = {
            path.relative_to(work): path.read_bytes()
            for table in ("documents", "ledger") for path in documents.glob(f"{table}/*")}
    assert found["1"] == found["2"] and len(found["1"]) == 6
    ids = [id for path in sorted(documents.glob("documents/*")) for id in pq.read_table(path)["id"].to_pylist()]
    assert len(set(ids)) == 9
    (row,) = (row for path in sorted(documents.glob("ledger/*")) for row in pq.read_table(path).to_pylist())
    assert row["rule"] == "reader_error" and "helpers.py:4: KeyError: 'bad' (after 3 records)" in row["detail"]
    assert str(tmp_path) not in row["detail"]
    (tmp_path / "code/helpers.py").write_text(HELPERS + "# another digest\n")
    capsys.readouterr()
    main(["curate", str(tmp_path / "r.yaml"), "--workspace", str(work), "--dry-run"])
    assert "documents   build 1 (talk)" in capsys.readouterr().out

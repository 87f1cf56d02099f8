"""Parquet sources: what a row gives, whatever the row groups; damage is counted and the rest is read."""

import base64
import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as encryption
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maslin.curation.ingest.records import Document, Dropped, Failed, NoWatch
from maslin.curation.ingest.rows import parquet
from maslin.curation.ingest.rows.parquet_source import ParquetColumns, ParquetOptions
from maslin.manifests.errors import UsageError
from maslin.manifests.recipe.inputs import InputFile
from tests.curation.web_archives import input_file

OPTIONS = ParquetOptions()


def write(path, table, **settings):
    pq.write_table(table, path, **settings)
    return InputFile(path.name, path, path.stat().st_size, "digest")


def read(file, **columns):
    options = ParquetOptions(ParquetColumns(**columns))
    return [item for split in parquet.splits([file], options) for item in parquet.read(split, options, NoWatch())]


TEXTS = pa.table({"text": [f"text {number}" for number in range(10)], "id": [*"0123456789"]})


def test_fields(tmp_path):
    row = {"id": 7, "text": "x\r\ny", "url": "http://a.test/", "date": datetime.date(2026, 1, 2), "language": "en",
           "licence": "MIT", "more": [1, 2]}
    (found,) = read(write(tmp_path / "a.parquet", pa.Table.from_pylist([row])))
    assert (found.source_id, found.text, found.url, found.date, found.language, found.licence) == (
        "7", "x\r\ny", "http://a.test/", "2026-01-02", "en", "MIT")
    assert found.origin.file == "a.parquet/0"


def test_columns_may_have_other_names_and_types(tmp_path):
    table = pa.table({
        "content": pa.array(["x", "y"]).dictionary_encode(), "blob": pa.array(["1", None], pa.large_string())})
    one, two = read(write(tmp_path / "a.parquet", table), text="content", id="blob")
    assert (one.text, one.source_id, two.text, two.source_id) == ("x", "1", "y", None)


AS_STORED = {
    "string_view": pa.array(["1", None]).cast(pa.string_view()), "binary": pa.array([b"1", None]),
    "binary_view": pa.array([b"1", None]).cast(pa.binary_view()),
    "large_binary": pa.array([b"1", None], pa.large_binary()), "large_string": pa.array(["1", None], pa.large_string()),
    "dictionary": pa.array(["1", None]).dictionary_encode(), "int8": pa.array([1, None], pa.int8()),
    "whole double": pa.array([1.0, None]), "decimal": pa.array([1, None], pa.decimal128(5, 0)),
}


@pytest.mark.parametrize("stored", AS_STORED)
def test_ids_of_every_type(tmp_path, stored):
    one, two = read(write(tmp_path / "a.parquet", pa.table({"text": ["x", "y"], "id": AS_STORED[stored]})))
    assert (one.source_id, two.source_id) == ("1", None)


@pytest.mark.parametrize("stored", [name for name, column in AS_STORED.items() if column[0].as_py() in ("1", b"1")])
def test_texts_of_every_type_of_strings(tmp_path, stored):
    one, two = read(write(tmp_path / "a.parquet", pa.table({"text": AS_STORED[stored]})))
    assert (one.text, two.cause) == ("1", "no_text")


def test_fields_of_structures_are_named_by_dots(tmp_path):
    rows = [{"body": {"text": f"words {number}"}, "id": number} for number in range(70)]
    file = write(tmp_path / "a.parquet", pa.table({"doc": [*rows, None], "a.b": ["x"] * 71}))
    found = read(file, text="doc.body.text", id="doc.id", url="a.b")
    assert [(item.text, item.source_id, item.url) for item in found[:70]] == [
        (f"words {number}", str(number), "x") for number in range(70)]
    assert found[70].cause == "no_text"
    with pytest.raises(UsageError, match=r"no column `doc\.body` of strings among doc"):
        parquet.check([file], ParquetOptions(ParquetColumns(text="doc.body")))


@pytest.mark.parametrize(("column", "expected"), [
    (pa.array([b"\xff\x00"]), "ff00"), (pa.array([b"\xff\x00"], pa.binary(2)), "ff00"), (pa.array([None]), None),
    (pa.array([bytes(range(16))], pa.uuid()), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
    (pa.array([[1]]), None), (pa.array([True]), None),
])
def test_other_ids(tmp_path, column, expected):
    (found,) = read(write(tmp_path / "a.parquet", pa.table({"text": ["x"], "id": column})))
    assert found.source_id == expected


@pytest.mark.parametrize(("columns", "words"), [
    ({"text": "txet"}, "a.parquet: no column `txet` of strings among text, id; did you mean `text`?"),
    ({"id": "blob"}, "no column `blob` for `id` among text, id."),
    ({"licence": "licence"}, "for `licence` among text, id."),
])
def test_what_is_named_and_not_there_is_refused_before_any_work(tmp_path, columns, words):
    file, options = write(tmp_path / "a.parquet", TEXTS), ParquetOptions(ParquetColumns(**columns))
    parquet.check([file], OPTIONS)
    with pytest.raises(UsageError) as error:
        parquet.check([file], options)
    assert str(error.value).endswith(words)
    (found,) = read(file, **columns)
    assert isinstance(found, Failed) and found.cause in ("no_text", "no_column")


def test_a_named_column_of_lists_is_refused_with_its_type_and_damage_is_left_to_the_reader(tmp_path):
    file = write(tmp_path / "a.parquet", pa.table({"text": ["x"], "url": [["a"]]}))
    with pytest.raises(UsageError, match=r"`url` for `url` among text, url \(list<"):
        parquet.check([file], ParquetOptions(ParquetColumns(url="url")))
    parquet.check([input_file(tmp_path / "b.parquet", b"PAR1")], OPTIONS)


def test_id_is_its_own_or_of_the_text(tmp_path):
    def id_of(**row):
        return read(write(tmp_path / "a.parquet", pa.Table.from_pylist([row])))[0].id

    assert id_of(id="a", text="x") == id_of(id="a", text="y") != id_of(text="x") == id_of(text="x", url="u")


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=30), st.integers(1, 7),
       st.integers(1, 3000))
def test_every_row_once_however_the_file_is_cut(tmp_path_factory, texts, row_group, target):
    table = pa.table({"text": pa.array(["x" + text for text in texts], pa.string())})
    file = write(tmp_path_factory.mktemp("p") / "a.parquet", table, row_group_size=row_group)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("maslin.curation.ingest.records.MIN_SPLIT_BYTES", target)
        patch.setattr("maslin.curation.ingest.records.MAX_SPLIT_BYTES", target)
        found = read(file)
    assert [item.text for item in found] == ["x" + text for text in texts]
    assert [item.origin.file for item in found] == [f"a.parquet/{row}" for row in range(len(texts))]


def test_rows_that_are_no_documents(tmp_path):
    values = pa.array([b"a", None, b"\xff", b" \n", b"z" * 50, b"b"], pa.binary()).view(pa.string())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "MAX_TEXT_BYTES", 40)
        found = read(write(tmp_path / "a.parquet", pa.table({"text": values})))
    assert [getattr(item, "cause", "kept") for item in found] == [
        "kept", "no_text", "invalid_utf8", "empty_text", "text_too_long", "kept"]
    assert isinstance(found[3], Dropped) and found[2].detail.startswith("a.parquet/2: ")


@pytest.mark.parametrize(("table", "words"), [
    (pa.table({"txt": ["x"]}), "no column `text` of strings among txt"),
    (pa.table({"text": [5]}), "among text (int64)"),
])
def test_a_file_without_texts_is_one_failure(tmp_path, table, words):
    (found,) = read(write(tmp_path / "a.parquet", table))
    assert isinstance(found, Failed) and found.cause == "no_text" and words in found.detail


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all", b"PAR1" + b"\xff" * 40 + b"PAR1"])
def test_damaged_files(tmp_path, content):
    (found,) = read(input_file(tmp_path / "a.parquet", content))
    assert (found.cause, found.origin.file) == ("damaged_file", "a.parquet")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4), st.booleans())
def test_damage_anywhere_is_counted_and_never_raised(tmp_path_factory, damage, cut):
    path = tmp_path_factory.mktemp("damage") / "a.parquet"
    write(path, TEXTS, row_group_size=3)
    content = bytearray(path.read_bytes())
    for place, value in damage:
        content[place % len(content)] = value
    found = read(input_file(path, bytes(content[: damage[0][0] % len(content)] if cut else content)))
    assert all(isinstance(item, Document | Dropped | Failed) for item in found) and len(found) <= 10
    assert len(found) == 10 or any(isinstance(item, Failed) for item in found)


def test_a_column_whose_name_is_no_text_is_damage(tmp_path):
    path = tmp_path / "a.parquet"
    write(path, pa.table({"text": ["x"], "other": ["y"]}), store_schema=False)
    (found,) = read(input_file(path, path.read_bytes().replace(b"other", b"oth\xffr")))
    assert found.cause == "damaged_file"


def test_a_damaged_row_group_is_one_failure_and_the_next_is_read(tmp_path):
    path = tmp_path / "a.parquet"
    write(path, TEXTS, row_group_size=2, compression="zstd", use_dictionary=False)
    where = pq.ParquetFile(path).metadata.row_group(1).column(0)
    content = bytearray(path.read_bytes())
    content[where.data_page_offset : where.data_page_offset + where.total_compressed_size] = bytes(
        where.total_compressed_size)
    found = read(input_file(path, bytes(content)))
    assert [getattr(item, "cause", "kept") for item in found] == ["kept", "kept", "damaged_record", *["kept"] * 6]
    assert [item.source_id for item in found if isinstance(item, Document)] == [*"01456789"]


def test_a_row_group_that_claims_too_much_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "MAX_ROW_GROUP_BYTES", 60)
    table = pa.table({"text": ["x", "y" * 99, "z"]})
    found = read(write(tmp_path / "a.parquet", table, row_group_size=1))
    assert [getattr(item, "cause", "kept") for item in found] == ["kept", "too_large", "kept"]


def test_an_encrypted_column_is_told_and_ends_nothing(tmp_path):
    """pyarrow's own account of such a column ends the process: a file with a text that others may not read."""

    class Keys(encryption.KmsClient):
        def wrap_key(self, key_bytes, master_key_identifier):
            return base64.b64encode(key_bytes)

        def unwrap_key(self, wrapped_key, master_key_identifier):
            return base64.b64decode(wrapped_key)

    secret = encryption.CryptoFactory(lambda _: Keys()).file_encryption_properties(
        encryption.KmsConnectionConfig(), encryption.EncryptionConfiguration(
            footer_key="a", column_keys={"b": ["other"]}, plaintext_footer=True))
    table = pa.table({"text": ["one", "two"], "other": ["x", "y"]})
    file = write(tmp_path / "a.parquet", table, encryption_properties=secret)
    assert [item.text for item in read(file)] == ["one", "two"]
    (found,) = read(file, text="other")
    assert found.cause == "damaged_record" and "ecrypt" in found.detail

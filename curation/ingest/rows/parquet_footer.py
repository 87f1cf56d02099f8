"""What a Parquet file says of its row groups, read here: on some contradictions in it pyarrow 26 ends the process.

Its classes for row groups and column chunks let C++ errors through (of histograms, counts, encryption), where its
readers answer with one in Python. The footer is `FileMetaData` in Thrift's compact protocol (parquet.thrift of
apache/parquet-format 2.11, thrift-compact-protocol.md).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TAIL_BYTES = 8  # the length of the footer, and PAR1
_MAX_DEPTH = 16  # of structures in one another; the format needs seven
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = range(1, 14)


@dataclass(frozen=True)
class RowGroup:
    """Its rows, the bytes it takes in the file, and the bytes of each column when decompressed, by dotted path."""

    rows: int
    stored_bytes: int
    column_bytes: dict[str, int]


def row_groups(path: Path) -> list[RowGroup]:
    """Of the file, in order; time and memory linear in the footer. Raises ValueError for one that makes no sense."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != b"PAR1" or length > size - _TAIL_BYTES:
            raise ValueError("it has no footer")
        file.seek(size - _TAIL_BYTES - length)
        footer = _Compact(file.read(length))
    try:
        return [_row_group(group) for group in footer.struct().get(4, [])]
    except (IndexError, KeyError, TypeError, AttributeError):
        raise ValueError("its footer cannot be read") from None


def _row_group(fields: dict[int, Any]) -> RowGroup:
    rows, stored, columns = fields[3], 0, {}
    for chunk in fields[1]:
        about = chunk.get(3)
        if about is None:  # encrypted; whoever reads it is told
            continue
        path, whole, compressed = about[3], about[6], about[7]
        if whole < 0 or compressed < 0:
            raise ValueError("a column of negative size")
        columns[b".".join(path).decode()] = whole
        stored += compressed
    if rows < 0:
        raise ValueError("a row group of less than no rows")
    return RowGroup(rows, stored, columns)


class _Compact:
    """Values of Thrift's compact protocol: a structure as its fields by number."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        if depth > _MAX_DEPTH:
            raise ValueError("its footer is nested too deeply")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return fields

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("its footer holds a number of too many bytes")

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _bytes(self, length: int) -> bytes:
        value = self._data[self._at:self._at + length]
        if len(value) < length:
            raise IndexError
        self._at += length
        return value

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._signed()
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            head = self._byte()
            length, of = (self._unsigned() if head >> 4 == 15 else head >> 4), head & 15
            return [self._value(of, depth + 1) for _ in range(length)]
        if kind == _MAP:
            if length := self._unsigned():
                kinds = self._byte()
                for _ in range(length):
                    self._value(kinds >> 4, depth + 1), self._value(kinds & 15, depth + 1)
            return None  # no map says anything of sizes
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind in (_DOUBLE, _UUID):
            return self._bytes(8 if kind == _DOUBLE else 16)
        raise ValueError("its footer holds values of no kind")

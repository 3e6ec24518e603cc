"""A document of any length is read a piece at a time, whatever falls on the border between two pieces."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.actions.territory_file import stream
from booking.actions.territory_file.stream import Document, NotJson

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def read(path: Path) -> dict[str, Any]:
    with Document(path) as document:
        return {each.name: each.value if each.rows is None else list(each.rows) for each in document.members()}


@given(
    content=st.dictionaries(st.text(max_size=6), VALUES, max_size=4),
    indent=st.sampled_from([None, 1]),
    piece=st.integers(1, 5),
)
def test_it_reads_what_the_standard_library_reads(
    content: dict[str, Any], indent: int | None, piece: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("stream") / "document.json"
    file.write_text(json.dumps(content, indent=indent), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "PIECE", piece)
        assert read(file) == content


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"a"', '{"a":', '{"a": [1', '{"a": [1,]}', '{"a": [1 2]}', '{"a": 1,}', '{"a": 1} 2', "{'a': 1}"],
)
@pytest.mark.parametrize("piece", [1, 1000])
def test_what_is_no_such_document_is_refused(
    text: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PIECE", piece)
    (tmp_path / "document.json").write_text(text, encoding="utf-8")
    with pytest.raises(NotJson):
        read(tmp_path / "document.json")


def test_rows_that_nobody_takes_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "document.json").write_text('{"a": [1, [2], {"b": 3}], "c": 4}', encoding="utf-8")
    with Document(tmp_path / "document.json") as document:
        assert [member.name for member in document.members()] == ["a", "c"]


def test_a_mark_of_byte_order_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "document.json").write_text('{"a": 1}', encoding="utf-8-sig")
    assert read(tmp_path / "document.json") == {"a": 1}


def test_other_encodings_are_told(tmp_path: Path) -> None:
    (tmp_path / "document.json").write_bytes('{"a": "é"}'.encode("latin-1"))
    with pytest.raises(NotJson) as refused:
        read(tmp_path / "document.json")
    assert refused.value.problem == "encoding"


def test_memory_does_not_grow_with_the_list(tmp_path: Path) -> None:
    file = tmp_path / "document.json"
    row = json.dumps({"name": "x" * 200})
    file.write_text('{"rows": [' + ", ".join([row] * 50_000) + "]}", encoding="utf-8")
    tracemalloc.start()
    with Document(file) as document:
        (member,) = (each for each in document.members() if sum(1 for _ in each.rows or ()) == 50_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert member.name == "rows"
    assert peak < file.stat().st_size / 3

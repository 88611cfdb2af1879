"""Reading delimited text: encodings, headers, broken rows. Fault numbers are those of the fault list."""

import csv
import tracemalloc
from io import BytesIO, StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import PayloadRejected
from etl import delimited
from etl.delimited import read
from tests.strategies import damaged


def table(raw: bytes, required=("a", "b"), known=(), **how):
    chunks = list(read(BytesIO(raw), "file.csv", required, known, **how))
    rows = {n: tuple(row) for chunk in chunks for n, row in zip(chunk.frame.index, chunk.frame.to_numpy(), strict=True)}
    return rows, [broken for chunk in chunks for broken in chunk.broken]


@pytest.mark.parametrize(
    "raw",
    [
        "a,b\né,2\n".encode(),
        "a,b\né,2\n".encode("utf-8-sig"),
        "a,b\né,2\n".encode("utf-16"),
        "\ufeffa\tb\né\t2\n".encode("utf-16-be"),
        "a;b\r\né;2\r\n".encode(),
        "a\tb\né\t2".encode(),
        "a,b\ré,2\r".encode(),
        '\r\n"a";"b"\r\n\r\n"é";"2"\r\n\r\n'.encode(),
    ],
)
def test_f23_encodings_delimiters_and_line_ends(raw):
    assert table(raw) == ({1: ("é", "2")}, [])


@pytest.mark.parametrize("encoding", ["cp1252", "cp1256", "utf-16-le", "utf-16-be", "utf-32"])
def test_f23_another_encoding_is_refused_by_name(encoding):
    text = "a,b\nü,2\n" if encoding != "cp1256" else "a,b\nب,2\n"
    with pytest.raises(PayloadRejected, match=r"is not UTF-8|NUL bytes|not UTF-16"):
        table(text.encode(encoding))


def test_f23_a_declared_encoding_is_read_without_mojibake():
    assert table("a,b\né,2\n".encode("cp1252"), encodings=("cp1252",))[0] == {1: ("é", "2")}
    assert table("a,b\né,2\n".encode(), encodings=("cp1252",))[0] == {1: ("é", "2")}


def test_f23_a_foreign_byte_far_into_the_file_is_named_with_its_place(monkeypatch):
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    monkeypatch.setattr(delimited, "_HEAD_BYTES", 16)
    raw = b"a,b\n" + b"1,2\n" * 100 + b"\xe9,2\n"
    with pytest.raises(PayloadRejected, match="byte 404 cannot be read; save it as UTF-8"):
        table(raw)
    assert len(table(raw, encodings=("cp1252",))[0]) == 101


def test_f23_a_letter_split_between_blocks_stays_whole(monkeypatch):
    for size in range(1, 12):
        monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
        monkeypatch.setattr(delimited, "_HEAD_BYTES", 4)
        assert table("a,b\néé,😀\n".encode())[0] == {1: ("éé", "😀")}
        monkeypatch.setattr(delimited, "_HEAD_BYTES", 10)
        assert table("a,b\néé,😀\n".encode("utf-16"))[0] == {1: ("éé", "😀")}


def test_f24_rows_with_other_numbers_of_fields_are_named_and_the_rest_is_read():
    rows, broken = table(b'a,b\n1,2\n3\n"x\ny",5,6\n7,8\n')
    assert rows == {1: ("1", "2"), 4: ("7", "8")}
    assert [(b.row, b.line, b.reason, b.text) for b in broken] == [
        (2, 3, "has 1 fields instead of 2", "3"),
        (3, 4, "has 3 fields instead of 2", '"x\ny",5,6'),
    ]


def test_f24_an_unclosed_quotation_mark_never_swallows_the_rest():
    rows, broken = table(b'a,b\n1,"open\n2,3\n4,"x, y"\n')
    assert rows == {2: ("2", "3"), 3: ("4", "x, y")}
    assert [(b.row, b.line, b.text) for b in broken] == [(1, 2, '1,"open')]


def test_f24_duplicate_header():
    with pytest.raises(PayloadRejected, match="twice: a"):
        table(b"a,b,a\n1,2,3\n")


def test_f27_renamed_columns_fail_with_the_list_and_added_ones_do_not():
    with pytest.raises(PayloadRejected, match=r"lacks the columns b, c; columns not known here: d"):
        table(b"a,d\n1,2\n", required=("a", "b", "c"))
    (chunk,) = [c for c in read(BytesIO(b"a,b,known,new,\n1,2,3,4,5\n"), "f", ("a", "b"), ("known",)) if len(c.frame)]
    assert chunk.added == ("new", "column 5")
    assert chunk.frame.columns.tolist() == ["a", "b", "known", "new", "column 5"]


def test_only_the_asked_columns_are_read_in_the_order_of_the_file():
    (chunk,) = [c for c in read(BytesIO(b"c,b,a\n1,2,3\n"), "f", ("a", "b", "c"), only=("a", "c")) if len(c.frame)]
    assert chunk.frame.to_dict("list") == {"c": ["1"], "a": ["3"]}


def test_f25_f26_codes_stay_the_text_they_are():
    rows, _ = table(b"a,b\nNA,0012\n,1E5\nnull,UA01\nTrue, 1 \n")
    assert list(rows.values()) == [("NA", "0012"), ("", "1E5"), ("null", "UA01"), ("True", " 1 ")]


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "is empty"), (b"\n\r\n", "is empty"), (b" \n", "is empty"),
        (b"<!DOCTYPE html><html><body>login</body></html>", "an HTML page"), (b"\n<html>", "an HTML page"),
        (b'\xef\xbb\xbf {"a": 1}', "a JSON document"),
        (b"PK\x03\x04....", "a zip file"), (b"\x1f\x8b\x08", "a gzip file"), (b"%PDF-1.4\n", "a PDF document"),
        (b'<OGRVRTDataSource><OGRVRTLayer name="x">', "a GDAL virtual data set"), (b"\x00\x01\x02", "NUL bytes"),
        (b"a,b" * 100_000, "no line end"), (b'"a,b\n1,2\n', "lacks the columns"),
    ],
)  # fmt: skip
def test_f06_what_is_no_table_is_refused_by_name(raw, what):
    with pytest.raises(PayloadRejected, match=what):
        table(raw)


def test_f29_odd_characters_stay_in_their_cell():
    rows, broken = table("a,b\n1,\x00\n2,\u202eabc\n3,😀\n".encode())
    assert rows == {1: ("1", "\x00"), 2: ("2", "\u202eabc"), 3: ("3", "😀")}
    assert broken == []


def test_f29_a_cell_of_a_megabyte_costs_its_row():
    rows, broken = table(b"a,b\n1," + b"x" * 1_200_000 + b"\n2,3\n")
    assert rows == {2: ("2", "3")}
    assert (broken[0].line, len(broken[0].text)) == (2, 2_000)


def test_a_header_alone_is_an_empty_table_with_its_columns():
    for raw in (b"a,b\n", b"a,b"):
        frames = [chunk.frame for chunk in read(BytesIO(raw), "file.csv", ("a", "b"))]
        assert (sum(map(len, frames)), frames[0].columns.tolist()) == (0, ["a", "b"])


def test_a_row_can_be_seen_as_it_stood_on_its_line():
    chunks = list(read(BytesIO(b'a,b\n\n"x\ny","say ""hi"""\r\n3,4\n'), "file.csv", ("a", "b")))
    chunk = chunks[0]
    assert chunk.frame.to_numpy().tolist() == [["x\ny", 'say "hi"'], ["3", "4"]]
    assert chunk.lines.to_dict() == {1: 3, 2: 5}
    assert [chunk.text(row) for row in chunk.frame.index] == ['"x\ny","say ""hi"""', "3,4"]


def test_numbers_and_lines_hold_over_many_blocks(monkeypatch):
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1 << 20)
    rows = [
        f'{n},"two\nlines"' if n % 7 == 0 else ("lost" if n % 1000 == 3 else f"{n},{'y' * 40}")
        for n in range(1, 90_001)
    ]
    line, lines = 2, {}
    for number, row in enumerate(rows, start=1):
        lines[number], line = line, line + row.count("\n") + 1
    seen, lost = 0, 0
    for chunk in read(BytesIO(("a,b\n" + "\n".join(rows)).encode()), "file.csv", ("a", "b")):
        assert (chunk.frame["a"].astype("int64") == chunk.frame.index).all()
        assert chunk.lines.to_dict() == {row: lines[row] for row in chunk.frame.index}
        assert all(item.line == lines[item.row] and item.text == "lost" for item in chunk.broken)
        seen, lost = seen + len(chunk.frame), lost + len(chunk.broken)
    assert (seen, lost) == (len(rows) - rows.count("lost"), rows.count("lost"))


def test_a_large_file_is_read_in_bounded_memory():
    class Endless:
        """A hundred megabytes that are made as they are read."""

        left = 100 << 20

        def read(self, size):
            size = min(size, self.left)
            self.left -= size
            return (b"123,abcdefghijk\n" * (size // 16 + 1))[:size]

    stream = Endless()
    stream.read = lambda size, rest=stream.read, head=[b"a,b\n"]: head.pop() if head else rest(size)
    tracemalloc.start()
    rows = sum(len(chunk.frame) for chunk in read(stream, "file.csv", ("a", "b"), only=("a",)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == (100 << 20) // 16
    assert peak < 400 << 20


cells = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=20), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_writes_is_read_back(rows, delimiter, line_end):
    buffer = StringIO(newline="")
    written = csv.writer(buffer, quoting=csv.QUOTE_ALL, delimiter=delimiter, lineterminator=line_end)
    written.writerows([("a", "b"), *rows])
    assert table(buffer.getvalue().encode()) == (dict(enumerate(rows, start=1)), [])


@settings(deadline=None)
@given(damaged(b'a,b,c\n1,"two, and",3\n4,"say ""x""",6\r\n7,8,9\n'))
def test_damaged_bytes_are_read_or_refused_and_every_row_has_its_number_once(raw):
    try:
        rows, broken = table(raw, required=("a", "b", "c"))
    except PayloadRejected:
        return
    numbers = [*rows, *(item.row for item in broken)]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))

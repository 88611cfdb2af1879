"""Cutting text into records: the vectorised way and the careful way must agree, whatever the text."""

import csv
import re
import time
from io import StringIO
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl import records as module
from etl.records import MOST_RECORD_BYTES, records


def cut(data: bytes, delimiter=",", size=None):
    """Records as (row, line, text) and the broken ones alike, with blocks of ``size`` bytes."""
    blocks = [data[at : at + (size or len(data) or 1)] for at in range(0, len(data), size or len(data) or 1)]
    sound, broken = [], []
    for part in records(iter(blocks), delimiter):
        sound += [
            (int(row), int(line), part.data[start:end])
            for row, line, start, end in zip(part.rows, part.lines, part.starts[:-1], part.starts[1:], strict=True)
        ]
        broken += [(item.row, item.line, item.text) for item in part.broken]
    return sound, broken


def test_records_know_their_number_and_line():
    sound, broken = cut(b'a,b\n\n"x\ny",2\r\n\r\n3,4')
    assert sound == [(1, 1, b"a,b\n"), (2, 3, b'"x\ny",2\r\n'), (3, 6, b"3,4\n")]
    assert broken == []


def test_f24_an_open_quote_costs_one_line():
    sound, broken = cut(b'a,b\n1,"open\n2,x\n3,"y, z"\n4,"p\nq"\n')
    assert [item[2] for item in sound] == [b"a,b\n", b"2,x\n", b'3,"y, z"\n', b'4,"p\nq"\n']
    assert broken == [(2, 2, '1,"open')]
    assert [item[0] for item in sound] == [1, 3, 4, 5]


def test_f24_an_open_quote_at_the_end_of_a_large_file_is_found_in_time():
    line = b"1,x,plain text without any marks\n"
    data = b'1,"open\n' + line * 200_000
    began = time.process_time()
    sound, broken = cut(data, size=1 << 20)
    assert time.process_time() - began < 5
    assert len(sound) == 200_000
    assert broken == [(1, 1, '1,"open')]


def test_an_odd_quote_in_every_line_is_no_hang():
    began = time.process_time()
    sound, broken = cut(b'1,""x"\n' * 100_000)
    assert time.process_time() - began < 10
    assert (len(sound), len(broken)) == (0, 100_000)


def test_a_quote_within_an_unquoted_field_is_a_character():
    assert cut(b'1,5" pipe\n2,x\n') == ([(1, 1, b'1,5" pipe\n'), (2, 2, b"2,x\n")], [])


def test_a_stray_carriage_return_costs_one_line():
    sound, broken = cut(b'1,a\rb\n"q\rq",2\n')
    assert [item[2] for item in sound] == [b'"q\rq",2\n']
    assert broken == [(1, 1, "1,a\rb")]


@pytest.mark.parametrize("size", [None, 1 << 16])
@pytest.mark.parametrize("cell", [b"x" * (MOST_RECORD_BYTES + 1), b'"' + b"x" * 3_000_000, b'"' + b"x," * 900_000])
def test_f29_a_line_too_long_is_set_aside_and_never_kept_whole(cell, size):
    sound, broken = cut(b"1," + cell + b"\n2,y\n", size=size)
    assert sound == [(2, 2, b"2,y\n")]
    assert [(row, line, len(text) <= 2_000) for row, line, text in broken] == [(1, 1, True)]


def test_a_line_without_end_is_dropped_as_it_comes():
    def endless():
        yield b"1,2\n"
        for _ in range(64):
            yield b"\x01" * (1 << 20)

    kept = [part for part in records(endless(), ",") if len(part.rows) or part.broken]
    assert [len(part.rows) for part in kept] == [1, 0]
    assert max(len(part.data) for part in kept) <= 2 * MOST_RECORD_BYTES


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8) | st.sampled_from(
    ["", '"', '""', ",", "\n", "\r\n", 'a"b', " "]
)


@settings(deadline=None)
@given(st.lists(st.lists(cells, min_size=1, max_size=4), max_size=12), st.integers(1, 40))
def test_what_a_writer_writes_is_cut_as_it_was_written_at_any_block_size(rows, size):
    written = [StringIO(newline="") for _ in rows]
    for row, buffer in zip(rows, written, strict=True):
        csv.writer(buffer, quoting=csv.QUOTE_ALL).writerow(row)
    lines = [buffer.getvalue().encode() for buffer in written]
    sound, broken = cut(b"".join(lines), size=size)
    assert [item[2] for item in sound] == lines
    assert broken == []
    assert [item[0] for item in sound] == list(range(1, len(lines) + 1))


marks = st.lists(st.sampled_from([b"a", b",", b'"', b'""', b"\n", b"\r\n", b"\r", b"1", b'",', b',"']), max_size=40)


@settings(deadline=None)
@given(marks, st.integers(1, 20))
def test_every_line_is_sound_broken_or_blank_whatever_the_text(pieces, size):
    data = b"".join(pieces)
    sound, broken = cut(data, size=size)
    assert (sound, broken) == cut(data)
    numbers = sorted([item[0] for item in sound] + [item[0] for item in broken])
    assert numbers == list(range(1, len(numbers) + 1))
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    blank = len([line for line in lines if line in {b"", b"\r"}])
    used = sum(item[2].count(b"\n") for item in sound) + len(broken)
    assert used <= len(lines) <= used + blank


@settings(deadline=None)
@given(marks)
def test_the_quick_way_finds_what_the_careful_way_finds(pieces):
    data = b"".join(pieces) + b"\n"
    starts, _ = module._sound_starts(data, b",")
    pattern = re.compile(rb'(?:"(?:[^"]|"")*"|[^",\r\n][^,\r\n]*|)(?:,(?:"(?:[^"]|"")*"|[^",\r\n][^,\r\n]*|))*\r?\n')
    for start, end in pairwise(starts):
        assert pattern.fullmatch(data[start:end])


@settings(deadline=None)
@given(marks, st.integers(1, 20), st.integers(3, 30))
def test_the_limit_of_a_record_cuts_the_same_whatever_the_blocks(pieces, size, limit):
    data = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_RECORD_BYTES", limit)
        sound, broken = cut(data, size=size)
        assert [item[:2] for item in broken] == [item[:2] for item in cut(data)[1]]
        assert sound == cut(data)[0]
    assert all(len(item[2]) <= limit for item in sound)

"""The one table within a zip file."""

import io
import struct
import zipfile

import pytest

from data.errors import PayloadRejected
from etl.source import Payload
from etl.zipped import single_csv


def zipped(*members: tuple[str, bytes], method=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as bundle:
        for name, content in members:
            bundle.writestr(name, content)
    return buffer.getvalue()


def read(body: bytes, max_bytes: int = 10_000_000) -> bytes:
    with single_csv(Payload("events.zip", body), max_bytes) as table:
        return table.read()


def test_the_one_table_is_read_and_other_files_are_left_alone():
    assert read(zipped(("ged.csv", b"a,b\n"), ("readme.pdf", b"%PDF"), ("__MACOSX/._ged.csv", b"x"))) == b"a,b\n"


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "/etc/x.csv", "C:\\x.csv", "a/b/c.CSV"])
def test_a_name_is_never_a_path(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read(zipped((name, b"a,b\n"))) == b"a,b\n"
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("members", [(), (("readme.txt.pdf", b"x"),), (("a.csv", b"1"), ("b.csv", b"2"))])
def test_none_or_several_tables_are_refused(members):
    with pytest.raises(PayloadRejected, match="CSV files, not one"):
        read(zipped(*members))


def test_f10_a_bomb_is_refused_before_it_is_opened():
    with pytest.raises(PayloadRejected, match="unpacks to 50,000,000 bytes"):
        read(zipped(("bomb.csv", b"0" * 50_000_000)), max_bytes=100_000_000)
    with pytest.raises(PayloadRejected, match="unpacks to"):
        read(zipped(("large.csv", b"1,2\n" * 10), method=zipfile.ZIP_STORED), max_bytes=39)


def test_f10_a_bomb_that_lies_about_its_size_is_cut_at_the_lie():
    body = zipped(("bomb.csv", b"0" * 1_000_000))
    lie = struct.pack("<I", 100)
    with pytest.raises(PayloadRejected):
        read(body.replace(struct.pack("<I", 1_000_000), lie))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused(method):
    with pytest.raises(PayloadRejected, match="packed in a way"):
        read(zipped(("a.csv", b"a,b\n"), method=method))


def test_damage_is_refused_by_name():
    body = zipped(("a.csv", bytes(range(256)) * 40))
    for at in range(0, len(body), 3):
        damaged = body[:at] + bytes([body[at] ^ 0x55]) + body[at + 1 :]
        try:
            read(damaged)
        except PayloadRejected:
            continue
    with pytest.raises(PayloadRejected):
        read(body[: len(body) // 2])

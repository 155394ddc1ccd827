"""The files of an upload of several certificate requests, archives among them."""

import io
import struct
import zipfile

import pytest

from applications.rules import request_files
from applications.rules.request_files import NoArchive, Skipped, TooMuch, files_of


def archive(files, **how):
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", **how) as packed:
        for name, data in files:
            packed.writestr(name, data)
    return kept.getvalue()


def test_an_archive_is_unpacked_by_the_names_of_its_files_alone():
    packed = archive(
        [
            ("../../etc/a.csr", b"a"),
            ("folder/deeper/b.PEM", b"b"),
            ("folder\\c.req", b"c"),
            ("folder/c.key", b"k"),
            ("empty/", b""),
            ("__MACOSX/._a.csr", b"x"),
            ("notes.docx", b"x"),
            ("inner.zip", archive([("d.csr", b"d")])),
        ]
    )
    found = files_of([("all.zip", packed), ("e.der", b"e"), ("photo.png", b"x")])
    assert [(one.name, one.data) for one in found if one.skipped is None] == [
        *[("a.csr", b"a"), ("b.PEM", b"b"), ("c.req", b"c"), ("c.key", b"k"), ("e.der", b"e")]
    ]
    others = [one.name for one in found if one.skipped is Skipped.OTHER_KIND]
    assert others == ["notes.docx", "inner.zip", "photo.png"]


@pytest.mark.parametrize(
    "name",
    [
        "-----BEGIN PRIVATE KEY-----MIGHAgEAMBMGByqGSM49.csr",
        "-----BEGIN PRI\x0bVATE KEY-----.pem",
        f"-----BEGIN PRIVATE KEY-----{'A' * 200}.csr",
        "avain MIGHAgEAMBMGByqGSM49AgEG/pyynto.csr",
    ],
)
def test_a_file_whose_name_holds_a_private_key_is_not_read_and_not_named(name):
    for uploads in ([(name, b"x")], [("all.zip", archive([(name, b"x")]))]):
        (one,) = files_of(uploads)
        assert (one.name, one.data, one.skipped) == ("?", b"", Skipped.PRIVATE_KEY)


def test_a_name_of_sixty_kilobytes_is_not_searched_for_a_key(monkeypatch):
    """A hundred of them took ten seconds of the processor."""
    searched = []
    monkeypatch.setattr(request_files, "shows_private_key", lambda name: searched.append(len(name)))
    found = files_of([("all.zip", archive([("a" * 60_000 + ".csr", b"a"), ("b.csr", b"b")]))])
    assert [(one.name, one.skipped) for one in found] == [
        *[("?", Skipped.OTHER_KIND), ("b.csr", None)]
    ]
    assert max(searched) < 100


def test_a_bomb_is_not_unpacked():
    megabyte = b"\0" * 1024 * 1024
    bomb = archive([(f"{n}.csr", megabyte) for n in range(50)], compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(TooMuch):
        files_of([("bomb.zip", bomb)])
    huge = archive([("one.csr", megabyte * 20)], compression=zipfile.ZIP_DEFLATED)
    (one,) = files_of([("huge.zip", huge)])
    assert (one.skipped, one.data) == (Skipped.TOO_BIG, b"")
    many = archive([(f"{n}.csr", b"x") for n in range(request_files.MOST_FILES + 1)])
    with pytest.raises(TooMuch):
        files_of([("many.zip", many)])


def test_what_is_skipped_counts_as_much_as_it_was_unpacked():
    huge = [(f"{n}.csr", b"\0" * (2 * 1024 * 1024)) for n in range(9)]
    few = archive(huge[:7], compression=zipfile.ZIP_DEFLATED)
    assert {one.skipped for one in files_of([("few.zip", few)])} == {Skipped.TOO_BIG}
    with pytest.raises(TooMuch):
        files_of([("huge.zip", archive(huge, compression=zipfile.ZIP_DEFLATED))])


def test_an_archive_of_folders_and_of_what_macos_adds_is_not_opened_without_end(monkeypatch):
    requests = [(f"{n}.csr", b"x") for n in range(request_files.MOST_FILES)]
    beside = [(f"__MACOSX/._{n}.csr", b"x") for n in range(request_files.MOST_FILES)]
    assert len(files_of([("mac.zip", archive(requests + beside))])) == request_files.MOST_FILES
    folders = archive([(f"{n}/", b"") for n in range(request_files.MOST_ENTRIES + 1)])
    opened = []
    monkeypatch.setattr(request_files, "ZipFile", opened.append)
    with pytest.raises(TooMuch):
        files_of([("folders.zip", folders)])
    assert opened == []


def test_an_entry_that_says_it_begins_beyond_the_largest_file_is_damaged():
    """Its place stands in 64 bits (APPNOTE.TXT 4.5.3), of which Python's files take 63."""
    kept, entry = io.BytesIO(), zipfile.ZipInfo("a.csr")
    with zipfile.ZipFile(kept, "w") as packed:
        packed.writestr(entry, b"a")
        entry.extra = struct.pack("<HHQ", 1, 8, 2**63)
    data = bytearray(kept.getvalue())
    place = data.index(b"PK\x01\x02") + 42
    data[place : place + 4] = b"\xff" * 4
    (one,) = files_of([("all.zip", bytes(data))])
    assert (one.name, one.skipped) == ("a.csr", Skipped.DAMAGED)


def test_what_cannot_be_unpacked_is_said():
    with pytest.raises(NoArchive):
        files_of([("cut.zip", archive([("a.csr", b"a")])[:30])])
    broken = archive([("a.csr", b"abcdefgh"), ("b.csr", b"b")]).replace(b"abcdefgh", b"abcdefgX")
    bzip = archive([("c.csr", b"c" * 99)], compression=zipfile.ZIP_BZIP2)
    locked = bytearray(archive([("d.csr", b"d")]))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    found = files_of([("1.zip", broken), ("2.zip", bzip), ("3.zip", bytes(locked))])
    assert [one.skipped for one in found] == [
        *[Skipped.DAMAGED, None, Skipped.DAMAGED, Skipped.ENCRYPTED]
    ]

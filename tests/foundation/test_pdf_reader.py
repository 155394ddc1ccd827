"""PDFs are opened by a child that can do nothing else, and shown as copies that trigger nothing."""

import os
import subprocess
import sys
import time
from functools import partial
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
import structlog

from certportal.dev.builders.documents import pdf
from certportal.foundation import turns
from certportal.foundation.errors import Unavailable
from certportal.foundation.files.documents import (
    ActivePdf,
    ComplexPdf,
    DamagedPdf,
    EncryptedPdf,
    NotPdf,
    check_pdf,
    viewing_copy,
)
from certportal.foundation.files.pdf import confine, reader
from certportal.foundation.files.scanning import clamd
from tests.foundation import pdfs

pytestmark = pytest.mark.usefixtures("english")

SCRIPT = b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"
PASSIVE = b"<< /Type /Catalog /Pages 2 0 R >>"
IN_OBJECT_STREAM = pdfs.updated_in_object_stream(pdf(), SCRIPT)


@pytest.mark.parametrize("what", pdfs.ACTIVE)
def test_what_acts_is_found_in_object_streams(what):
    change, told = pdfs.ACTIVE[what]
    with pytest.raises(ActivePdf, match=told):
        check_pdf(pdfs.changed(change))


def test_everything_found_is_told():
    def change(document):
        pdfs.with_xfa(document)
        pdfs.on_page(document)

    with pytest.raises(ActivePdf, match=r"programs .*, a dynamic form"):
        check_pdf(pdfs.changed(change))


@pytest.mark.parametrize(
    "data",
    [
        pdfs.updated(pdf(), {1: SCRIPT}),
        pdfs.updated_in_object_stream(pdf(), SCRIPT),
        pdfs.updated(pdfs.updated(pdf(), {1: SCRIPT}), {1: PASSIVE}),
        pdfs.updated(IN_OBJECT_STREAM, {1: PASSIVE}),
        pdfs.updated(IN_OBJECT_STREAM, {1: PASSIVE, 18: b"null"}),
    ],
    ids=[
        *["added later", "added later in an object stream", "taken away later"],
        *["taken away from an object stream", "taken away with its object stream"],
    ],
)
def test_every_version_of_the_document_counts(data):
    with pytest.raises(ActivePdf, match="programs"):
        check_pdf(data)


@pytest.mark.parametrize(
    "data",
    [
        pdfs.updated_in_object_stream(pdf(), PASSIVE),
        pdfs.updated(pdfs.signed(), {1: PASSIVE}),
        pdfs.changed(pdfs.with_form_and_links, linearize=True),
    ],
    ids=["in an object stream", "after a signature", "linearized"],
)
def test_a_harmless_update_is_taken(data):
    assert viewing_copy(data).startswith(b"%PDF-")


@pytest.mark.parametrize(("user", "revision"), [("", 6), ("salasana", 6), ("", 4), ("", 2)])
def test_encryption_is_refused_though_it_may_open_without_a_password(user, revision):
    with pytest.raises(EncryptedPdf):
        check_pdf(pdfs.encrypted(user, revision))


@pytest.mark.parametrize(
    "data",
    [
        pdfs.changed(pdfs.loop),
        pdfs.repeated_key(),
        pdf().replace(b"5 0 obj", b"6 0 obj"),
    ],
    ids=["circle of pages", "repeated key", "wrong number"],
)
def test_what_readers_may_read_differently_is_refused(data):
    with pytest.raises(DamagedPdf):
        check_pdf(data)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_truncated_document_is_refused(cut):
    data = pdfs.changed(pdfs.with_form_and_links)
    with pytest.raises(NotPdf):
        check_pdf(data[: int(len(data) * cut)])
    end = data[data.rindex(b"startxref") :]
    with pytest.raises(NotPdf):
        check_pdf(data[: int(len(data) * cut)] + end)


@pytest.mark.parametrize(
    "made",  # by the test alone: it takes seconds
    [
        partial(pdfs.bomb),
        partial(pdfs.bomb, layers=2),
        partial(pdfs.bomb, layers=3),
        partial(pdfs.bomb, layers=9),
        partial(pdfs.bomb, layers=2, image=True),
        partial(pdfs.many_objects, 120_000),
        partial(pdfs.deep, 5_000),
        partial(pdfs.deep, 2_000_000),
    ],
    ids=["1 GB", "twice", "thrice", "nine times", "image", "many objects", "deep", "deeper"],
)
def test_a_bomb_is_refused_in_time_and_this_process_does_not_grow(made):
    data = made()
    before, begun = resident(), time.monotonic()
    with pytest.raises((ComplexPdf, DamagedPdf)):
        check_pdf(data)
    assert time.monotonic() - begun < 2 * reader.SECONDS  # whoever ended it, it has ended
    assert resident() - before < 64 * 1024


def resident() -> int:
    """Return the kilobytes this process holds in memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


# ------------------------------------------------------------------ the copy


def copied(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(viewing_copy(data)), attempt_recovery=False)


def text_of(data: bytes) -> str:
    command = ["pdftotext", "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode()


def test_a_copy_shows_the_pages_and_triggers_nothing():
    data = pdfs.changed(pdfs.with_form_and_links)
    copy = copied(data)
    assert set(copy.Root.keys()) == {"/Type", "/Pages"}
    assert "/Annots" not in copy.pages[0]
    written = BytesIO()
    copy.write_qpdf_json(written, json_stream_data=pikepdf.JSONStreamData.none)
    for name in (b'"/A"', b'"/AA"', b'"/URI"', b'"/AcroForm"', b'"/Outlines"', b'"/Title"'):
        assert name not in written.getvalue()
    assert text_of(viewing_copy(data)).split() == ["Vaatimuksenmukaisuustodistus", "Kontio"]


def test_a_signed_document_is_taken_and_its_copy_shows_the_signature_s_looks():
    copy = viewing_copy(pdfs.signed())
    assert "Signed by Seppo" in text_of(copy)
    assert b"/ByteRange" not in copy


def test_layers_that_were_hidden_stay_hidden_and_the_structure_stays():
    def change(document):
        layer = document.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="Piilo"))
        off = pikepdf.Dictionary(OFF=pikepdf.Array([layer]))
        document.Root.OCProperties = pikepdf.Dictionary(OCGs=pikepdf.Array([layer]), D=off)
        document.Root.Lang = pikepdf.String("fi")
        attributes = pikepdf.Dictionary(O=pikepdf.Name.Layout, Placement=pikepdf.Name.Block)
        part = pikepdf.Dictionary(Type=pikepdf.Name.StructElem, S=pikepdf.Name.P, A=attributes)
        root = pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot, K=document.make_indirect(part))
        document.Root.StructTreeRoot = root

    copy = copied(pdfs.changed(change))
    assert len(copy.Root.OCProperties.D.OFF) == 1
    assert copy.Root.StructTreeRoot.K.A.Placement == "/Block"
    assert copy.Root.Lang == "fi"


def test_links_are_dead_in_the_structure_too():
    """A structure element refers to the link's annotation (ISO 32000-2, 14.7.5.3)."""

    def change(document):
        pdfs.with_form_and_links(document)
        link = document.pages[0].Annots[1]
        reference = pikepdf.Dictionary(Type=pikepdf.Name.OBJR, Obj=link)
        part = pikepdf.Dictionary(Type=pikepdf.Name.StructElem, S=pikepdf.Name.Link, K=reference)
        root = pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot, K=document.make_indirect(part))
        document.Root.StructTreeRoot = root

    copy = copied(pdfs.changed(change))
    link = copy.Root.StructTreeRoot.K.K.Obj
    assert link.Subtype == "/Link"
    assert "/A" not in link


# ------------------------------------------------------------------ the child

ATTEMPTS = """
import os, socket, subprocess, sys
sys.path.append(sys.argv[1])
from foundation.files.pdf.confine import confine
assert confine()
def tried(act):
    try:
        act()
    except (OSError, MemoryError, ValueError) as error:
        return type(error).__name__
    return "done"
import resource
print(tried(lambda: open("/etc/hostname")))
print(tried(lambda: os.open("/tmp/pdf", os.O_CREAT | os.O_WRONLY)))
print(tried(lambda: socket.socket()))
print(tried(os.fork))
print(tried(lambda: os.execv("/bin/true", ["true"])))
print(tried(lambda: bytearray(600 * 1024 * 1024)))
print(tried(lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60))))
print(tried(lambda: os.kill(os.getppid(), 0)))
"""


def test_the_child_opens_starts_and_reaches_nothing():
    command = [sys.executable, "-I", "-c", ATTEMPTS, reader.COMMAND[-1]]
    made = subprocess.run(command, capture_output=True, text=True, env={}, check=True)
    refused = ["PermissionError"] * 5
    assert made.stdout.split() == [*refused, "MemoryError", "ValueError", "PermissionError"]


def test_it_computes_and_writes_no_more_than_it_may():
    start = (
        "import sys; sys.path.append(sys.argv[1]);"
        " from foundation.files.pdf.confine import confine; confine()"
    )
    command = [sys.executable, "-I", "-c", f"{start}\nwhile True: print('x' * 999_999)"]
    with open(os.memfd_create("out"), "w+b") as out:
        ended = subprocess.run([*command, reader.COMMAND[-1]], stdout=out, stderr=out, check=False)
        assert ended.returncode != 0
        assert out.seek(0, os.SEEK_END) <= confine.MOST_WRITTEN
    assert confine.SECONDS < reader.SECONDS


def child(monkeypatch, program: str) -> None:
    """Put another program in the child's place."""
    monkeypatch.setattr(reader, "COMMAND", [sys.executable, "-I", "-c", program])


def test_it_knows_no_secret_of_the_service(monkeypatch):
    monkeypatch.setenv("SECRET_KEY_FILE", "/run/secrets/secret_key")
    child(
        monkeypatch,
        "import json, os; print('confined');"
        " print(json.dumps({'verdict': 'passive', 'found': [*os.environ, os.getcwd()]}))",
    )
    assert set(reader.open_pdf(pdf()).found) <= {"LC_CTYPE", "/"}


def test_one_that_never_ends_is_killed(monkeypatch):
    monkeypatch.setattr(reader, "SECONDS", 3)  # a busy machine starts it within these
    child(monkeypatch, "print('confined', flush=True)\nwhile True: pass")
    with pytest.raises(ComplexPdf):
        check_pdf(pdf())


def test_one_that_dies_of_the_document_is_a_refusal(monkeypatch):
    child(monkeypatch, "import os; os.write(1, b'confined\\n'); os.abort()")
    with pytest.raises(ComplexPdf):
        check_pdf(pdf())


@pytest.mark.parametrize("program", ["", "raise SystemExit(1)"])
def test_one_that_does_not_start_is_no_answer(monkeypatch, program):
    child(monkeypatch, program)
    with pytest.raises(Unavailable):
        check_pdf(pdf())


def test_all_places_taken_is_no_answer_soon(monkeypatch):
    """Documents that wait for the slow ones before them must not take the threads of pages."""
    waited = []

    class Taken:
        def acquire(self, timeout):
            waited.append(timeout)
            return False

    monkeypatch.setattr(turns, "_places", Taken())
    with pytest.raises(Unavailable):
        check_pdf(pdf())
    assert waited == [clamd.TURN_SECONDS]


def test_without_the_filter_of_calls_the_log_says_so(monkeypatch):
    child(monkeypatch, "print('unfiltered')\nprint('{\"verdict\": \"passive\"}')")
    with structlog.testing.capture_logs() as logged:
        check_pdf(pdf())
    assert [one["event"] for one in logged] == ["pdf_reader_without_seccomp"]

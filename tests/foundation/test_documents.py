"""What is taken for a PDF, and how names of files are shown."""

import io
import sys
import zipfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.template.defaultfilters import filesizeformat
from django.utils import translation

from certportal.dev.builders import requests
from certportal.dev.builders.documents import pdf
from certportal.foundation.files import documents, storing
from certportal.foundation.files.documents import (
    MAX_BYTES,
    PDF,
    ActivePdf,
    HoldsPrivateKey,
    NotPdf,
    TooBig,
    check_pdf,
    clean_name,
    viewing_copy,
)
from certportal.foundation.files.pdf.reader import Opened

pytestmark = pytest.mark.usefixtures("english")


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("evil.html", "<script>alert(1)</script>")
    return out.getvalue()


def test_a_whole_pdf_is_taken():
    for data in (pdf(), pdf() + b"\r\n"):
        assert viewing_copy(data).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"%PDF-1.7\n",
        b"<html>" + pdf(),
        b"GIF89a" + pdf(),
        b"MZ\x90\x00" + pdf(),
        b"\n" + pdf(),
        pdf()[:-8],
        pdf()[:200],
        pdf() + b"<script>alert(1)</script>",
        pdf() + archive(),
        archive() + pdf(),
        pdf().replace(b"%%EOF", archive() + b"\nstartxref\n9\n%%EOF"),
        pdf().replace(b"startxref\n", b"startxref\n99999"),
        b"%PDF-9.9\n" + pdf()[9:],
        "%PDF-1.7 tekstinä".encode("utf-16"),
    ],
)
def test_anything_else_is_refused(data):
    with pytest.raises(NotPdf):
        check_pdf(data)


@pytest.mark.parametrize(
    ("begins", "said"),
    [
        (b"-----BEGIN CERTIFICATE REQUEST-----\nMIIC", "is a certificate request"),
        (b"\xef\xbb\xbf\r\n-----BEGIN NEW CERTIFICATE REQUEST-----\n", "is a certificate request"),
        (b"0\x82\x02\x100\x81\xf0\x02\x01\x00", "is a certificate request"),
        (b"-----BEGIN CERTIFICATE-----\nMIIC", "is a certificate, not"),
        (b"0\x82\x02\x100\x82\x01\xf0\xa0\x03\x02\x01\x02", "is a certificate, not"),
        (b"My request: -----BEGIN CERTIFICATE REQUEST-----", "is not a PDF document, or"),
    ],
)
def test_a_certificate_or_request_is_told_where_it_belongs(begins, said):
    with pytest.raises(NotPdf, match=said):
        check_pdf(begins)


def test_what_is_examined_as_a_request_is_recognised_as_one_in_both_forms():
    pem = requests.request(requests.new_key(), "ajanvaraus.example.fi")
    der = x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER)
    for data in (pem, der):
        with pytest.raises(NotPdf, match="is a certificate request"):
            check_pdf(data)


def test_a_private_key_given_for_a_document_is_told_to_be_exposed():
    with pytest.raises(HoldsPrivateKey, match="Consider the key exposed"):
        check_pdf(b"-----BEGIN PRIVATE KEY-----\n")


@pytest.mark.parametrize(
    "extra",
    [
        b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >> ",
        b"/OpenAction << /S /Launch /F (cmd.exe) >> ",
        b"/Names << /EmbeddedFiles << >> >> ",
        b"/OpenAction << /S /J#61vaScript /JS (app.alert(1)) >> ",
        b"/OpenAction << /S /#4c#61unch /F (cmd.exe) >> ",
        b"/X1 /=/J#61vaScript /X2 /A#\r /X3 /# /X4 /##",
        b"/X1 /A#\r/Jav#61Script /X2 /A",
        b"/X1 /A##\r/JavaScript /X2 /A",
        b"/X1 /A#\n/JavaScript#\n /X2 /A",
        b"/X1 /A=\r/JavaScrip#74#",
    ],
)
def test_a_pdf_that_acts_or_carries_files_is_refused(extra):
    with pytest.raises(ActivePdf):
        check_pdf(pdf(extra=extra))


def test_names_in_which_all_is_escaped_are_read_at_once(monkeypatch):
    """Ten megabytes of them took seconds of the processor: Python was called for each."""
    called = []
    monkeypatch.setattr(documents, "open_pdf", lambda data: Opened("passive"))
    data = pdf(extra=b"/X [" + b"/#41" * 5000 + b"]")
    sys.setprofile(lambda frame, event, arg: called.append(event))
    try:
        viewing_copy(data)
    finally:
        sys.setprofile(None)
    assert len(called) < 100


def test_a_long_file_that_is_no_pdf_is_searched_for_a_key_at_its_beginning(monkeypatch):
    searched = []
    monkeypatch.setattr(documents, "shows_private_key", lambda data: searched.append(len(data)))
    with pytest.raises(NotPdf):
        check_pdf(bytes(MAX_BYTES))
    assert searched == [1024 * 1024]


def test_the_size_is_limited_before_anything_is_read():
    with pytest.raises(TooBig):
        check_pdf(b"%PDF-1.7\n" + bytes(MAX_BYTES))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("todistus.pdf", "todistus.pdf"),
        ("Todistus 2025 (lopullinen).PDF", "Todistus 2025 (lopullinen).pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\windows\\system32\\a.pdf", "a.pdf"),
        ("todistus\x00.exe", "todistus.exe.pdf"),
        ("todistus\r\nSet-Cookie: a=b.pdf", "todistus Set-Cookie: a=b.pdf"),
        ("todistus\u202efdp.exe", "todistusfdp.exe.pdf"),
        ("\u200b\u2066.pdf", "liite.pdf"),
        ("\u3164.pdf", "liite.pdf"),
        ("...", "liite.pdf"),
        ("", "liite.pdf"),
        ("a" * 300 + ".pdf", "a" * 100 + ".pdf"),
        ("Ä\u0308iti.pdf", "Ä\u0308iti.pdf"),
    ],
)
def test_names_are_shown_clean(given, shown):
    assert clean_name(given) == shown


@pytest.mark.parametrize(
    "given",
    [
        "-----BEGIN PRIVATE KEY-----MIGHAgEAMBMGByqGSM49.pdf",
        "avain MIGHAgEAMBMGByqGSM49AgEG.pdf",
        f"{'a' * 90} -----BEGIN PRIVATE KEY-----.pdf",
        "-----BEGIN PRI\x00VATE KEY-----.pdf",
    ],
)
def test_a_name_that_is_a_private_key_is_refused(given):
    with pytest.raises(HoldsPrivateKey):
        clean_name(given)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("todistus.pdf", 'attachment; filename="todistus.pdf"'),
        ("päätös.pdf", "attachment; filename*=utf-8''p%C3%A4%C3%A4t%C3%B6s.pdf"),
        ('a"; x="b.pdf', 'attachment; filename="a\\"; x=\\"b.pdf"'),
    ],
)
def test_a_name_is_encoded_for_the_header(name, sent):
    answer = storing._answer(pdf(), name, PDF, as_file=True)
    assert answer["Content-Disposition"] == sent
    assert answer["Content-Type"] == "application/pdf"


def test_the_size_of_a_file_is_in_the_units_of_the_language():
    for language, size in {"fi": "12,1\xa0kt", "sv": "12,1\xa0kB", "en": "12.1\xa0KB"}.items():
        with translation.override(language):
            assert filesizeformat(12_400) == size

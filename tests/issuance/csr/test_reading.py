"""The forms in which people send a request, and the files they send instead."""

import base64
import io
import json
import quopri
import re
import subprocess
import tarfile
import zipfile
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7

from certportal.foundation import clock
from issuance.csr import MAX_BYTES, Kind, examine
from tests.issuance.csr.builder import GOOD, ec_key, errors, pem, request, rules, spki_of

# An EC signature's length varies. One whose base64 ends in "=", or mail had nothing to quote in it.
DER = next(der for der in iter(GOOD.der, b"") if len(der) % 3)
PEM = pem(DER)
BODY = "".join(PEM.splitlines()[1:-1])
PEM64 = base64.b64encode(PEM.encode()).decode()


@pytest.mark.parametrize(
    "data",
    [
        DER,
        PEM.encode(),
        PEM.replace("\n", "\r\n").encode(),
        PEM.rstrip().encode(),
        (PEM + "\n\n").encode(),
        b"\xef\xbb\xbf" + PEM.replace("\n", "\r\n").encode(),
        pem(DER, "NEW CERTIFICATE REQUEST", columns=76).encode(),
        pem(DER, columns=100_000).encode(),
        b"Certificate Request:\n    Data:\n" + PEM.encode(),
        PEM.encode() + b"-- \nRegards, Matti\n",
    ],
    ids=["der", "lf", "crlf", "no-end", "blank-end", "bom", "java", "one-line", "text", "after"],
)
def test_common_forms_are_read_without_a_word(data: bytes) -> None:
    report = examine(data)
    assert report.accepted
    assert report.csr is not None
    assert report.csr.der == DER
    assert report.repaired == []


@pytest.mark.parametrize(
    ("data", "repair"),
    [
        (PEM.encode("utf-16"), "utf16"),
        (b"\xfe\xff" + PEM.encode("utf-16-be"), "utf16"),
        (PEM.encode("utf-16-le"), "utf16"),
        ("".join(f"    {line}\n" for line in PEM.splitlines()).encode(), "indented"),
        ("".join(f"> {line}\n" for line in PEM.splitlines()).encode(), "quoted"),
        ("".join(f">>{line}\n" for line in PEM.splitlines()).encode(), "quoted"),
        (PEM.replace("\n", " ").encode(), "indented"),
        (BODY.encode(), "bare_base64"),
        ("\n".join(PEM.splitlines()[1:-1]).encode(), "bare_base64"),
        (PEM.replace("REQUEST-----\n", "REQUEST-----\nX-Tool: a\n\n", 1).encode(), "headers"),
        (re.sub("-----.*-----", lambda label: label[0].lower(), PEM).encode(), "label"),
        (PEM.replace("-----B", "- -----B").replace("-----E", "- -----E").encode(), "label"),
        ((PEM + PEM).encode(), "twice"),
        (json.dumps({"csr": PEM}).replace("/", "\\/").encode(), "escaped"),
        (json.dumps({"csr": PEM}).replace("+", "\\u002B").encode(), "escaped"),
        (PEM.replace("\n", "\\r\\n").encode(), "escaped"),
        (f"Hei, tässä pyyntö:\n{BODY}\nTerveisin Matti\n".encode(), "bare_base64"),
        (json.dumps({"csr": base64.encodebytes(DER).decode()}).encode(), "bare_base64"),
        (quopri.encodestring(PEM.encode()), "quoted_printable"),
        (quopri.encodestring(pem(DER, columns=100_000).encode()), "quoted_printable"),
        (PEM.replace("\n", "\n\u00a0\u00a0").encode(), "blanks"),
        (PEM.replace("\n", "\n\u00a0").encode("cp1252"), "blanks"),
        (PEM.replace("\n", "\u200b\n").replace("E R", "E\u00a0R").encode(), "blanks"),
        (PEM.replace("\n", "\ufeff\n").encode("utf-16"), "blanks"),
    ],
)
def test_other_forms_are_mended_and_said_to_be(data: bytes, repair: str) -> None:
    report = examine(data)
    assert report.csr is not None
    assert report.csr.der == DER
    assert repair in report.repaired
    assert "file.repaired" in [finding.rule for finding in report.findings]
    assert report.accepted


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (PEM.rpartition("-----END")[0], "end"),
        (PEM.replace(BODY[70:74], "M*II", 1), "characters"),
        (PEM.replace(BODY[70:74], "MII", 1), "length"),
        ("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n", "empty"),
        (PEM.replace("-----", "----"), "begin"),
        (PEM.replace("-----", "—————"), "dashes"),
        (PEM.replace("-----", "\u2013 "), "dashes"),
        (quote(PEM), "url"),
        (PEM.replace("+", "&#43;").replace("\n", "<br>"), "html"),
        (pem(PEM.encode()), "twice"),
        (PEM64, "twice"),
        (base64.b64encode(BODY.encode()).decode(), "twice"),
        ("kind: CertificateSigningRequest\nspec:\n  request: " + PEM64, "twice"),
        (pem(DER, "CERTIFICATE"), "label"),
    ],
)
def test_a_damaged_block_is_refused_with_what_is_wrong(text: str, problem: str) -> None:
    report = examine(text.encode())
    assert not report.accepted
    assert report.reasons == ["bad-encoding"]
    assert report.errors[0].params["problem"] == problem


def test_a_damaged_block_before_a_good_one_is_refused() -> None:
    damaged = PEM.replace(BODY[70:74], "M*II", 1)
    assert errors(damaged + PEM) == ["file.damaged_pem", "file.several"]


def test_two_different_requests_are_refused() -> None:
    other = pem(request(key=ec_key("P-384"), digest=hashes.SHA256()))
    report = examine((PEM + other).encode())
    assert rules(report) == ["file.several"]
    assert report.reasons == ["multiple-objects"]


def test_a_second_request_without_begin_and_end_lines_is_seen() -> None:
    other = base64.encodebytes(request(key=ec_key("P-384"))).decode()
    assert errors(PEM + other) == ["file.several"]
    assert errors(PEM + base64.encodebytes(DER).decode()) == []
    assert errors(f"Ensimmäinen:\n{BODY}\n\nToinen:\n{other}") == ["file.several"]


def test_a_request_in_der_before_one_in_pem_is_refused() -> None:
    assert "file.several" in errors(DER + PEM.encode())


def certificate() -> x509.Certificate:
    now = clock.now()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Malli")])
    builder = x509.CertificateBuilder(subject, subject, ec_key().public_key(), 1, now, now)
    return builder.sign(ec_key(), hashes.SHA256())


def test_a_certificate_beside_the_request_is_left_out_and_said_to_be() -> None:
    text = PEM + certificate().public_bytes(Encoding.PEM).decode()
    report = examine(text.encode())
    assert report.accepted
    assert [finding.rule for finding in report.warnings] == ["file.left_out"]


def zipped(content: bytes, name: str = "request.csr") -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(name, content)
    return archive.getvalue()


def mailed(content: bytes) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "CSR"
    mail.set_content("Hei, liitteenä pyyntö.")
    mail.add_attachment(content, maintype="application", subtype="pkcs10", filename="a.csr")
    return bytes(mail)


def tarred(content: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as file:
        entry = tarfile.TarInfo("request.csr")
        entry.size = len(content)
        file.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def crl() -> bytes:
    now, issuer = clock.now(), certificate().subject
    builder = x509.CertificateRevocationListBuilder(issuer, now, now + timedelta(days=9999))
    return builder.sign(ec_key(), hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (certificate().public_bytes(Encoding.DER), Kind.CERTIFICATE),
        (certificate().public_bytes(Encoding.PEM), Kind.CERTIFICATE),
        (crl(), Kind.CRL),
        (pkcs7.serialize_certificates([certificate()], Encoding.DER), Kind.PKCS7),
        (pkcs7.serialize_certificates([certificate()], Encoding.PEM), Kind.PKCS7),
        (spki_of(ec_key()), Kind.PUBLIC_KEY),
        (pem(spki_of(ec_key()), "PUBLIC KEY").encode(), Kind.PUBLIC_KEY),
        (zipped(PEM.encode()), Kind.ZIP),
        (b"\x1f\x8b\x08" + bytes(40), Kind.GZIP),
        (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj", Kind.PDF),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), Kind.IMAGE),
        (b"\x7fELF" + bytes(40), Kind.PROGRAM),
        (b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01\0\0\0\x02" + bytes(40), Kind.JKS),
        (b"<!DOCTYPE html><html></html>", Kind.HTML),
        (b"<?xml version='1.0'?><a/>", Kind.XML),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n", Kind.PGP),
        (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA matti@kone", Kind.SSH_KEY),
        (b"From: a@b.fi\nMIME-Version: 1.0\n\nHei\n", Kind.MAIL),
        (mailed(PEM.encode()), Kind.MAIL),
        (zipped(PEM.encode(), "word/document.xml"), Kind.WORD),
        (b"{\\rtf1\\ansi " + PEM.replace("\n", "\\par\n").encode() + b"}", Kind.WORD),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), Kind.WORD),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "__substg1.0_".encode("utf-16-le"), Kind.MAIL),
        (b"[ req ]\nprompt = no\n", Kind.CONFIG),
        (b"Hei, t\xe4ss\xe4 tilaus", Kind.TEXT),
        (b"", Kind.EMPTY),
        (b" \r\n\t\n", Kind.EMPTY),
        (bytes(100), Kind.EMPTY),
    ],
    ids=lambda value: str(value) if isinstance(value, Kind) else "file",
)
def test_other_files_are_named_for_what_they_are(data: bytes, kind: Kind) -> None:
    report = examine(data)
    assert not report.accepted
    assert report.reasons == ["not-a-csr"]
    assert report.file_kind == kind


def test_a_request_inside_an_archive_is_not_taken() -> None:
    assert errors(tarred(PEM.encode())) == ["file.other_type"]


def test_what_certreq_makes_for_a_microsoft_ca_is_named() -> None:
    cms = pkcs7.serialize_certificates([certificate()], Encoding.DER)
    report = examine(pem(cms, "NEW CERTIFICATE REQUEST").encode())
    assert report.file_kind == Kind.PKCS7


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    report = examine(PEM.encode() + b"\n" * MAX_BYTES)
    assert report.reasons == ["too-large"]
    assert report.csr is None
    assert report.errors[0].params["wanted"] == 65536


def test_the_largest_size_is_still_read() -> None:
    text = PEM.encode()
    assert examine(text + b"\n" * (MAX_BYTES - len(text))).accepted


def test_requests_of_the_openssl_command_are_read(tmp_path) -> None:
    key, csr = tmp_path / "a.key", tmp_path / "a.csr"
    subject = "/C=FI/O=Itä-Järven terveyskeskus/CN=resepti.mallisairaala.fi"
    command = ["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-utf8", "-text"]
    command += ["-subj", subject, "-addext", "subjectAltName=DNS:resepti.mallisairaala.fi"]
    subprocess.run(
        [*command, "-keyout", key, "-out", csr], check=True, capture_output=True, timeout=60
    )
    report = examine(csr.read_bytes())
    assert report.accepted
    assert report.csr is not None
    assert report.csr.values("O") == ["Itä-Järven terveyskeskus"]
    assert report.csr.dns_names == ["resepti.mallisairaala.fi"]
    assert report.csr.key.name == "RSA 2048"


def test_decoded_pem_and_hash_are_those_of_the_der() -> None:
    csr = examine(PEM.encode()).csr
    assert csr is not None
    assert csr.pem == PEM
    assert base64.b64decode(csr.to_json()["der"]) == DER
    key = csr.public_key()
    assert key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == spki_of(ec_key())

"""Requests made by other people's tools, from upload to the mailed certificate.

The folder of requests is named by CORPUS; the build machine sets it, a clone alone has none, so
these tests stand apart from the others.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders, people

CORPUS = Path(os.environ.get("CORPUS", "/nonexistent"))
WANTED = 20


def entries() -> Iterator[dict]:
    """Yield one accepted third-party request for each distinct key."""
    manifest = CORPUS / "open" / "manifest.json"
    seen: set[str] = set()
    for entry in json.loads(manifest.read_text())["entries"] if manifest.exists() else []:
        expected, key = entry["expected"], entry.get("facts", {}).get("spki_sha256")
        sound = expected["cls"] == "ACCEPT" and not expected["also_ok_reasons"]
        if entry["third_party"] and sound and key not in seen:
            seen.add(key)
            yield entry


ENTRIES = list(entries())


@pytest.fixture
def mails(settings, tmp_path):
    """The folder that mail is written to."""
    backend = "certportal.foundation.mail.eml_files.EmlBackend"
    folder = tmp_path / "mails"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"directory": str(folder)}}}
    return folder


def test_there_are_twenty_distinct_keys():
    assert len(ENTRIES) == WANTED, f"CORPUS={CORPUS}"


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["id"] for entry in ENTRIES])
def test_from_upload_to_the_mailed_certificate(entry, matti, riitta, cas, mails, tmp_path):
    csr = (CORPUS / entry["file"]).read_bytes()
    application = orders.draft(matti)
    upload(people.log_in(Client(), matti), application, csr)
    orders.submit(matti, application)
    application = orders.finish(matti, riitta, application)
    assert application.status == Status.DELIVERED
    der, pem, chain = mailed_files(mails, application)
    certificate = x509.load_der_x509_certificate(der)
    assert x509.load_pem_x509_certificate(pem) == certificate
    assert spki(certificate) == entry["facts"]["spki_sha256"]
    assert names(certificate) == ["erecept.example.fi", "varmuus.example.fi"]
    assert verified(tmp_path, pem, chain)


def upload(web: Client, application: Application, csr: bytes) -> None:
    """Upload the request on the page of the order, look at the preview and confirm it."""
    page = reverse("applications:part", args=[application.pk, "csr"])
    file = SimpleUploadedFile("request.csr", csr)
    answer = web.post(page, {"version": application.version, "how": "file", "file": file})
    assert answer.status_code == 302, answer.text
    preview = web.get(answer["Location"])
    assert preview.status_code == 200
    answer = web.post(answer["Location"], {"version": application.version})
    assert answer.status_code == 302, answer.text
    application.refresh_from_db()


def mailed_files(mails: Path, application: Application) -> tuple[bytes, bytes, bytes]:
    """Return DER, PEM and chain from the mail to the shared mailbox."""
    for path in mails.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        files = {
            part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()
        }
        if application.number in mail["Subject"] and any(name.endswith(".der") for name in files):
            der = next(content for name, content in files.items() if name.endswith(".der"))
            chain = next(content for name, content in files.items() if name.endswith("_chain.pem"))
            pem = next(
                content
                for name, content in files.items()
                if name.endswith(".pem") and not name.endswith("_chain.pem")
            )
            return der, pem, chain
    raise AssertionError("no mail with the certificate")


def spki(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate's public key."""
    key = certificate.public_key()
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(encoded).hexdigest()


def names(certificate: x509.Certificate) -> list[str]:
    """Return the host names of the certificate."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def verified(folder: Path, pem: bytes, chain: bytes) -> bool:
    """Whether openssl builds the path from the certificate to the root that came with it."""
    certificates = x509.load_pem_x509_certificates(chain)
    for name, content in (
        ("leaf.pem", pem),
        ("issuing.pem", certificates[1].public_bytes(Encoding.PEM)),
        ("root.pem", certificates[2].public_bytes(Encoding.PEM)),
    ):
        (folder / name).write_bytes(content)
    openssl = shutil.which("openssl")
    assert openssl is not None
    command = [openssl, "verify", "-x509_strict", "-purpose", "sslserver"]
    files = ["-CAfile", "root.pem", "-untrusted", "issuing.pem", "leaf.pem"]
    done = subprocess.run(
        [*command, *files], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode == 0

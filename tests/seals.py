"""What other people's programs say of the seal on a PDF: poppler, and pyHanko's own check."""

import subprocess
from io import BytesIO
from pathlib import Path

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.status import PdfSignatureStatus


def by_poppler(pdf: bytes, root: x509.Certificate, folder: Path) -> str:
    """What `pdfsig` says, which trusts this root alone."""
    store, certificate, file = (folder / name for name in ("nss", "root.pem", "paper.pdf"))
    certificate.write_bytes(root.public_bytes(Encoding.PEM))
    file.write_bytes(pdf)
    if not store.exists():
        store.mkdir()
        _run("certutil", "-N", "-d", f"sql:{store}", "--empty-password")
        _run("certutil", "-A", "-d", f"sql:{store}", "-n", "x", "-t", ",C,", "-i", str(certificate))
    return _run("pdfsig", "-nssdir", f"sql:{store}", str(file))


def by_pyhanko(pdf: bytes, *roots: x509.Certificate) -> PdfSignatureStatus:
    """What pyHanko says, which trusts these roots alone and wants to know who was revoked.

    It asks nobody: what it needs must be in the document.
    """
    reader = PdfFileReader(BytesIO(pdf))
    (signature,) = reader.embedded_signatures
    context = DocumentSecurityStore.read_dss(reader).as_validation_context(
        {
            "trust_roots": [asn1.Certificate.load(one.public_bytes(Encoding.DER)) for one in roots],
            "revocation_mode": "require",
            "allow_fetching": False,
        }
    )
    return validate_pdf_signature(signature, context)


def _run(*command: str) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout

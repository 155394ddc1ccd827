"""Whether a file from the store may replace the one of this machine.

The store is not trusted: a file that clients would refuse, or that is older than the one served
here, replaces nothing.
"""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.event_log import log_keys
from certportal.foundation.event_log.notes import Verifier
from issuance.authority import crl
from issuance.authority.sign import verify_bytes
from issuance.certificate.plan import SubjectKey, serial_hex
from issuance.der.read import MalformedError
from issuance.publication import ocsp_packs, repository


class Unfit(Exception):
    """The file is not what its path says, or is older than the one of this machine."""


def require_fit(path: str, content: bytes, *, now: datetime) -> None:
    """Raise Unfit unless the file may replace the one that is served now."""
    stem = Path(path).parent.name if path.endswith(".pack") else Path(path).stem
    try:
        if path.endswith(".crt"):
            _check_certificate(stem, content)
        elif path.endswith((".pem", ".p7c")):
            _check_chain(stem, path, content)
        elif path.endswith(".crl"):
            _check_list(stem, content)
        elif path.endswith(".vkey"):
            _check_log_key(stem, content)
        elif path.endswith(".vkeys"):
            _check_log_keys(stem, content)
        else:
            _check_pack(stem, Path(path).stem, content, now)
    except (OSError, *UNREADABLE, TypeError, InvalidSignature, MalformedError) as error:
        raise Unfit(f"it cannot be read or verified: {type(error).__name__}") from error


def _check_certificate(stem: str, content: bytes) -> None:
    """A CA's certificate is never replaced: a CA gets one certificate only."""
    new, known = x509.load_der_x509_certificate(content), _known_ca(stem)
    if known and new != known:
        raise Unfit("another certificate")


def _check_chain(stem: str, path: str, content: bytes) -> None:
    load = load_der_pkcs7_certificates if path.endswith(".p7c") else x509.load_pem_x509_certificates
    chain, own = load(content), _ca(stem)
    above = {each.subject: each for each in chain}
    if len(above) != len(chain) or above.pop(own.subject, None) != own:
        raise Unfit("not a chain of this CA")
    while above:
        issuer = above.pop(own.issuer, None)
        if issuer is None:
            raise Unfit("a chain with other certificates")
        own.verify_directly_issued_by(issuer)
        own = issuer
    own.verify_directly_issued_by(own)


def _check_log_key(stem: str, content: bytes) -> None:
    """The key of a log is never replaced by another: it never changes."""
    new, path = Verifier.parse(content.decode()), repository.log_key_path(stem)
    try:
        known = Verifier.parse(path.read_text())
    except (FileNotFoundError, ValueError):  # missing, or damaged
        return
    if new != known:
        raise Unfit("another log's key")


def _check_log_keys(stem: str, content: bytes) -> None:
    """The list of the log's keys is signed by the present one, and never loses what it says."""
    present = Verifier.parse(repository.log_key_path(stem).read_text())
    new = log_keys.opened(content.decode(), present)
    try:
        served = log_keys.opened(repository.log_keys_path(stem).read_text(), present)
    except (FileNotFoundError, ValueError):  # missing, damaged, or of the key before
        return
    if not log_keys.says_all(new, served):
        raise Unfit("an older list of keys")


def _check_list(stem: str, content: bytes) -> None:
    ca, parts, served = _ca(stem), crl.take_apart(content), repository.served_crl(stem)
    if not crl.is_issued_by(parts, ca):
        raise Unfit("not a list of this CA")
    if served and crl.is_issued_by(served, ca) and parts.facts.number <= served.facts.number:
        raise Unfit(f"number {parts.facts.number} is not above {served.facts.number}")


def _check_pack(stem: str, name: str, content: bytes, now: datetime) -> None:
    pack, ca = ocsp_packs.parse(content), _ca(stem)
    if pack is None:
        raise Unfit("not a pack")
    served = ocsp_packs.read_head(ocsp_packs.path(stem, name))
    # A served pack dated in the future, from before the clock was set back, may be replaced.
    if served and pack.this_update < served.this_update <= now:
        raise Unfit("older than the one served")
    for key, response in pack.responses.items():
        response_data = ocsp.load_der_ocsp_response(response.der)
        if serial_hex(response_data.serial_number) != key.partition(":")[2]:
            raise Unfit("a response about another certificate")
        times = response_data.produced_at_utc, response_data.next_update_utc
        if times != (pack.this_update, pack.next_update):  # nobody has signed those of the pack
            raise Unfit("a response of another time than the pack's")
        _check_response(response_data, ca)


def _check_response(response_data: ocsp.OCSPResponse, ca: x509.Certificate) -> None:
    (responder,) = response_data.certificates
    algorithm = response_data.signature_hash_algorithm
    if algorithm is None or not _is_responder(responder, ca):
        raise Unfit("not signed by a responder of this CA")
    key = cast(SubjectKey, responder.public_key())
    verify_bytes(response_data.tbs_response_bytes, response_data.signature, key, algorithm)


@lru_cache(maxsize=64)
def _is_responder(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    certificate.verify_directly_issued_by(ca)
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return ExtendedKeyUsageOID.OCSP_SIGNING in uses


def _ca(stem: str) -> x509.Certificate:
    """The CA's certificate on this machine, with which the other files are verified."""
    known = _known_ca(stem)
    if known is None:
        raise Unfit("the CA's certificate is not there")
    return known


def _known_ca(stem: str) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(repository.certificate_path(stem).read_bytes())
    except (FileNotFoundError, *UNREADABLE):  # missing, or damaged
        return None

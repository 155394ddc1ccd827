"""Which strings a certificate may contain: attributes, characters, mailboxes, OIDs. Pure."""

import re
import unicodedata
import warnings

from cryptography import x509
from cryptography.x509.oid import NameOID

from issuance.certificate.hosts import mail_host_problem

ATTRIBUTE_OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "CN": NameOID.COMMON_NAME,
}
"""The attributes of subjects by short name, in the order of DVV's certificates."""
UPPER_BOUNDS = {"C": 2, "ST": 128, "L": 128, "O": 64, "OU": 64, "serialNumber": 64, "CN": 64}
"""Longest attribute values in characters: RFC 5280, appendix A.1."""
# The library counts octets of a common name, and warns whenever one with letters like ä is read.
warnings.filterwarnings("ignore", "Attribute's length must be", UserWarning)

_SHORT = {oid: name for name, oid in ATTRIBUTE_OIDS.items()}
_LOCAL = re.compile(r"[a-z0-9][a-z0-9_+-]*(\.[a-z0-9_+-]+)*\Z")
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*)){2,}\Z")


def short(attribute: x509.NameAttribute[str | bytes]) -> str:
    """The attribute's usual short name."""
    return _SHORT.get(attribute.oid, attribute.oid._name)


def subject_values(certificate: x509.Certificate) -> dict[str, str]:
    """The subject's values by short name, in the certificate's order."""
    return {short(attribute): str(attribute.value) for attribute in certificate.subject}


def foreign_characters(value: str) -> list[str]:
    """The characters of ``value`` outside the permitted set, each once, in order of appearance.

    FINEID S2 limits UTF8String values to the characters of ISO 8859-1. Control characters, the
    no-break space and the soft hyphen are not permitted either, because they are invisible.
    """
    return list(dict.fromkeys(c for c in value if not _permitted(c)))


def _permitted(character: str) -> bool:
    code = ord(character)
    return 0x20 <= code <= 0x7E or (0xA1 <= code <= 0xFF and code != 0xAD)


def is_tidy(value: str) -> bool:
    """Whether a value is not empty, has no superfluous spaces, is NFC and begins alphanumerically.

    The last rule is because a leading ": " once got into a certificate elsewhere (Mozilla
    Bugzilla 1680083).
    """
    return bool(
        value
        and value == " ".join(value.split(" ")).strip()
        and "  " not in value
        and unicodedata.normalize("NFC", value) == value
        and value[0].isalnum()
    )


def is_email(value: str) -> bool:
    """Whether a mailbox may be certified: ASCII, lower case, at a public host name.

    RFC 5280 section 4.2.1.6: rfc822Name is an RFC 2821 Mailbox. Quoted local parts are not
    accepted. At most 64 characters, because the address is the common name too.
    """
    local, _, host = value.rpartition("@")
    fits = len(value) <= UPPER_BOUNDS["CN"] and _LOCAL.match(local)
    return bool(fits and mail_host_problem(host) is None)


def is_oid(value: str) -> bool:
    """Whether the value is a dotted OID with at least three arcs, and fits into serialNumber."""
    return len(value) <= UPPER_BOUNDS["serialNumber"] and bool(_OID.match(value))

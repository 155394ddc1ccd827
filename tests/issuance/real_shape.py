"""Certificates of the real hierarchy beside ours."""

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from issuance.authority import build
from tests.issuance.plans import plan
from tests.issuance.shape import shape

# Measured on the real system-signature certificates of the present CA (EC branch, 2021-2023).
REAL: dict[str, Any] = {
    "version": 3,
    "serial": 15,
    "signature": "ecdsa-with-SHA384",
    "end": "23:59:59",
    "subject": [
        ("C", "PrintableString"),
        ("ST", "UTF8String"),
        ("L", "UTF8String"),
        ("O", "UTF8String"),
        ("OU", "UTF8String"),
        ("serialNumber", "PrintableString"),
        ("CN", "UTF8String"),
    ],
    "authorityKeyIdentifier.critical": "no",
    "authorityKeyIdentifier": ["keyIdentifier"],
    "subjectKeyIdentifier.critical": "no",
    "subjectKeyIdentifier": 20,
    "keyUsage.critical": "yes",
    "keyUsage": "11",
    "certificatePolicies.critical": "no",
    "certificatePolicies": [[], ["cps", "userNotice as VisibleString"]],
    "basicConstraints.critical": "yes",
    "basicConstraints": "written out",
    "cRLDistributionPoints.critical": "no",
    "cRLDistributionPoints": 1,
    "authorityInfoAccess.critical": "no",
    "authorityInfoAccess": ["caIssuers", "ocsp"],
    "extendedKeyUsage.critical": "no",
    "extendedKeyUsage": 3,
}


DIFFERENCES = {
    "basicConstraints": "DER leaves DEFAULT FALSE out (X.690 11.5); the real ones write it out",
    "certificatePolicies": (
        "the notice is a UTF8String (RFC 5280 4.2.1.4), not a VisibleString; and no ETSI policy is "
        "asserted beside our own, for nobody has audited this authority"
    ),
    "extendedKeyUsage": "three OIDs of the EU health certificates, which were one project's own",
    "extendedKeyUsage.critical": "as above",
}


def ours(kind: str) -> dict[str, Any]:
    certificate = build.specimen(plan("system_signature", kind))
    return shape(certificate.public_bytes(Encoding.DER))


def differing(made: dict[str, Any], real: dict[str, Any]) -> set[str]:
    return {name for name in made | real if made.get(name) != real.get(name)}

"""pkilint's set for PKIX certificates (RFC 5280), as findings of our own kind. Pure."""

from collections.abc import Iterator
from functools import cache

from pkilint.loader import load_certificate
from pkilint.pkix import certificate as pkix_certificate
from pkilint.pkix import extension as pkix_extension
from pkilint.pkix import name as pkix_name
from pkilint.validation import ValidationFindingSeverity

from issuance.findings import Finding, Severity

# It takes no address at "localhost", which a developer's machine has. Our own rule ``addresses``
# holds each address to the configured one, and a system check holds that to a full name.
_LEFT_OUT = {"pkix.invalid_uri_syntax"}

_SEVERITIES = {
    ValidationFindingSeverity.FATAL: Severity.ERROR,
    ValidationFindingSeverity.ERROR: Severity.ERROR,
    ValidationFindingSeverity.WARNING: Severity.WARNING,
    ValidationFindingSeverity.NOTICE: Severity.INFO,
}


def pkix_findings(der: bytes) -> Iterator[Finding]:
    """What pkilint says of the certificate ``der``, notices and worse."""
    document = load_certificate(der, "certificate")
    for result in _validator().validate(document.root):
        for description in result.finding_descriptions:
            severity = _SEVERITIES.get(description.finding.severity)
            if severity is not None and description.finding.code not in _LEFT_OUT:
                detail = f"{description.finding.code} {description.message or ''}".strip()
                yield Finding(
                    rule="lint.pkix",
                    severity=severity,
                    params={"detail": detail, "path": result.node.path},
                )


@cache
def _validator():  # type: ignore[no-untyped-def]
    """Built once per process: 174 ms against 2.7 ms a certificate afterwards."""
    return pkix_certificate.create_pkix_certificate_validator_container(
        pkix_certificate.create_decoding_validators(
            pkix_name.ATTRIBUTE_TYPE_MAPPINGS, pkix_extension.EXTENSION_MAPPINGS
        ),
        [
            pkix_certificate.create_issuer_validator_container([]),
            pkix_certificate.create_validity_validator_container(),
            pkix_certificate.create_subject_validator_container([]),
            pkix_certificate.create_extensions_validator_container([]),
            pkix_certificate.create_spki_validator_container([]),
        ],
    )

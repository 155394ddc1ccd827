"""pkilint's rules for PKIX certificates (RFC 5280), returned as ``Finding``. Pure.

pkilint is loaded with the first certificate: many processes import this module, and one lints.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from issuance.findings import Finding, Severity

# This rule refuses URLs at "localhost", which development uses. The lint rule ``addresses``
# compares each URL with the configuration, and a system check requires a full host name there.
_LEFT_OUT = {"pkix.invalid_uri_syntax"}

# Remarks that every certificate of this authority gets, each with the reason why it is accepted.
# They are stored with the evidence. Words for readers: `issuance.wording.authority`.
ACCEPTED = {
    "pkix.certificate_policies_policy_has_qualifier": (
        "as in the real ones (docs/certificate-shape.md), the policy is named with the addresses of"
        " its practice statement and notice, which RFC 5280 4.2.1.4 allows and advises against"
    ),
}

_SEVERITIES = {
    "FATAL": Severity.ERROR,
    "ERROR": Severity.ERROR,
    "WARNING": Severity.WARNING,
    "NOTICE": Severity.INFO,
}


def pkix_findings(der: bytes) -> Iterator[Finding]:
    """pkilint's findings about a certificate (DER), from notices upwards."""
    from pkilint.loader import load_certificate

    for result in _validator().validate(load_certificate(der, "certificate").root):
        for description in result.finding_descriptions:
            severity = _SEVERITIES.get(description.finding.severity.name)
            if severity is not None and description.finding.code not in _LEFT_OUT:
                code = description.finding.code
                detail = f"{code} {description.message or ''}".strip()
                yield Finding(
                    rule="lint.pkix",
                    severity=severity,
                    params={"detail": detail, "path": result.node.path, "problem": code},
                )


def is_accepted(finding: Finding) -> bool:
    """Whether the finding is one of the remarks that every certificate gets, not a fault."""
    is_known = finding.rule == "lint.pkix" and finding.params.get("problem") in ACCEPTED
    return is_known and finding.severity is Severity.INFO


@cache
def _validator() -> Any:
    """Built once per process: building takes 180 ms, linting a certificate 2 ms."""
    from issuance.certificate.lint_remembered import ByType, remember

    remember()
    return ByType(pkix_rules())


def pkix_rules() -> Any:
    """All of pkilint's rules for PKIX certificates, in a container of its own kind."""
    from pkilint.pkix import (
        certificate as pkix_certificate,
        extension as pkix_extension,
        name as pkix_name,
    )

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

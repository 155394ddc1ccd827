"""Findings and the rules they come from. Pure: no input or output.

A finding is a rule's id, its severity and the values found. Findings are stored in that form
with the version of the rule set; ``issuance.wording`` turns them into text for each reader.
``RULES`` lists every rule that certificate requests and their keys are checked against.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

RULE_SET_VERSION = "2026.11.7"
"""Raised whenever a rule is added, removed or changes its result. Form: year.month[.n].

A signer runs its rules again on what was prepared under another version.
"""

type Param = str | int | list[str]


class Severity(StrEnum):
    """Effect of a finding: an error blocks; a warning is shown and must be confirmed."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the rule book.

    ``reason`` is the class of refusal of an error, such as ``weak-key``; None if it has none.
    ``citation`` names the standard, requirement or page the rule comes from.
    """

    id: str
    severity: Severity
    reason: str | None
    citation: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one rule; ``params`` are the values found and expected, JSON-safe."""

    rule: str
    severity: Severity
    params: Mapping[str, Param] = field(default_factory=dict)

    @property
    def reason(self) -> str | None:
        """The class of refusal; None for warnings, notes and rules without a class."""
        known = RULES.get(self.rule)
        return known.reason if known and self.severity is Severity.ERROR else None

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe dictionary, read back by ``from_json``."""
        severity = self.severity.value
        return {"rule": self.rule, "severity": severity, "params": dict(self.params)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Restore the finding that ``to_json`` wrote."""
        return cls(stored["rule"], Severity(stored["severity"]), dict(stored["params"]))


def found(rule: str, **params: Param) -> Finding:
    """A finding of the rule with the id ``rule``, with that rule's severity."""
    return Finding(rule, RULES[rule].severity, params)


def error(rule: str, **params: Param) -> Finding:
    """An error by a rule of the authority or of the checks of an order, which `RULES` lacks."""
    return Finding(rule, Severity.ERROR, params)


def warning(rule: str, **params: Param) -> Finding:
    """A warning by such a rule."""
    return Finding(rule, Severity.WARNING, params)


_ERRORS = {
    "file.too_large": ("too-large", "own limit: 64 KiB"),
    "file.private_key": ("private-key-included", "CA/B BR 4.9.1.1, 6.1.2"),
    "file.empty": ("not-a-csr", "RFC 2986"),
    "file.other_type": ("not-a-csr", "RFC 2986"),
    "file.unknown": ("not-a-csr", "RFC 2986; RFC 7468 section 7"),
    "file.unexamined": ("bad-encoding", "own rule: what cannot be examined is refused"),
    "file.several": ("multiple-objects", "RFC 7468 section 7: one request"),
    "file.damaged_pem": ("bad-encoding", "RFC 7468 sections 2 and 3"),
    "encoding.der": ("bad-encoding", "X.690 section 10; RFC 2986 section 4"),
    "encoding.version": ("bad-encoding", "RFC 2986 section 4.1: version v1(0)"),
    "encoding.request_twice": ("bad-encoding", "RFC 2985 section 5.4.2: single valued"),
    "encoding.attribute": ("bad-encoding", "X.520 section 6.2: syntax of the attribute"),
    "encoding.extension_twice": ("bad-encoding", "RFC 5280 section 4.2"),
    "encoding.extension_value": ("bad-encoding", "RFC 5280 section 4.2.1"),
    "signature.invalid": ("bad-signature", "RFC 2986 section 3; CA/B BR 3.2.1"),
    "signature.unknown": ("bad-signature", "RFC 4055; RFC 5758"),
    "signature.weak": ("weak-signature", "CA/B BR 7.1.3.2; RFC 6194"),
    "signature.pss_salt": ("bad-signature", "RFC 4055 section 3.1; RFC 8017 section 9.1.2"),
    "signature.pss_mask": ("weak-signature", "RFC 4055 section 3.1; CA/B BR 7.1.3.2.1"),
    "signature.parameters": ("bad-encoding", "RFC 4055 section 2.1; RFC 5758 section 3.2"),
    "key.type": ("unsupported-key", "CA/B BR 6.1.5; domain: RSA and NIST curves"),
    "key.curve": ("unsupported-key", "CA/B BR 6.1.5; RFC 5480 section 2.1.1"),
    "key.unreadable": ("bad-encoding", "RFC 8017 appendix A.1.1; RFC 5480 section 2.2"),
    "key.rsa_short": ("weak-key", "CA/B BR 6.1.5; DVV palvelinvarmenne"),
    "key.rsa_size": ("weak-key", "CA/B BR 6.1.5; DVV palvelinvarmenne"),
    "key.rsa_long": ("unsupported-key", "own limit: 4096 bits; DVV palvelinvarmenne"),
    "key.rsa_exponent": ("weak-key", "CA/B BR 6.1.6"),
    "key.rsa_factor": ("weak-key", "CA/B BR 6.1.6"),
    "key.rsa_fermat": ("weak-key", "CA/B BR 6.1.1.3 (5); CVE-2022-26320"),
    "key.rsa_roca": ("weak-key", "CA/B BR 6.1.1.3; CVE-2017-15361"),
    "key.rsa_prime": ("weak-key", "RFC 8017 section 3.1"),
    "key.rsa_shared": ("weak-key", "CA/B BR 6.1.1.3; Heninger et al. 2012"),
    "key.rsa_ratio": ("weak-key", "CA/B BR 6.1.1.3; Lehman 1974"),
    "key.rsa_smooth": ("weak-key", "CA/B BR 6.1.1.3; Pollard 1974"),
    "key.rsa_structure": ("weak-key", "CA/B BR 6.1.1.3: industry-demonstrated weak keys"),
    "key.ec_scalar": ("weak-key", "CA/B BR 6.1.1.3; FIPS 186-5 appendix A.2"),
    "key.nonce": ("compromised-key", "CA/B BR 4.9.1.1, 6.1.1.3; FIPS 186-5 section 6.3"),
    "key.published": ("compromised-key", "CA/B BR 6.1.1.3 (3, 4); CVE-2008-0166"),
    "key.blocked": ("compromised-key", "CA/B BR 4.9.1.1, 6.1.1.3 (4)"),
    "subject.missing": ("bad-subject", "RFC 5280 section 4.1.2.6"),
    "subject.empty_value": ("bad-subject", "RFC 5280 appendix A.1: SIZE (1..)"),
    "subject.string": ("bad-subject", "RFC 5280 section 4.1.2.4; X.690 section 8.21"),
    "subject.invisible": ("bad-subject", "CA/B BR 7.1.4; Unicode TR 36"),
    "subject.characters": ("bad-subject", "FINEID S2; CA/B BR 7.1.4.2"),
    "subject.mojibake": ("bad-subject", "RFC 3629; domain 2.8"),
    "subject.length": ("bad-subject", "RFC 5280 appendix A.1: upper bounds"),
    "subject.country": ("bad-subject", "RFC 5280 appendix A.1; ISO 3166-1"),
    "subject.twice": ("bad-subject", "CA/B BR 7.1.4.1"),
    "subject.joined": ("bad-subject", "CA/B BR 7.1.4.1: one attribute an RDN"),
    "subject.too_many": ("bad-subject", "own limit: 20 attributes"),
    "subject.unknown": ("bad-subject", "RFC 5280 section 4.1.2.4; FINEID S2"),
    "subject.placeholder": ("bad-subject", "CA/B BR 3.2.2: OpenSSL's defaults name nobody"),
    "subject.personal_code": ("bad-subject", "Data Protection Act 1050/2018 section 29"),
    "subject.email": ("bad-subject", "RFC 5280 section 4.2.1.6; RFC 5321 section 4.1.2"),
    "subject.email_in_server": ("bad-subject", "DVV palvelinvarmenne, 15.9.2023"),
    "subject.host": ("bad-subject", "RFC 1123 section 2.1; CA/B BR 7.1.4.3"),
    "san.host": ("bad-san", "RFC 5280 section 4.2.1.6; CA/B BR 7.1.2.7.12"),
    "san.ip_only": ("bad-san", "DVV palvelinvarmenne, 15.9.2023"),
    "san.ip_private": ("bad-san", "CA/B BR 4.2.2; IANA special-purpose registry"),
    "san.email_in_server": ("bad-san", "DVV palvelinvarmenne, 15.9.2023"),
    "san.empty": ("bad-san", "RFC 5280 section 4.2.1.6: SIZE (1..)"),
    "san.too_many": ("bad-san", "own limit: 100 names"),
    "extension.ca": ("forbidden-extension", "CA/B BR 7.1.2.7; RFC 5280 sections 4.2.1.3, 4.2.1.9"),
    "extension.critical": ("forbidden-extension", "RFC 5280 section 4.2: unknown but critical"),
    "key.in_use": (None, "CA/B BR 6.1.1.3; domain 1.5: a new key for each order"),
}

_WARNINGS = {
    "file.left_out": "RFC 7468: a certificate beside the request",
    "subject.outside_set": "FINEID S2: characters of ISO 8859-1",
    "subject.old_string": "RFC 5280 section 4.1.2.4: UTF8String",
    "subject.email_unused": "DVV palvelinvarmenne, 15.9.2023",
    "subject.not_host": "CA/B BR 7.1.4.3",
    "subject.no_names": "domain 2.4: the names come from the order",
    "san.unused": "DVV palvelinvarmenne; CA/B BR 7.1.2.7.12",
    "extension.ignored": "CA/B BR 7.1.2.7: the profile decides",
    "expected.organisation": "domain 2: the subject comes from the register",
    "expected.unit": "domain 2: the subject comes from the register",
    "expected.common_name": "domain 2: the subject comes from the order",
    "expected.serial_number": "domain 2.2: the system's OID comes from the order",
    "expected.missing_host": "domain 2.4: the names come from the order",
    "expected.extra_host": "domain 2.4: the names come from the order",
    "given.organisation": "domain 2: the subject comes from the register",
    "given.common_name": "domain 2: the subject comes from the order",
    "given.missing_host": "domain 2.4: the names come from the order",
    "given.extra_host": "domain 2.4: the names come from the order",
}

_NOTES = {
    "file.repaired": "RFC 7468 section 3",
    "encoding.lax": "X.690 sections 11.5 and 11.6",
    "extension.profile": "CA/B BR 7.1.2.7: the profile decides",
    "attribute.ignored": "RFC 2985: not for the certificate",
}


def _book() -> Mapping[str, Rule]:
    rules = [Rule(name, Severity.ERROR, *entry) for name, entry in _ERRORS.items()]
    rules += [Rule(name, Severity.WARNING, None, text) for name, text in _WARNINGS.items()]
    rules += [Rule(name, Severity.INFO, None, text) for name, text in _NOTES.items()]
    return MappingProxyType({rule.id: rule for rule in rules})


RULES = _book()

PRIVATE_KEY_KNOWN = frozenset(
    {
        *("key.ec_scalar", "key.nonce", "key.rsa_factor", "key.rsa_fermat", "key.rsa_prime"),
        *("key.rsa_ratio", "key.rsa_shared", "key.rsa_smooth"),
    }
)
"""Rules that recover the private key itself: the key's certificates must be revoked.

Source: CA/B BR 4.9.1.1.
"""

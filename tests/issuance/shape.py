"""The shape of a certificate: what it has, in what order and how, values aside.

Read with pyasn1, for the real certificates encode DEFAULT FALSE, which stricter readers refuse.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pyasn1.codec.der import decoder
from pyasn1_alt_modules import rfc5280

NAMES = {
    "2.5.4.6": "C",
    "2.5.4.8": "ST",
    "2.5.4.7": "L",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.5": "serialNumber",
    "2.5.4.3": "CN",
    "2.5.29.35": "authorityKeyIdentifier",
    "2.5.29.14": "subjectKeyIdentifier",
    "2.5.29.15": "keyUsage",
    "2.5.29.32": "certificatePolicies",
    "2.5.29.19": "basicConstraints",
    "2.5.29.31": "cRLDistributionPoints",
    "2.5.29.37": "extendedKeyUsage",
    "2.5.29.17": "subjectAltName",
    "1.3.6.1.5.5.7.1.1": "authorityInfoAccess",
    "1.3.6.1.5.5.7.2.1": "cps",
    "1.3.6.1.5.5.7.2.2": "userNotice",
    "1.3.6.1.5.5.7.48.1": "ocsp",
    "1.3.6.1.5.5.7.48.2": "caIssuers",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
}


EMPTY_SEQUENCE = b"\x30\x00"


def shape(der: bytes) -> dict[str, Any]:
    """Facts by name: ``subject``, ``serial``, … and two for each extension."""
    certificate, _ = decoder.decode(der)
    version, serial, algorithm, _issuer, validity, subject, _key, extensions = items(certificate[0])
    facts = {
        "version": int(version) + 1,
        "serial": (len(f"{int(serial):X}") + 1) // 2,
        "signature": named(algorithm[0]),
        "end": end_of(validity),
        "subject": [(named(rdn[0][0]), type(rdn[0][1]).__name__) for rdn in items(subject)],
    }
    for extension in items(extensions):
        name, critical, content = parts(extension)
        facts[f"{name}.critical"] = critical
        if name == "basicConstraints":  # decoding would hide a FALSE that is written out
            facts[name] = "end entity" if content == EMPTY_SEQUENCE else "written out"
            continue
        schema, describe = CONTENT[name]
        facts[name] = describe(decoder.decode(content, asn1Spec=schema)[0])
    return facts


def items(value: Any) -> list[Any]:
    """The parts of a SEQUENCE or SET; iterating it would give their names."""
    return [value[position] for position in range(len(value))]


def named(oid: object) -> str:
    return NAMES.get(str(oid), str(oid))


def end_of(validity: Any) -> str:
    moment = datetime.strptime(str(validity[1]), "%y%m%d%H%M%SZ").replace(tzinfo=UTC)
    return f"{moment.astimezone(ZoneInfo('Europe/Helsinki')):%H:%M:%S}"


def parts(extension: Any) -> tuple[str, str, bytes]:
    """Name, how critical it is and how that is said, and the content."""
    if len(extension) == 2:
        return named(extension[0]), "no", bytes(extension[1])
    said = "yes" if extension[1] else "no, said although the default"
    return named(extension[0]), said, bytes(extension[2])


def fields(value: Any) -> list[str]:
    """The optional parts that are present."""
    return [name for name in value if value[name].isValue]


def policies(value: Any) -> list[list[str]]:
    return sorted([qualifier(each) for each in policy["policyQualifiers"]] for policy in value)


def qualifier(value: Any) -> str:
    name = named(value["policyQualifierId"])
    if name == "cps":
        return name
    notice, _ = decoder.decode(bytes(value["qualifier"]), asn1Spec=rfc5280.UserNotice())
    return f"{name} as {type(notice['explicitText'].getComponent()).__name__}"


CONTENT: dict[str, tuple[Any, Callable[[Any], object]]] = {
    "authorityKeyIdentifier": (rfc5280.AuthorityKeyIdentifier(), fields),
    "subjectKeyIdentifier": (rfc5280.SubjectKeyIdentifier(), lambda value: len(bytes(value))),
    "keyUsage": (rfc5280.KeyUsage(), lambda value: str(value.asBinary())),
    "certificatePolicies": (rfc5280.CertificatePolicies(), policies),
    "cRLDistributionPoints": (rfc5280.CRLDistributionPoints(), len),
    "extendedKeyUsage": (rfc5280.ExtKeyUsageSyntax(), len),
    "subjectAltName": (
        rfc5280.SubjectAltName(),
        lambda value: [each.getName() for each in value],
    ),
    "authorityInfoAccess": (
        rfc5280.AuthorityInfoAccessSyntax(),
        lambda value: [named(each["accessMethod"]) for each in value],
    ),
}

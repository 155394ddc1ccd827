"""The extensions and attributes that a request asks for, and how each is treated.

The certificate profile, not the request, determines the extensions of a certificate. Of the
request, only the host names are used, for comparison with the order. Extensions that ask for the
powers of a CA are refused; all others are ignored, with a finding that says so.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from issuance.csr.oids import ATTRIBUTES, EXTENSIONS, KEY_USAGES, PURPOSES
from issuance.csr.report import RequestedExtension, Use
from issuance.csr.request import Request
from issuance.der import read
from issuance.findings import Finding, found

REQUEST_OIDS = frozenset({"1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"})
"""extensionRequest of RFC 2985 (5.4.2) and Microsoft's own OID for the same attribute."""

SUBJECT_ALT_NAME, KEY_USAGE = "2.5.29.17", "2.5.29.15"
SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.37"


@dataclass(frozen=True, slots=True)
class Asked:
    """One requested extension; ``value`` is the content of its OCTET STRING (extnValue)."""

    oid: str
    critical: bool
    value: bytes

    @property
    def label(self) -> str:
        """Its name, or its OID if the name is not known."""
        return EXTENSIONS.get(self.oid, self.oid)


def read_extensions(request: Request) -> tuple[list[Asked], list[Finding]]:
    """The requested extensions and the findings about their encoding.

    Raises ``read.MalformedError`` if the structure is not that of Extensions (RFC 5280 4.1).
    """
    holders = [values for oid, values in request.attributes if oid in REQUEST_OIDS]
    values = [value for holder in holders for value in holder]
    asked: list[Asked] = []
    findings: list[Finding] = []
    for element in [child for v in values for child in v.expect(read.SEQUENCE).children()]:
        extension, lax = _extension(element)
        asked.append(extension)
        findings += lax
    if len(holders) > 1 or len(values) > 1:
        findings.append(found("encoding.request_twice"))
    if holders and not values:
        findings.append(found("encoding.lax", problem="no_value"))
    for oid in sorted(oid for oid, times in Counter(a.oid for a in asked).items() if times > 1):
        findings.append(found("encoding.extension_twice", value=EXTENSIONS.get(oid, oid)))
    return asked, findings


def _extension(element: read.Element) -> tuple[Asked, list[Finding]]:
    oid, *rest = element.expect(read.SEQUENCE).children()
    critical = False
    lax: list[Finding] = []
    if len(rest) == 2:
        critical = rest[0].expect(read.BOOLEAN).content == b"\xff"
        if not critical:
            lax.append(found("encoding.lax", problem="default_false"))
    if len(rest) not in (1, 2):
        raise read.MalformedError("structure", element.start)
    value = rest[-1].expect(read.OCTET_STRING).content
    return Asked(read.object_identifier(oid), critical, value), lax


def judge_extensions(asked: list[Asked]) -> tuple[list[RequestedExtension], list[Finding]]:
    """How each extension is treated, and the findings about it."""
    shown: list[RequestedExtension] = []
    findings: list[Finding] = []
    for extension in asked:
        try:
            use, text, faults = _judge(extension)
        except read.MalformedError:
            use, text = "refused", ""
            faults = [found("encoding.extension_value", value=extension.label)]
        critical = extension.critical
        shown.append(RequestedExtension(extension.oid, extension.label, critical, use, text))
        findings += faults
    return shown, findings


def _judge(extension: Asked) -> tuple[Use, str, list[Finding]]:
    if extension.oid == SUBJECT_ALT_NAME:
        return "used", "", []
    if extension.oid == BASIC_CONSTRAINTS:
        return _basic_constraints(extension)
    if extension.oid == KEY_USAGE:
        return _key_usage(extension)
    if extension.oid == EXTENDED_KEY_USAGE:
        return _purposes(extension)
    if extension.oid == SUBJECT_KEY_IDENTIFIER:  # keytool and others always request it
        return "ignored", "", [found("extension.profile", value=extension.label, detail="")]
    if extension.critical and extension.oid not in EXTENSIONS:
        return "refused", "", [found("extension.critical", value=extension.label)]
    return "ignored", "", [found("extension.ignored", value=extension.label, detail="")]


def _basic_constraints(extension: Asked) -> tuple[Use, str, list[Finding]]:
    fields = read.read_strictly(extension.value).expect(read.SEQUENCE).children()
    if [field.tag for field in fields] not in _BASIC_FIELDS:
        raise read.MalformedError("structure", 0)
    if any(field.tag == read.BOOLEAN and field.content == b"\xff" for field in fields):
        return "refused", "CA:TRUE", [found("extension.ca", value="CA:TRUE")]
    return "used", "CA:FALSE", []


_BASIC_FIELDS: list[list[int]] = [[], [read.BOOLEAN], [read.INTEGER], [read.BOOLEAN, read.INTEGER]]


def _key_usage(extension: Asked) -> tuple[Use, str, list[Finding]]:
    content = read.read_strictly(extension.value).expect(read.BIT_STRING).content
    octets = content[1:3].ljust(2, b"\0")
    bits = int.from_bytes(octets)
    names = [name for n, name in enumerate(KEY_USAGES) if bits >> (15 - n) & 1]
    text = ", ".join(names)
    if powers := [name for name in names if name in ("keyCertSign", "cRLSign")]:
        return "refused", text, [found("extension.ca", value=", ".join(powers))]
    return "used", text, [found("extension.profile", value=extension.label, detail=text)]


def _purposes(extension: Asked) -> tuple[Use, str, list[Finding]]:
    elements = read.read_strictly(extension.value).expect(read.SEQUENCE).children()
    oids = [read.object_identifier(element) for element in elements]
    text = ", ".join(PURPOSES.get(oid, oid) for oid in oids)
    if set(oids) <= {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"}:
        return "used", text, [found("extension.profile", value=extension.label, detail=text)]
    return "ignored", text, [found("extension.ignored", value=extension.label, detail=text)]


def judge_attributes(request: Request) -> Iterator[tuple[RequestedExtension, Finding]]:
    """The other attributes, all ignored; values are hidden, as challengePassword is a password."""
    for oid in dict.fromkeys(oid for oid, _ in request.attributes):
        if oid not in REQUEST_OIDS:
            label = ATTRIBUTES.get(oid, oid)
            shown = RequestedExtension(oid, label, critical=False, use="ignored", value_text="")
            yield shown, found("attribute.ignored", value=label)

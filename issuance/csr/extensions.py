"""What a request asks to have in the certificate, and what becomes of it.

The profile decides what a certificate carries. Of a request only the host names are read, to
compare them; powers of a CA are refused, everything else is ignored and said to be.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from issuance import tlv
from issuance.csr.oids import ATTRIBUTES, EXTENSIONS, KEY_USAGES, PURPOSES
from issuance.csr.report import RequestedExtension, Use
from issuance.csr.request import Request
from issuance.findings import Finding, found

REQUEST_OIDS = frozenset({"1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"})
"""extensionRequest of RFC 2985 and Microsoft's own, which is a second door to the same room."""

SUBJECT_ALT_NAME, KEY_USAGE = "2.5.29.17", "2.5.29.15"
SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.37"


@dataclass(frozen=True, slots=True)
class Asked:
    """One extension asked for; ``value`` is the content of its OCTET STRING."""

    oid: str
    critical: bool
    value: bytes

    @property
    def label(self) -> str:
        """Its name, or its OID if it has none here."""
        return EXTENSIONS.get(self.oid, self.oid)


def read_extensions(request: Request) -> tuple[list[Asked], list[Finding]]:
    """The extensions asked for and the faults of the asking. Raises ``tlv.MalformedError``."""
    holders = [values for oid, values in request.attributes if oid in REQUEST_OIDS]
    values = [value for holder in holders for value in holder]
    asked: list[Asked] = []
    findings: list[Finding] = []
    for element in [child for v in values for child in v.expect(tlv.SEQUENCE).children()]:
        extension, lax = _extension(element)
        asked.append(extension)
        findings += lax
    if len(holders) > 1 or len(values) > 1:
        findings.append(found("encoding.request_twice"))
    if holders and not values:
        findings.append(found("encoding.lax", problem="no_value"))
    for oid in sorted({a.oid for a in asked if [b.oid for b in asked].count(a.oid) > 1}):
        findings.append(found("encoding.extension_twice", value=EXTENSIONS.get(oid, oid)))
    return asked, findings


def _extension(element: tlv.Element) -> tuple[Asked, list[Finding]]:
    oid, *rest = element.expect(tlv.SEQUENCE).children()
    critical = False
    lax: list[Finding] = []
    if len(rest) == 2:
        critical = rest[0].expect(tlv.BOOLEAN).content == b"\xff"
        if not critical:
            lax.append(found("encoding.lax", problem="default_false"))
    if len(rest) not in (1, 2):
        raise tlv.MalformedError("structure", element.start)
    value = rest[-1].expect(tlv.OCTET_STRING).content
    return Asked(tlv.object_identifier(oid), critical, value), lax


def judge_extensions(asked: list[Asked]) -> tuple[list[RequestedExtension], list[Finding]]:
    """What becomes of each extension, and the findings that go with it."""
    shown: list[RequestedExtension] = []
    findings: list[Finding] = []
    for extension in asked:
        try:
            use, text, faults = _judge(extension)
        except tlv.MalformedError:
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
    if extension.oid == SUBJECT_KEY_IDENTIFIER:  # keytool and others always ask for it
        return "ignored", "", [found("extension.profile", value=extension.label, detail="")]
    if extension.critical and extension.oid not in EXTENSIONS:
        return "refused", "", [found("extension.critical", value=extension.label)]
    return "ignored", "", [found("extension.ignored", value=extension.label, detail="")]


def _basic_constraints(extension: Asked) -> tuple[Use, str, list[Finding]]:
    fields = tlv.read_strictly(extension.value).expect(tlv.SEQUENCE).children()
    if [field.tag for field in fields] not in _BASIC_FIELDS:
        raise tlv.MalformedError("structure", 0)
    if any(field.tag == tlv.BOOLEAN and field.content == b"\xff" for field in fields):
        return "refused", "CA:TRUE", [found("extension.ca", value="CA:TRUE")]
    return "used", "CA:FALSE", []


_BASIC_FIELDS: list[list[int]] = [
    [],
    [tlv.BOOLEAN],
    [tlv.INTEGER],
    [tlv.BOOLEAN, tlv.INTEGER],
]


def _key_usage(extension: Asked) -> tuple[Use, str, list[Finding]]:
    content = tlv.read_strictly(extension.value).expect(tlv.BIT_STRING).content
    octets = content[1:3].ljust(2, b"\0")
    bits = int.from_bytes(octets)
    names = [name for n, name in enumerate(KEY_USAGES) if bits >> (15 - n) & 1]
    text = ", ".join(names)
    if powers := [name for name in names if name in ("keyCertSign", "cRLSign")]:
        return "refused", text, [found("extension.ca", value=", ".join(powers))]
    return "used", text, [found("extension.profile", value=extension.label, detail=text)]


def _purposes(extension: Asked) -> tuple[Use, str, list[Finding]]:
    elements = tlv.read_strictly(extension.value).expect(tlv.SEQUENCE).children()
    oids = [tlv.object_identifier(element) for element in elements]
    text = ", ".join(PURPOSES.get(oid, oid) for oid in oids)
    if set(oids) <= {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"}:
        return "used", text, [found("extension.profile", value=extension.label, detail=text)]
    return "ignored", text, [found("extension.ignored", value=extension.label, detail=text)]


def judge_attributes(request: Request) -> Iterator[tuple[RequestedExtension, Finding]]:
    """Attributes beside the extension request; their values are not shown, some are passwords."""
    for oid in dict.fromkeys(oid for oid, _ in request.attributes):
        if oid not in REQUEST_OIDS:
            label = ATTRIBUTES.get(oid, oid)
            shown = RequestedExtension(oid, label, critical=False, use="ignored", value_text="")
            yield shown, found("attribute.ignored", value=label)

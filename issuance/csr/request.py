"""The structure of CertificationRequest (RFC 2986 section 4), read strictly."""

from dataclasses import dataclass

from issuance import tlv
from issuance.findings import Finding, found

type Attribute = tuple[str, list[tlv.Element]]
type Rdn = list[tuple[str, tlv.Element]]


@dataclass(frozen=True, slots=True)
class Request:
    """A request taken apart; ``info`` is what the signature covers, ``spki`` is DER.

    ``signature`` is the content of the BIT STRING after its first octet, ``unused_bits``
    that octet. ``notes`` are findings about harmless departures from DER.
    """

    der: bytes
    info: bytes
    version: int
    subject: list[Rdn]
    spki: bytes
    spki_element: tlv.Element
    attributes: list[Attribute]
    signature_oid: str
    signature_parameters: bytes
    signature: bytes
    unused_bits: int
    notes: list[Finding]


def parse_request(der: bytes, root: tlv.Element | None = None) -> Request:
    """Read a request. Raises ``tlv.MalformedError`` if it is not DER or not a request.

    ``root``: its outermost element, if it has been read strictly already.
    """
    root = root or tlv.read_strictly(der)
    info, algorithm, signature = _three(root)
    version, subject, spki, attributes = _info(info)
    oid, *parameters = algorithm.expect(tlv.SEQUENCE).children()
    bits = signature.expect(tlv.BIT_STRING).content
    return Request(
        der=der,
        info=info.encoded,
        version=_version(version),
        subject=[_rdn(element) for element in subject.expect(tlv.SEQUENCE).children()],
        spki=spki.expect(tlv.SEQUENCE).encoded,
        spki_element=spki,
        attributes=[_attribute(element) for element in attributes.children()],
        signature_oid=tlv.object_identifier(oid),
        signature_parameters=b"".join(element.encoded for element in parameters),
        signature=bits[1:],
        unused_bits=bits[0],
        notes=_notes(attributes),
    )


def _three(root: tlv.Element) -> list[tlv.Element]:
    children = root.expect(tlv.SEQUENCE).children()
    if len(children) != 3:
        raise tlv.MalformedError("structure", root.start)
    return children


def _info(info: tlv.Element) -> list[tlv.Element]:
    children = info.expect(tlv.SEQUENCE).children()
    if len(children) != 4 or children[3].tag != 0xA0:
        raise tlv.MalformedError("attributes" if len(children) == 3 else "structure", info.start)
    return children


def _version(element: tlv.Element) -> int:
    """The raw version, cut to 63 bits: RFC 2986 knows 0 only."""
    return max(min(tlv.integer(element), 1 << 62), -1)


def _rdn(element: tlv.Element) -> Rdn:
    pairs = [child.expect(tlv.SEQUENCE).children() for child in element.expect(tlv.SET).children()]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise tlv.MalformedError("structure", element.start)
    return [(tlv.object_identifier(oid), value) for oid, value in pairs]


def _attribute(element: tlv.Element) -> Attribute:
    children = element.expect(tlv.SEQUENCE).children()
    if len(children) != 2:
        raise tlv.MalformedError("structure", element.start)
    return tlv.object_identifier(children[0]), children[1].expect(tlv.SET).children()


def _notes(attributes: tlv.Element) -> list[Finding]:
    encodings = [child.encoded for child in attributes.children()]
    if len(encodings) > 1 and encodings != sorted(encodings):
        return [found("encoding.lax", problem="set_order")]
    return []


def version_findings(request: Request) -> list[Finding]:
    """RFC 2986 section 4.1: the version is v1, written as 0."""
    return [] if request.version == 0 else [found("encoding.version", value=request.version)]

"""Strict parsing of CertificationRequest (PKCS#10, RFC 2986 section 4)."""

from dataclasses import dataclass

from issuance.csr.kinds import Kind, kind_of_der
from issuance.der import read
from issuance.findings import Finding, found

type Attribute = tuple[str, list[read.Element]]
type Rdn = list[tuple[str, read.Element]]


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request.

    ``info`` is the DER of CertificationRequestInfo, which the signature covers; ``spki`` that of
    SubjectPublicKeyInfo. ``signature`` is the BIT STRING's content after its first octet, and
    ``unused_bits`` that octet. ``notes`` are findings about harmless deviations from DER.
    """

    der: bytes
    info: bytes
    version: int
    subject: list[Rdn]
    spki: bytes
    spki_element: read.Element
    attributes: list[Attribute]
    signature_oid: str
    signature_parameters: bytes
    signature: bytes
    unused_bits: int
    notes: list[Finding]


def parse_request(der: bytes, root: read.Element | None = None) -> Request:
    """Parse a request. Raises ``read.MalformedError`` if it is not DER or not a request.

    ``root``: the outermost element of ``der``, if it has already been parsed as strict DER.
    """
    root = root or read.read_strictly(der)
    children = root.expect(read.SEQUENCE).children()
    if len(children) != 3:
        raise read.MalformedError("structure", root.start)
    info, algorithm, signature = children
    version, subject, spki, attributes = _info(info)
    oid, *parameters = algorithm.expect(read.SEQUENCE).children()
    bits = signature.expect(read.BIT_STRING).content
    return Request(
        der=der,
        info=info.encoded,
        version=_version(version),
        subject=[_rdn(element) for element in subject.expect(read.SEQUENCE).children()],
        spki=spki.expect(read.SEQUENCE).encoded,
        spki_element=spki,
        attributes=[_attribute(element) for element in attributes.children()],
        signature_oid=read.object_identifier(oid),
        signature_parameters=b"".join(element.encoded for element in parameters),
        signature=bits[1:],
        unused_bits=bits[0],
        notes=_notes(attributes),
    )


def _info(info: read.Element) -> list[read.Element]:
    children = info.expect(read.SEQUENCE).children()
    if len(children) != 4 or children[3].tag != 0xA0:
        raise read.MalformedError("attributes" if len(children) == 3 else "structure", info.start)
    return children


def _version(element: read.Element) -> int:
    """The version INTEGER, limited to -1 to 2^62; RFC 2986 defines only 0."""
    return max(min(read.integer(element), 1 << 62), -1)


def _rdn(element: read.Element) -> Rdn:
    pairs = [
        child.expect(read.SEQUENCE).children() for child in element.expect(read.SET).children()
    ]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise read.MalformedError("structure", element.start)
    return [(read.object_identifier(oid), value) for oid, value in pairs]


def _attribute(element: read.Element) -> Attribute:
    children = element.expect(read.SEQUENCE).children()
    if len(children) != 2:
        raise read.MalformedError("structure", element.start)
    return read.object_identifier(children[0]), children[1].expect(read.SET).children()


def _notes(attributes: read.Element) -> list[Finding]:
    encodings = [child.encoded for child in attributes.children()]
    if len(encodings) > 1 and encodings != sorted(encodings):
        return [found("encoding.lax", problem="set_order")]
    return []


def version_findings(request: Request) -> list[Finding]:
    """A finding unless the version is v1, encoded as 0 (RFC 2986 section 4.1)."""
    return [] if request.version == 0 else [found("encoding.version", value=request.version)]


def spki_in(der: bytes) -> bytes:
    """SubjectPublicKeyInfo (DER) of a request, certificate or public key; empty if none."""
    kind = kind_of_der(der)
    if kind is Kind.PUBLIC_KEY:
        return der
    try:
        if kind is Kind.REQUEST:
            return parse_request(der).spki
        if kind is Kind.CERTIFICATE:  # RFC 5280 4.1: the field after subject
            fields = read.read(der).children()[0].children()
            return fields[6 if fields[0].tag == 0xA0 else 5].encoded
    except (read.MalformedError, ValueError, IndexError):
        pass
    return b""

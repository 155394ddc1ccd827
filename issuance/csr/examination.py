"""The examination of an upload: private keys, then file type, request, and names, in order."""

import logging
from collections import Counter
from collections.abc import Callable, Container, Iterator
from functools import partial

from issuance.csr.altnames import AltNames, alt_name_findings, read_alt_names
from issuance.csr.extensions import (
    SUBJECT_ALT_NAME,
    Asked,
    judge_attributes,
    judge_extensions,
    read_extensions,
)
from issuance.csr.kinds import Kind, kind_of_bytes
from issuance.csr.names_compared import ExpectedNames, differences, without_expected
from issuance.csr.private_keys import holds_private_key, leaked_hashes
from issuance.csr.reading import MAX_BYTES, File, Reading, open_file, read_request
from issuance.csr.report import DecodedCsr, NameAttribute, Report, RequestedExtension
from issuance.csr.request import Request, parse_request, version_findings
from issuance.csr.signature import algorithm_name, signature_findings
from issuance.csr.subject import is_personal_code, read_subject, subject_findings
from issuance.der import read
from issuance.findings import PRIVATE_KEY_KNOWN, Finding, found
from issuance.keys.policy import Key, examine_key, hashes_of, read_key

logger = logging.getLogger(__name__)

MOST_SEARCHED = 1024 * 1024
"""Bytes searched for private keys, also in files larger than ``MAX_BYTES``."""

_MOST_SHOWN = 100
"""Most findings of one rule, and most extensions, that a report lists."""

type OfKey = Callable[[Key], list[Finding]]


def examine(
    data: bytes,
    *,
    expected: ExpectedNames | None = None,
    blocked: Callable[[str], bool] | None = None,
    sound: Container[str] = (),
    for_server: bool | None = None,
) -> Report:
    """Examine one uploaded file. Returns a report for any bytes and raises no exception.

    ``expected``: the names of the order, for comparison. ``blocked`` and ``sound``: as in
    ``examine_key``. ``for_server``: whether a server certificate is ordered, None if not known.
    """
    of_key = partial(examine_key, blocked=blocked, sound=sound)
    try:
        return _examine(data, expected, of_key, for_server)
    except Exception:
        # A hostile file must not stop a worker. A defect of ours: logged, without the bytes.
        logger.exception("examination failed on %d bytes", len(data))
        return Report([found("file.unexamined")], None, Kind.UNKNOWN)


def _examine(
    data: bytes, expected: ExpectedNames | None, of_key: OfKey, for_server: bool | None
) -> Report:
    file = open_file(data[:MOST_SEARCHED])
    if holds_private_key(file):
        return _private_key(file)
    if len(data) > MAX_BYTES:
        finding = found("file.too_large", value=len(data), wanted=MAX_BYTES)
        return Report([finding], None, kind_of_bytes(data[:64]))
    reading = read_request(file)
    notes = [found("file.repaired", value=how) for how in reading.repaired]
    if not reading.der:
        return Report(reading.findings, None, reading.kind, reading.repaired)
    csr, findings = _examine_request(reading, of_key, for_server)
    if csr and expected:
        findings = [*without_expected(findings, expected), *differences(csr, expected)]
    kind = Kind.REQUEST if csr else reading.kind
    known = {finding.rule for finding in findings} & PRIVATE_KEY_KNOWN
    leaked = hashes_of(read_key(csr.spki)) if csr and known else []
    every = [*reading.findings, *notes, *findings]
    return Report(every, csr, kind, reading.repaired, leaked_spki_sha256=leaked)


def _private_key(file: File) -> Report:
    """The report on a file with a private key: only hashes of public keys are kept of it."""
    kind = file.kind
    findings = [found("file.private_key")]
    if kind in (Kind.PKCS12, Kind.JKS):
        findings.append(found("file.other_type", value=kind.value))
    else:
        kind = Kind.PRIVATE_KEY
    hashes = leaked_hashes(file)
    return Report(findings, None, kind, [], True, hashes)


def _examine_request(
    reading: Reading, of_key: OfKey, for_server: bool | None
) -> tuple[DecodedCsr | None, list[Finding]]:
    try:
        request = parse_request(reading.der, reading.root)
        asked, asking = read_extensions(request)
    except read.MalformedError as fault:
        return None, [found("encoding.der", problem=fault.problem, offset=fault.offset)]
    except ValueError:
        return None, [found("encoding.der", problem="structure", offset=0)]
    key = read_key(request.spki, request.spki_element)
    attributes, shape = read_subject(request)
    names, name_findings = _alt_names(asked, for_server=for_server)
    extensions, judged = judge_extensions(asked)
    beside = list(judge_attributes(request))
    subject = [*shape, *subject_findings(attributes, for_server=for_server)]
    if any(finding.rule == "subject.personal_code" for finding in subject):
        attributes = list(map(_masked, attributes))
    csr = _decoded(request, key, attributes, names, [*extensions, *(e for e, _ in beside)])
    findings = [
        *version_findings(request),
        *request.notes,
        *asking,
        *of_key(key),
        *signature_findings(request, key),
        *subject,
        *_nameless(csr, shape, for_server=for_server),
        *name_findings,
        *judged,
        *(finding for _, finding in beside),
    ]
    return csr, _limited(findings)


def _limited(findings: list[Finding]) -> list[Finding]:
    """The findings, cut to ``_MOST_SHOWN`` of each rule if there are more in total."""
    if len(findings) <= _MOST_SHOWN:
        return findings
    seen: Counter[str] = Counter()
    kept = []
    for finding in findings:
        seen[finding.rule] += 1
        if seen[finding.rule] <= _MOST_SHOWN:
            kept.append(finding)
    return kept


def _alt_names(asked: list[Asked], *, for_server: bool | None) -> tuple[AltNames, list[Finding]]:
    values = [extension.value for extension in asked if extension.oid == SUBJECT_ALT_NAME]
    if not values:
        return AltNames(), []
    try:
        names = read_alt_names(values[0])
    except read.MalformedError:
        return AltNames(), [found("encoding.extension_value", value="subjectAltName")]
    return names, list(alt_name_findings(names, for_server=for_server))


def _nameless(
    csr: DecodedCsr, shape: list[Finding], *, for_server: bool | None
) -> Iterator[Finding]:
    """The finding that the request has no name.

    A signature request may lack one if it has a subject: the name comes from the order.
    """
    named = csr.values("CN") or csr.dns_names or csr.ip_addresses
    if named or shape:
        return
    if csr.subject and for_server is False:
        yield found("subject.no_names")
    elif for_server is False:
        yield found("subject.missing", problem="no_common_name")
    else:
        yield found("subject.missing")


def _decoded(
    request: Request,
    key: Key,
    attributes: list[NameAttribute],
    names: AltNames,
    extensions: list[RequestedExtension],
) -> DecodedCsr:
    return DecodedCsr(
        der=request.der,
        subject=attributes,
        dns_names=names.dns,
        ip_addresses=[str(address) for address in names.addresses],
        emails=names.emails,
        key=key.facts,
        signature_algorithm=algorithm_name(request),
        version=request.version,
        requested_extensions=extensions[:_MOST_SHOWN],
        spki=request.spki,
    )


def _masked(attribute: NameAttribute) -> NameAttribute:
    """The attribute, its value masked if it contains a personal identity code."""
    if not is_personal_code(attribute.value):
        return attribute
    return NameAttribute(attribute.oid, attribute.label, "*****", attribute.string_type)

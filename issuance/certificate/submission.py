"""Compares the order with the submission that the applicant sent and signed. Pure.

The registration authority makes its order from a frozen submission: canonical JSON and its hash.
The CA trusts neither: it computes the hash of the bytes itself and compares every certified value
that the applicant declared. The field names in findings are the keys of the JSON.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from issuance.certificate.order import CertificateOrder
from issuance.certificate.profiles import Purpose
from issuance.findings import Finding, error, warning

PURPOSES: Mapping[str, frozenset[Purpose]] = {
    "": frozenset(),
    "both": frozenset({"server", "client"}),
    "server": frozenset({"server"}),
    "client": frozenset({"client"}),
}
"""The extended key usages by their value in a submission."""


def examine_submission(order: CertificateOrder) -> Iterator[Finding]:
    """An error if the submission's hash differs, else an error for each value that differs.

    The names of organisation and unit come from the register, or were shortened by a reviewer, so
    a difference in them is only a warning. For a reissue neither the start nor the names are
    compared: it begins at once, with the current names.
    """
    if hashlib.sha256(order.submission).hexdigest() != order.submission_sha256:
        yield error("ca.submission_hash")
        return
    sent = json.loads(order.submission)
    for name, (declared, ordered) in _values(order, sent).items():
        if declared != ordered:
            words = {"sent": str(declared or ""), "ordered": str(ordered or "")}
            yield error("ca.submission", field=name, **words)
    if order.replaces is None:
        yield from _names(order, sent.get("subject", {}))


def _values(order: CertificateOrder, sent: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Pairs of declared and ordered value, by key of the submission."""
    start = order.start.isoformat() if order.start else None
    proven = sent.get("certified_email") if sent.get("mailbox_proved_at") else None
    purpose = PURPOSES.get(sent.get("purpose", ""), frozenset())
    hosts = sent.get("host_names", [])
    named = hosts[0] if hosts else ""
    return {
        "type": (sent.get("type"), order.profile_id),
        "validity_months": (sent.get("validity_months"), order.validity_months),
        "start": (start if order.replaces else sent.get("start"), start),
        "purpose": (sorted(purpose), sorted(order.purpose)),
        "host_names": (hosts, list(order.dns_names)),
        "certified_email": ([proven] if proven else [], list(order.emails)),
        "system_name": (sent.get("system_name") or proven or named, order.common_name),
        "system_oid": (sent.get("system_oid") or None, order.subject.serial_number),
    }


def _names(order: CertificateOrder, sent: Mapping[str, str]) -> Iterator[Finding]:
    ordered = {
        "O": order.subject.organisation,
        "OU": order.subject.unit or "",
        "L": order.subject.locality or "",
    }
    for name, declared in sent.items():
        if declared and declared != ordered[name]:
            words = {"sent": declared, "ordered": ordered[name]}
            yield warning("ca.submission_names", attribute=name, **words)

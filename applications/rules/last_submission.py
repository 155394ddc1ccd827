"""The last submission's contents about the certificate: the source of everything certified.

The applicant edits reopened parts of the order in place. Unsent changes are in no submission and
must not reach a certificate.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from applications.models import Application, Csr
from applications.models.certificate_types import CertificateType


@dataclass(frozen=True, slots=True)
class Sent:
    """The certified fields as they were sent, named as in `applications.rules.fields`.

    A field that the type of certificate does not have is empty, and so is `certified_email` unless
    control of the mailbox was proved. `*_chosen` are not from the submission but the order: a
    reviewer's shortenings of the names, which are approved together with the prepared certificate.
    """

    type: CertificateType
    record_kind: str
    record_oid: str
    organisation_spelling: str
    unit_spelling: str
    organisation_chosen: str
    unit_chosen: str
    purpose: str
    hosts: tuple[str, ...]
    system_name: str
    system_oid: str
    certified_email: str
    validity_months: int
    start: date | None
    organisation: str
    business_id: str

    @classmethod
    def of(cls, application: Application) -> Self:
        """Return the contents of the order's last submission; the order must have one."""
        assert application.submission is not None
        content = json.loads(application.submission.content)
        start = content.get("start")
        return cls(
            type=CertificateType(content["type"]),
            organisation_chosen=application.organisation_chosen,
            unit_chosen=application.unit_chosen,
            hosts=tuple(content.get("host_names", ())),
            certified_email=_proven(content),
            validity_months=content.get("validity_months") or 0,
            start=date.fromisoformat(start) if start else None,
            **{name: content.get(name) or "" for name in _WORDS},
        )


_WORDS = (
    *("record_kind", "record_oid", "organisation_spelling", "unit_spelling", "purpose"),
    *("system_name", "system_oid", "organisation", "business_id"),
)


def _proven(content: Mapping[str, Any]) -> str:
    return content.get("certified_email", "") if content.get("mailbox_proved_at") else ""


def checked_request(application: Application) -> Csr | None:
    """Return the certificate request with which the order was last checked as it was sent.

    The applicant may have chosen another since, in a reopened part, and not sent it.
    """
    runs = application.check_runs.filter(submission=application.submission_id)
    run = runs.order_by("pk").last()  # the times may be those of several machines
    return run.csr if run is not None else application.csr

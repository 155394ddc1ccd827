"""What the last submission says about the certificate: the source of everything certified.

The applicant edits reopened parts of the order in place. Changes that have not been sent yet are
in no submission, and must not reach a certificate.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from applications.models import Application
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
        said = json.loads(application.submission.content)
        start = said.get("start")
        return cls(
            type=CertificateType(said["type"]),
            organisation_chosen=application.organisation_chosen,
            unit_chosen=application.unit_chosen,
            hosts=tuple(said.get("host_names", ())),
            certified_email=_proven(said),
            validity_months=said.get("validity_months") or 0,
            start=date.fromisoformat(start) if start else None,
            **{name: said.get(name) or "" for name in _WORDS},
        )


_WORDS = (
    *("record_kind", "record_oid", "organisation_spelling", "unit_spelling", "purpose"),
    *("system_name", "system_oid", "organisation", "business_id"),
)


def _proven(said: Mapping[str, Any]) -> str:
    return said.get("certified_email", "") if said.get("mailbox_proved_at") else ""

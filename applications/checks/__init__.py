"""The checks of a submitted application, one function each; run by a worker.

Each returns findings; an error goes back to the applicant, a warning to the reviewer.
"""

from datetime import datetime

from applications.checks import conformity, keys, names, register, request
from applications.models import Application
from applications.services.checking import Outcome
from issuance.findings import Finding


def run(application: Application, *, now: datetime) -> Outcome:
    """Run every check over the application as it stands.

    Raises Unavailable when a source that must be asked cannot answer.
    """
    assert application.submission_id is not None and application.csr is not None
    record, standing = register.check(application, now=now)
    order_findings = [
        *standing,
        *names.check(application, now=now),
        *conformity.check(application, now=now),
    ]
    csr_findings = [*request.check(application, now=now), *keys.check(application)]
    return Outcome(
        submission_id=application.submission_id,
        csr_id=application.csr.pk,
        record=record,
        csr_findings=csr_findings,
        order_findings=order_findings,
        sections=sections_of(order_findings),
    )


SECTION_OF_RULE = {
    "order.host_names_missing": "host_names",
    "order.host_name": "host_names",
    "order.system_oid": "system",
    "order.mailbox": "mailbox_proof",
    "order.characters": "unit",
    "order.conformity_missing": "conformity",
    "order.conformity_expired": "conformity",
}


def sections_of(findings: list[Finding]) -> list[str]:
    """Return the parts of the form to reopen so that the faults can be mended."""
    return sorted({SECTION_OF_RULE.get(finding.rule, "unit") for finding in findings})

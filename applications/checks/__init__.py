"""The checks of a submitted application, one function each; a worker runs them.

Each returns findings. An error returns the application to the applicant; a warning is shown to the
reviewer.
"""

from datetime import datetime

from applications.checks import conformity, keys, order_names, register, request, systems
from applications.checks.outcome import Outcome
from applications.models import Application
from certportal.foundation.database.query_cache import one_reading
from issuance.findings import Finding, Severity


@one_reading()
def run(application: Application, *, now: datetime) -> Outcome:
    """Run every check on the application, which has a submission and a certificate request.

    Raises Unavailable when a source that a check needs cannot answer.
    """
    assert application.submission_id is not None and application.csr is not None
    record, standing = register.check(application, now=now)
    order_findings = [
        *standing,
        *order_names.check(application, now=now),
        *systems.check(application, now=now),
        *conformity.check(application, now=now),
    ]
    csr_findings = [*request.check(application, now=now), *keys.check(application)]
    faults = (finding for finding in order_findings if finding.severity is Severity.ERROR)
    return Outcome(
        submission_id=application.submission_id,
        csr_id=application.csr.pk,
        record=record,
        csr_findings=csr_findings,
        order_findings=order_findings,
        sections=sorted({SECTION_OF_RULE.get(finding.rule, "unit") for finding in faults}),
    )


SECTION_OF_RULE = {
    "order.host_names_missing": "host_names",
    "order.host_name": "host_names",
    "order.system_oid": "system",
    "order.system_oid_outside": "system",
    "order.system_name": "system",
    "order.mailbox": "mailbox_proof",
    "order.mailbox_host": "mailbox_proof",
    "order.characters": "unit",
    "order.conformity_missing": "conformity",
    "order.conformity_expired": "conformity",
}

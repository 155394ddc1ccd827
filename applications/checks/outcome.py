"""The result of one run of the checks."""

from dataclasses import dataclass
from uuid import UUID

from accounts.register.models import RegisterRecord
from issuance.findings import Finding


@dataclass(frozen=True, slots=True)
class Outcome:
    """`submission_id`, `csr_id` and `record` tell what was examined.

    `csr_findings` concern the certificate request and its key, `order_findings` everything else;
    `sections` are the ids of the form's sections that `order_findings` concern.
    """

    submission_id: int
    csr_id: UUID
    record: RegisterRecord | None
    csr_findings: list[Finding]
    order_findings: list[Finding]
    sections: list[str]

    @property
    def findings(self) -> list[dict[str, object]]:
        """All findings in the form stored as JSON."""
        return [finding.to_json() for finding in [*self.order_findings, *self.csr_findings]]

"""Is the key in use elsewhere? Issued keys are the CA's to know, pending ones ours."""

from applications import workflow
from applications.models import Application
from issuance.findings import Finding, Severity
from issuance.services.keys import key_findings


def check(application: Application) -> list[Finding]:
    """Return an error when another order holds the key. The other order is never named."""
    assert application.csr is not None
    spki = application.csr.spki_sha256
    pending = (
        Application.objects.filter(csr__spki_sha256=spki)
        .exclude(pk=application.pk)
        .exclude(status__in=workflow.ENDED)
        .exclude(status=workflow.Status.DRAFT)
    )
    if pending.exists():
        return [Finding("key.pending", Severity.ERROR, {})]
    return list(key_findings(spki, application.pk))

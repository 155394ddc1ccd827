"""Is the certificate request still sound by today's rules?"""

from datetime import datetime

from applications.kinds import CertificateType
from applications.models import Application
from applications.naming import expected_names
from issuance import csr as doctor
from issuance import services as authority
from issuance.findings import Finding


def check(application: Application, *, now: datetime) -> list[Finding]:
    """Examine the request anew: rules and the block list may have changed since the upload."""
    assert application.csr is not None
    report = doctor.examine(
        bytes(application.csr.der),
        expected=expected_names(application, now=now),
        blocked=authority.is_blocked,
        for_server=CertificateType(application.type).is_server,
    )
    return list(report.findings)

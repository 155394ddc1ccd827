"""Check the certificate request by the rules in force today."""

from datetime import datetime

from applications.models import Application
from applications.rules.certificate_names import expected_names
from certportal.foundation.actors import system
from issuance import csr as doctor, services as authority
from issuance.findings import Finding


def check(application: Application, *, now: datetime) -> list[Finding]:
    """Examine the request again: rules and blocked keys may have changed since the upload.

    A key found to be publicly known is blocked and its certificates are revoked.
    """
    assert application.csr is not None
    sound = authority.sound_among([application.csr.spki_sha256])
    report = doctor.examine(
        bytes(application.csr.der),
        expected=expected_names(application, now=now),
        blocked=authority.is_blocked,
        sound=sound,
        for_server=application.kind.has_host_names,
    )
    authority.report_known_keys(report, actor=system("checks"), now=now)
    authority.record_sound(report, sound)
    return list(report.findings)

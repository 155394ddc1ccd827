"""The doctor outside an order: nothing is kept but the hash of a leaked key."""

from datetime import datetime, timedelta

from certportal.foundation import limits
from certportal.foundation.actors import Actor, system
from issuance.csr import ExpectedNames, Report, examine
from issuance.services.keys import is_blocked
from issuance.services.leaks import report_leaked_key

MOST = 30
PER = timedelta(minutes=10)


def examine_for_visitor(
    data: bytes, *, names: ExpectedNames | None, for_server: bool, address: str, now: datetime
) -> Report:
    """Examine a file for somebody unknown; ``address`` is their network address.

    The key is not looked up among orders and certificates, or strangers could ask what stands
    there. Raises TooMany after ``MOST`` files in ``PER`` from one address.
    """
    limits.spend_from("csr_doctor", address, most=MOST, per=PER, now=now)
    report = examine(data, expected=names, blocked=is_blocked, for_server=for_server)
    _keep_leaked(report, actor=Actor("visitor", address=address), now=now)
    return report


def examine_for_operator(data: bytes, *, now: datetime) -> Report:
    """Examine a file on the service's own command line, where nothing is ordered."""
    report = examine(data, blocked=is_blocked)
    _keep_leaked(report, actor=system("check_csr"), now=now)
    return report


def _keep_leaked(report: Report, *, actor: Actor, now: datetime) -> None:
    for spki in report.leaked_spki_sha256:
        report_leaked_key(spki, actor=actor, now=now)

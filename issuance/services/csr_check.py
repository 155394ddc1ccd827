"""Checking a certificate request outside an order.

Nothing is stored except the hash of a key whose private key turns out to be known.
"""

from datetime import datetime, timedelta

from certportal.foundation.actors import Actor, system
from certportal.foundation.web import limits
from issuance.csr import ExpectedNames, Report, examine
from issuance.services.blocked_keys import is_blocked
from issuance.services.exposed_keys.leaked import report_known_keys

MOST = 30
PER = timedelta(minutes=10)


def examine_for_visitor(
    data: bytes, *, names: ExpectedNames | None, for_server: bool, address: str, now: datetime
) -> Report:
    """Examine a file for an anonymous visitor; ``address`` is their network address.

    The key is not compared with orders and certificates, because a stranger could learn from the
    answer what they contain. Raises TooMany after ``MOST`` files in ``PER`` from one address.
    """
    limits.spend_from("csr_doctor", address, most=MOST, per=PER, now=now)
    report = examine(data, expected=names, blocked=is_blocked, for_server=for_server)
    report_known_keys(report, actor=Actor("visitor", address=address), now=now)
    return report


def examine_for_operator(data: bytes, *, now: datetime) -> Report:
    """Examine a file for an operator on the command line, outside any order."""
    report = examine(data, blocked=is_blocked)
    report_known_keys(report, actor=system("check_csr"), now=now)
    return report

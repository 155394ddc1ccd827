"""Whether the register has as many persons as must approve; until it has, orders wait."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from issuance.approvers.register import Register
from issuance.conf import proof_wanted
from issuance.models import Approval, PreparedCertificate
from issuance.services.approvers import register
from issuance.services.approvers.enrol import ROLE
from issuance.services.approvers.register import RegisterUnavailable


def require(known: Register, wanted: Mapping[str, int], now: datetime) -> None:
    """Raise RegisterUnavailable if fewer are enrolled for an environment than it wants.

    Nobody could approve then so that it counts: to refuse would send the order round for ever.
    """
    for environment, many in wanted.items():
        there = len(known.persons(ROLE, environment, now))
        if there < many:
            raise RegisterUnavailable(
                f"the register of approvers has {there} of {many} persons for {environment}:"
                " enrol_approver"
            )


def ensure(now: datetime) -> None:
    """Raise RegisterUnavailable if signatures rest on the register, and it cannot be read.

    Likewise if it has too few persons for an order that somebody has approved.
    """
    if settings.APPROVERS_PROVE == "off":
        return
    by_setting = settings.ISSUANCE_APPROVALS
    wanted = {name: many for name, many in by_setting.items() if proof_wanted(name)}
    known = register.read()
    try:
        require(known, wanted, now)
    except RegisterUnavailable:
        if _wait(wanted):
            raise


def _wait(environments: Mapping[str, int]) -> bool:
    """Whether an approved order of these environments is not signed yet."""
    open_ = [PreparedCertificate.State.PREPARED, PreparedCertificate.State.SIGNING]
    waiting = Approval.objects.filter(prepared__state__in=open_)
    return waiting.filter(prepared__environment__in=[*environments]).exists()

"""Whether enough approvers are enrolled; until then, approved orders wait."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from issuance.approvers.register import Register
from issuance.conf import proof_wanted
from issuance.models import Approval, PreparedCertificate
from issuance.services.approvers import register
from issuance.services.approvers.enrol import ROLE


def require(known: Register, wanted: Mapping[str, int], now: datetime) -> None:
    """Raise RegisterUnavailable if too few approvers are enrolled for an environment.

    ``wanted`` is the number of persons who must approve, by environment. The order waits: if it
    were refused, it would be approved again, and no approval would count.
    """
    for environment, needed in wanted.items():
        enrolled = len(known.persons(ROLE, environment, now))
        if enrolled < needed:
            raise register.RegisterUnavailable(
                f"the register of approvers has {enrolled} of {needed} persons for {environment}:"
                " enrol_approver"
            )


def ensure(now: datetime) -> None:
    """Raise RegisterUnavailable if proofs are required and the register cannot be read.

    Likewise if it has too few persons and an approved order waits.
    """
    if settings.APPROVERS_PROVE == "off":
        return
    by_setting = settings.ISSUANCE_APPROVALS
    wanted = {name: needed for name, needed in by_setting.items() if proof_wanted(name)}
    known = register.read()
    try:
        require(known, wanted, now)
    except register.RegisterUnavailable:
        open_ = [PreparedCertificate.State.PREPARED, PreparedCertificate.State.SIGNING]
        waiting = Approval.objects.filter(prepared__state__in=open_)
        if waiting.filter(prepared__environment__in=[*wanted]).exists():
            raise

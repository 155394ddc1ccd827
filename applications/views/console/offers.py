"""What this reviewer may do with this case now; buttons are drawn from it, services decide."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Person
from applications import holding, workflow
from applications.delivery import certificate_of
from applications.models import Application
from applications.revocations import is_revocable
from applications.services.deciding import facts_changed
from applications.signatory import lacks_right
from applications.workflow import Action, Role, Status
from certportal.foundation import clock
from issuance.models import PreparedCertificate


def offers(
    application: Application,
    person: Person,
    prepared: PreparedCertificate | None,
    *,
    now: datetime,
) -> set[str]:
    """Return the ids of the actions to offer: the table's, less what cannot succeed."""
    allowed = set(workflow.actions(application.status, Role.REVIEWER))
    if holding.bias(person, application, now=now):
        return set()
    allowed &= _by_holder(application, person)
    if not is_open(prepared, now=now) or obstacles(application, person, prepared, now=now):
        allowed.discard(Action.APPROVE)
    if application.reviewer_id == person.pk and _is_current(application, prepared, now):
        allowed.discard(Action.CLAIM)
    if not _answer_overdue(application, now):
        allowed.discard(Action.REJECT)
    revocable = {"revoke"} if _revocable(application, now) else set()
    return {str(action) for action in allowed} | revocable


def is_open(prepared: PreparedCertificate | None, *, now: datetime) -> bool:
    """Whether the attempt can be approved at this moment."""
    return prepared is not None and prepared.is_open and now < prepared.expires_at


def _is_current(
    application: Application, prepared: PreparedCertificate | None, now: datetime
) -> bool:
    """Whether nothing would come of preparing the certificate again."""
    return is_open(prepared, now=now) and facts_changed(application, now=now) is None


def obstacles(
    application: Application,
    person: Person,
    prepared: PreparedCertificate | None,
    *,
    now: datetime,
) -> list[str]:
    """Return in words what still keeps this reviewer from approving a prepared certificate."""
    if application.status != Status.IN_REVIEW:
        return []
    found = []
    if changed := facts_changed(application, now=now):
        found.append(str(changed))
    if lacks_right(application):
        found.append(_("Confirm first that whoever sent the order may act for the organisation."))
    if application.host_names.filter(evidence="").exists():
        found.append(_("Record for each host name how you saw that the applicant administers it."))
    if prepared is not None and prepared.approvals.filter(person=person).exists():
        found.append(_("You have approved this certificate. Another reviewer must approve it too."))
    return found


def _by_holder(application: Application, person: Person) -> set[Action]:
    """Return what the table's actions are narrowed to by who has the case."""
    ended = {Action.REOPEN}
    if application.reviewer_id == person.pk:
        return set(Action)
    if not holding.is_free(application):
        return ended | {Action.APPROVE}
    if application.status == Status.INFO_REQUESTED:
        return set(Action)
    return ended | {Action.CLAIM}


def _revocable(application: Application, now: datetime) -> bool:
    certificate = certificate_of(application)
    return certificate is not None and is_revocable(certificate, now=now)


def _answer_overdue(application: Application, now: datetime) -> bool:
    asked = application.requests.filter(closed_at=None).first()
    return asked is None or asked.deadline < clock.day(now)

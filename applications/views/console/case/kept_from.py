"""What keeps a reviewer from what a page of the case is for, and who can do it, in words."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Person
from applications.errors import NotPossible
from applications.models import Application
from applications.rules import case_holder, impartiality
from applications.services.reviewer import revocation
from applications.services.reviewer.may_act import Case
from applications.workflow import Action


def kept_from(
    action: Action, application: Application, person: Person, *, now: datetime
) -> list[str]:
    """Return in words what keeps the reader from the action, and who can do it; else nothing."""
    case = Case(application, person, now=now)
    found = list(case.obstacles(action))
    if not found:
        return []
    over = next((one for one in found if isinstance(one, NotPossible)), None)
    if over is not None:
        return [str(over)]
    told = [case.bias] if case.bias in found else found
    return [*map(str, told), *_who_can(case)]


def _who_can(case: Case) -> list[str]:
    """Return who can do to the case what the reader cannot: who has it, or any other reviewer."""
    application = case.application
    if not case_holder.is_free(application) and not case.is_mine:
        return [_("%(person)s has the case.") % {"person": application.reviewer}]
    if case.bias is not None:
        return [_("Any reviewer without a part in it can take the case when it is free.")]
    return []


def kept_from_proposing(application: Application, person: Person, *, now: datetime) -> list[str]:
    """Return the same for a revocation that takes two reviewers; an exposed key's takes any one."""
    found = list(map(str, revocation.to_propose(application, person, now=now)))
    if impartiality.bias(person, application, now=now):
        found.append(_("Any reviewer without a part in it can propose to revoke it."))
    return found

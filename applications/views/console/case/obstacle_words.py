"""The obstacles to an action on a case, and who else could do it, in words."""

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
    """Return in words the reader's obstacles to the action and who else could do it; [] if none."""
    case = Case(application, person, now=now)
    obstacles = list(case.obstacles(action))
    if not obstacles:
        return []
    impossible = next((error for error in obstacles if isinstance(error, NotPossible)), None)
    if impossible is not None:
        return [str(impossible)]
    shown = [case.bias] if case.bias in obstacles else obstacles
    return [*map(str, shown), *_who_can(case)]


def _who_can(case: Case) -> list[str]:
    """Return a sentence about who can act on the case instead of the reader, if known."""
    application = case.application
    if not case_holder.is_free(application) and not case.is_mine:
        return [_("%(person)s has the case.") % {"person": application.reviewer}]
    if case.bias is not None:
        return [_("Any reviewer without a part in it can take the case when it is free.")]
    return []


def kept_from_proposing(application: Application, person: Person, *, now: datetime) -> list[str]:
    """Return in words the reader's obstacles to proposing a revocation by two reviewers."""
    obstacles = list(map(str, revocation.to_propose(application, person, now=now)))
    if impartiality.bias(person, application, now=now):
        obstacles.append(_("Any reviewer without a part in it can propose to revoke it."))
    return obstacles

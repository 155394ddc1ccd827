"""What a role may do to an order now: the workflow's table, narrowed by the order itself.

Pages offer these actions and services refuse all others. The obstacles to a reviewer's actions are
in `applications.services.reviewer.may_act`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from applications import workflow
from applications.errors import NotPossible
from applications.models import Application
from applications.rules import contact_links, proposed_names
from applications.workflow import Action, Role


def _has_links(application: Application, _role: Role, now: datetime) -> bool:
    """Return whether links can be resent: a contact has had one, and the order allows links."""
    has_had_link = bool(application.technical_email) and bool(application.contact_links.all())
    return has_had_link and contact_links.is_open(application, now=now)


def _is_heard(application: Application, _role: Role, _now: datetime) -> bool:
    """Return whether a hearing is open, which alone may be answered with text only."""
    question = application.question
    return question is not None and question.is_hearing


NARROWED: Mapping[Action, Callable[[Application, Role, datetime], bool]] = {
    Action.ANSWER_HEARING: _is_heard,
    # Host names that are awaited come together with the request.
    Action.ATTACH_CSR: lambda order, _role, _now: not proposed_names.are_awaited(order),
    Action.PROPOSE_NAMES: lambda order, _role, _now: proposed_names.are_awaited(order),
    Action.REPLACE_CSR: lambda order, _role, _now: order.reviewer_id is None,  # unclaimed
    Action.RESEND_LINK: _has_links,
    Action.REVOKE_LINK: lambda order, _role, now: bool(contact_links.valid_links(order, now=now)),
}


# What a link's holder may do only if the order names the technical contact for it.
GIVING = frozenset({Action.ATTACH_CSR, Action.REPLACE_CSR})


def may(
    action: Action, application: Application, role: Role, *, by_link: bool = False, now: datetime
) -> bool:
    """Return whether the role may do the action to the order now.

    `by_link`: through a mailed link, of whose holder only an address is known.
    """
    if by_link and action in GIVING and not contact_links.brings_request(application):
        return False
    narrowed = NARROWED.get(action)
    in_table = workflow.may(action, application.status, role)
    return in_table and (narrowed is None or narrowed(application, role, now))


def actions(application: Application, role: Role, *, now: datetime) -> set[Action]:
    """Return the actions that the role may do to the order now."""
    return {action for action in Action if may(action, application, role, now=now)}


def require(
    action: Action, application: Application, role: Role, *, by_link: bool = False, now: datetime
) -> None:
    """Raise NotPossible if the role may not do the action to the order now; `by_link` as above."""
    if not may(action, application, role, by_link=by_link, now=now):
        raise NotPossible(status=application.status_words_for(role))

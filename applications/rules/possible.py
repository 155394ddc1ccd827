"""What a role may do to an order now: the workflow's table, narrowed by the order itself.

Pages offer these actions and services refuse all others. The obstacles to a reviewer's actions are
in `applications.services.reviewer.may_act`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from applications import workflow
from applications.errors import NotPossible
from applications.models import Application
from applications.models.certificate_types import Delivery
from applications.rules import contact_links, proposed_names
from applications.workflow import Action, Role


def _is_replaceable(application: Application, role: Role, _now: datetime) -> bool:
    """Return whether the case is unclaimed, so that its request may be replaced.

    A technical contact who was named only to get the certificate may not bring a key of their own.
    """
    brings = application.csr_by == Delivery.TECHNICAL_CONTACT
    return application.reviewer_id is None and (brings or role != Role.TECHNICAL_CONTACT)


def _has_links(application: Application, _role: Role, now: datetime) -> bool:
    """Return whether links can be resent: a contact has had one, and the order allows links."""
    has_had_link = bool(application.technical_email) and bool(application.contact_links.all())
    return has_had_link and contact_links.is_open(application, now=now)


def _has_valid_link(application: Application, _role: Role, now: datetime) -> bool:
    return bool(contact_links.valid_links(application, now=now))


def _is_heard(application: Application, _role: Role, _now: datetime) -> bool:
    """Return whether a hearing is open, which alone may be answered with text only."""
    question = application.question
    return question is not None and question.is_hearing


def _names_known(application: Application, role: Role, now: datetime) -> bool:
    """Return False if host names are awaited: the request must then come together with them."""
    return not _names_awaited(application, role, now)


def _names_awaited(application: Application, _role: Role, _now: datetime) -> bool:
    return proposed_names.are_awaited(application)


NARROWED: Mapping[Action, Callable[[Application, Role, datetime], bool]] = {
    Action.ANSWER_HEARING: _is_heard,
    Action.ATTACH_CSR: _names_known,
    Action.PROPOSE_NAMES: _names_awaited,
    Action.REPLACE_CSR: _is_replaceable,
    Action.RESEND_LINK: _has_links,
    Action.REVOKE_LINK: _has_valid_link,
}


def may(action: Action, application: Application, role: Role, *, now: datetime) -> bool:
    """Return whether the role may do the action to the order now."""
    narrowed = NARROWED.get(action)
    in_table = workflow.may(action, application.status, role)
    return in_table and (narrowed is None or narrowed(application, role, now))


def actions(application: Application, role: Role, *, now: datetime) -> set[Action]:
    """Return the actions that the role may do to the order now."""
    return {action for action in Action if may(action, application, role, now=now)}


def require(action: Action, application: Application, role: Role, *, now: datetime) -> None:
    """Raise NotPossible if the role may not do the action to the order now."""
    if not may(action, application, role, now=now):
        raise NotPossible

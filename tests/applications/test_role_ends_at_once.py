"""A reviewer's role ends at the moment at which they act: before the act or after it."""

from functools import partial

import pytest
from django.db import transaction

from accounts.access import actor_for
from accounts.services.organisations import oversight
from accounts.services.organisations.administrator_requests import MayNotDecide
from accounts.services.rights import staff_roles
from applications import services
from applications.workflow import Status
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance.services.errors import NotReviewer
from tests.applications.at_once import Beside

pytestmark = pytest.mark.django_db(transaction=True)


def end_role(person):
    staff_roles.end_reviewer(person, actor=system("test"), now=clock.now())


def late(person, work):
    """Return what the work raises that begins while the person's role is ending."""
    with transaction.atomic():
        end_role(person)
        beside = Beside(work)
    return beside.end()


def test_no_case_is_taken_or_decided_once_the_role_is_ending(matti, riitta):
    case = orders.in_review(matti)
    assert isinstance(late(riitta, partial(act, riitta, services.claim, case)), NotReviewer)
    case.refresh_from_db()
    assert case.reviewer is None


def test_no_account_is_closed_once_the_role_is_ending(matti, riitta):
    account = matti.memberships.get().organisation
    by = {"by": riitta, "actor": actor_for(riitta), "now": clock.now()}
    closing = partial(oversight.close, account.pk, reasons="Apteekki on lopettanut.", **by)
    assert isinstance(late(riitta, closing), MayNotDecide)
    assert not account.is_closed


def test_no_certificate_is_revoked_once_the_role_is_ending(matti, riitta, raimo, cas):
    case = orders.delivered(matti, riitta)
    grounds = {"reason": "superseded", "words": "Uusi on käytössä."}
    proposal = act(riitta, services.propose, case, **grounds)
    confirming = partial(act, raimo, services.confirm_proposal, proposal.pk)
    assert isinstance(late(raimo, confirming), NotReviewer)
    proposal.refresh_from_db()
    assert proposal.is_open


def test_the_role_ends_after_what_is_being_done(matti, riitta):
    case = orders.in_review(matti)
    with transaction.atomic():
        act(riitta, services.claim, case)
        ending = Beside(partial(end_role, riitta))
        assert ending.is_alive()
    assert ending.end() is None
    case.refresh_from_db()
    assert (case.status, case.reviewer) == (Status.IN_REVIEW, riitta)
    recorded = Event.objects.filter(action__in=["application.claim", "staff_role.ended"])
    assert [one.action for one in recorded.order_by("pk")][-1] == "staff_role.ended"

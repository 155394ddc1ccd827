"""Who ends the sessions of several people stops nobody who ends those of the same people."""

from functools import partial

import pytest
from django.db import transaction

from accounts.models import SignOn
from accounts.services.organisations import invite, oversight
from accounts.services.people.merge import merge
from applications import services
from certportal.dev.builders import people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from tests.applications.at_once import Beside
from tests.conftest import CLINICS, PHARMACY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(pharmacy, matti):
    """Two people, each in a session, who joined the pharmacy in the other order of their keys."""
    found = [people.make_person(name) for name in ("Maija Mallikas", "Maria Mallikas")]
    first, last = sorted(found, key=lambda person: person.pk)
    for person in (last, first):
        role = {"role": "applicant", "language": "fi"}
        given = act(matti, invite.invite, pharmacy, person.email, **role)
        act(person, invite.accept, given.pk, given.token)
        people.begin_session(person.logins.get())
    return first, last


@pytest.mark.parametrize("step", ["close", "withdraw_right", "succeed", "merge"])
def test_whose_sessions_end_at_the_same_moment(two, matti, kalle, riitta, pharmacy, step):
    first, last = two
    because = {"reasons": "Apteekki on lopettanut."}
    works = {
        "close": partial(act, riitta, oversight.close, pharmacy.pk, **because),
        "withdraw_right": partial(
            act, riitta, oversight.withdraw_right, matti.memberships.get().pk, **because
        ),
        "succeed": partial(act, riitta, services.succeed, PHARMACY, CLINICS, reason="Fuusio."),
        "merge": partial(merge, last, into=first, actor=system("test"), now=clock.now()),
    }
    with transaction.atomic():
        SignOn.objects.select_for_update().get(person=first)
        beside = Beside(works[step])
        SignOn.objects.select_for_update().get(person=last)
    assert beside.end() is None
    assert not SignOn.objects.filter(ended_at=None, renew=False, person__in=two).exists()

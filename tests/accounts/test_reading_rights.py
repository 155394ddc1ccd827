"""On what the rights of an account's members rest is read by as few statements as for one."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from accounts.right_to_act import resting_on, shown_members
from accounts.services.organisations import invite
from accounts.services.organisations.administrator_requests import unconfirmed_administrators
from certportal.dev.builders import people
from certportal.dev.builders.acts import act

pytestmark = pytest.mark.django_db


def invited(by, *names):
    """Let the person invite one of the names, and whoever was invited the next one."""
    account = by.memberships.get().organisation
    for name in names:
        role, person = Membership.Role.ADMINISTRATOR, people.make_person(name)
        given = act(by, invite.invite, account, person.email, role=role, language="fi")
        act(person, invite.accept, given.pk, given.token)
        by = person
    return by


def number(ask):
    with CaptureQueriesContext(connection) as asked:
        found = ask()
    return len(found), len(asked)


def test_the_rights_of_many_are_read_at_once(matti, pharmacy):
    last = invited(matti, "Aino Alku")
    asking = (
        partial(shown_members, pharmacy),
        partial(resting_on, pharmacy.memberships.get(person=matti)),
        partial(unconfirmed_administrators, pharmacy),
    )
    before = [number(ask) for ask in asking]
    assert [found for found, _ in before] == [2, 1, 0]
    invited(last, "Bertta Berg", "Cecilia Ceder", "Daavid Dahl")
    after = [number(ask) for ask in asking]
    assert [found for found, _ in after] == [5, 4, 0]
    assert [asked for _, asked in after] == [asked for _, asked in before]

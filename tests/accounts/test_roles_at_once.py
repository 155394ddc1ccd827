"""A role given and another taken at the same moment."""

import pytest
from django.db import transaction

from accounts.models import StaffRole
from accounts.services.rights import staff_roles
from certportal.dev.builders import people
from certportal.foundation.actors import system
from tests.applications.at_once import Beside

pytestmark = pytest.mark.django_db(transaction=True)
BY = system("test")


def test_nobody_is_made_a_lead_and_left_so_when_they_stop_reviewing(now):
    riitta = people.make_reviewer("Riitta Ratkaisija", now=now)
    with transaction.atomic():
        staff_roles.grant_lead(riitta, by=None, actor=BY, now=now)
        ending = Beside(lambda: staff_roles.end_reviewer(riitta, actor=BY, now=now))
    assert ending.end() is None
    assert not StaffRole.objects.filter(ended_at=None).exists()


def test_who_stops_reviewing_is_not_made_a_lead(now):
    riitta = people.make_reviewer("Riitta Ratkaisija", now=now)
    with transaction.atomic():
        staff_roles.end_reviewer(riitta, actor=BY, now=now)
        leading = Beside(lambda: staff_roles.grant_lead(riitta, by=None, actor=BY, now=now))
    assert isinstance(leading.end(), staff_roles.NotReviewer)
    assert not StaffRole.objects.filter(ended_at=None).exists()

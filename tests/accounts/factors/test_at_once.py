"""Recovery codes while two pages of the same person are at work."""

import pytest
from django.db import transaction

from accounts.models import User
from accounts.services.people import second_factor
from certportal.foundation import clock
from certportal.foundation.actors import system
from tests.applications.at_once import Beside, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_code_used_while_the_sheet_is_being_shown_stays_used(enrolled, spare):
    code, login = spare(), enrolled.login
    with transaction.atomic():
        User.objects.select_for_update().get(pk=login.pk)
        assert second_factor.recovery(login).validate_code(code)
        showing = Beside(lambda: enrolled.get("recovery_codes"))
    assert showing.end() is None
    assert code not in second_factor.recovery(login).get_unused_codes()
    with pytest.raises(second_factor.NotProven):
        second_factor.prove_code(login, code, actor=system("test"), now=clock.now())


def test_two_sheets_made_at_once_are_one(visit):
    login = visit.login

    def make():
        second_factor.make_recovery_codes(login, actor=system("test"), now=clock.now())

    assert at_once(make, make, make, refusals=second_factor.NotProven) == ["done"] * 3
    assert len(second_factor.recovery(login).get_unused_codes()) == 10

"""Second factors while several pages of the same person are at work."""

import json

import pytest
from django.db import transaction
from fido2.utils import websafe_decode

from accounts.models import User
from accounts.services.people import second_factor
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from tests.applications.at_once import Beside, at_once, waiting
from tests.doubles.passkey import Passkey

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


def asked(visit, name):
    """Return the challenge that the page asks a passkey to sign."""
    options = json.loads(visit.get(name).context["passkey_options"])
    return websafe_decode(options["publicKey"]["challenge"])


def posted_at_once(visit, name, answer):
    """Post the answer four times, all with the session as it is now; return how often it was taken.

    They wait for the login. One that came later would find the session under another id. Of the
    others each is told so, or that the session is another by now (400).
    """
    went = []

    def post():
        went.append(visit.post(name, credential=json.dumps(answer)).status_code)

    with transaction.atomic():
        User.objects.select_for_update().get(pk=visit.login.pk)
        posts = [Beside(post) for _ in range(4)]
        while waiting() < len(posts):
            pass
    assert [each.end() for each in posts] == [None] * 4
    assert set(went) <= {200, 302, 400}
    return went.count(302)


@pytest.mark.parametrize("counter", [0, 5])
def test_an_answer_posted_four_times_at_once_proves_once(enrolled, counter):
    key = Passkey(counter=counter)
    made = key.registration(asked(enrolled, "second_factor_set_up"))
    enrolled.post("second_factor_set_up", credential=json.dumps(made))
    again = enrolled.again()
    answer = key.answer(asked(again, "second_factor"))

    assert posted_at_once(again, "second_factor", answer) == 1
    proven = Event.objects.filter(action="second_factor.proven", object_type="login")
    assert proven.filter(refused=False).count() == 1
    refusals = proven.filter(refused=True).values_list("data__reason", flat=True)
    assert list(refusals) == ["UsedAlready"] * 3


def test_a_new_passkey_posted_four_times_at_once_is_one(enrolled):
    made = Passkey().registration(asked(enrolled, "second_factor_set_up"))

    assert posted_at_once(enrolled, "second_factor_set_up", made) == 1
    kinds = [one.type for one in second_factor.factors(enrolled.login)]
    assert kinds == [second_factor.Kind.TOTP, second_factor.Kind.WEBAUTHN]

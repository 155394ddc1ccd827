"""Whoever's second factors change is told by mail, whoever changed them."""

import pytest
from django.core.management import call_command

from accounts.services.people import second_factor
from certportal.dev.builders import mails, people
from certportal.foundation.models import Event, OutboxItem
from tests.accounts.factors.conftest import Visit

pytestmark = pytest.mark.django_db
ADDED = "Tunnukselle lisättiin toinen tunnistautumistapa"


def told():
    """Return the mails about second factors, as they are sent."""
    items = OutboxItem.objects.filter(payload__kind="second_factor").order_by("created_at")
    return [mails.written(item) for item in items]


def test_setting_up_is_one_mail_that_names_the_app(enrolled):
    (mail,) = told()
    assert (mail.to, mail.subject) == ("riitta@example.fi", ADDED)
    assert "Todennussovellus" in mail.text
    assert enrolled.secret not in mail.text


def test_another_app_in_place_of_the_first_is_told(enrolled):
    enrolled.set_up()
    assert [mail.subject for mail in told()] == [ADDED] * 2


def test_what_is_refused_and_what_is_only_proven_mails_nothing(enrolled):
    visit = enrolled.again()
    visit.post("second_factor", code=visit.wrong())
    visit.post("second_factor", code=visit.code())
    assert len(told()) == 1


def test_a_removed_passkey_is_told(enrolled, passkey):
    enrolled.post("remove_factor", passkey.pk)
    assert told()[-1].subject == "Tunnukselta poistettiin toinen tunnistautumistapa"
    assert "Pääsyavain" in told()[-1].text


def test_new_recovery_codes_are_told_without_them(enrolled):
    enrolled.post("recovery_codes")
    assert told()[-1].subject == "Uudet palautuskoodit tehtiin"
    for code in second_factor.recovery(enrolled.login).get_unused_codes():
        assert code not in told()[-1].text


def test_a_reset_by_an_operator_is_told_in_the_person_s_language(riitta):
    riitta.language = "sv"
    riitta.save()
    Visit(riitta).set_up()

    call_command("reset_second_factor", str(riitta.pk))

    assert told()[-1].subject == "Den andra identifieringsmetoden återställdes"
    assert "dina sessioner har avslutats" in told()[-1].text


def test_nobody_is_told_of_a_reset_that_found_nothing(riitta):
    call_command("reset_second_factor", str(riitta.pk))
    assert told() == []


def test_whoever_has_no_proven_address_is_sent_nothing(db):
    login = people.make_login("Outi Osoitteeton")
    people.prove_second_factor(login)
    assert told() == [None]
    assert Event.objects.filter(action="second_factor.added").exists()


@pytest.fixture
def passkey(enrolled):
    """A passkey of Riitta's, beside her app."""
    return second_factor.Authenticator.objects.create(
        user=enrolled.login, type=second_factor.Kind.WEBAUTHN, data={"name": "", "credential": {}}
    )

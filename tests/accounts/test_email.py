"""The address is verified before anything else."""

import re
from datetime import timedelta

import pytest
from django.utils import translation

from accounts.access import actor_for
from accounts.models import EmailCode
from accounts.services.people import email, erase
from certportal.dev.builders import mails, people
from certportal.dev.builders.people import NOW, log_in, make_login, make_person, verify
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.text.mail_addresses import address_mark
from certportal.foundation.web import tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer():
    """Somebody who has identified and done nothing else."""
    return make_login("Uuno Uusi").person


def ask(person, address="uuno@example.fi", now=NOW):
    email.ask_code(person, address, language="fi", actor=actor_for(person), now=now)
    return people.code_of(person, now=now)


def confirm(person, code, now=NOW):
    email.confirm(person, code, actor=actor_for(person), now=now)
    person.refresh_from_db()


def wrong(code):
    return f"{(int(code) + 1) % 10**8:08}"


def test_right_code_takes_the_address_into_use(newcomer):
    confirm(newcomer, ask(newcomer))

    assert newcomer.email == "uuno@example.fi"
    assert newcomer.email_verified_at == NOW
    assert Event.objects.filter(action="person.email_verified", refused=False).exists()


def test_code_is_eight_digits_and_differs_from_code_to_code(newcomer):
    first, second = ask(newcomer), ask(newcomer)

    assert re.fullmatch(r"[0-9]{8}", first)
    assert first != second


def test_code_is_stored_nowhere(newcomer):
    code = ask(newcomer)

    everything = [
        *EmailCode.objects.values(),
        *OutboxItem.objects.values(),
        *Event.objects.values(),
    ]
    assert code not in str(everything)


def test_code_works_once(newcomer):
    code = ask(newcomer)
    confirm(newcomer, code)

    with pytest.raises(email.WrongCode):
        confirm(newcomer, code)


def test_new_code_ends_the_earlier_one(newcomer):
    first = ask(newcomer)
    ask(newcomer)

    with pytest.raises(email.WrongCode):
        confirm(newcomer, first)


def test_code_lasts_a_quarter_of_an_hour(newcomer):
    code = ask(newcomer)

    with pytest.raises(email.WrongCode):
        confirm(newcomer, code, now=NOW + timedelta(minutes=15))
    assert newcomer.email == ""


@pytest.mark.parametrize(("ahead", "counts"), [(31, False), (29, True)])
def test_a_code_lasts_no_longer_because_a_clock_was_ahead(newcomer, ahead, counts):
    code = ask(newcomer, now=NOW + timedelta(seconds=ahead))
    assert (email.pending(newcomer, now=NOW) is not None) == counts
    if counts:
        confirm(newcomer, code)
    else:
        with pytest.raises(email.WrongCode):
            confirm(newcomer, code)
    assert bool(newcomer.email) == counts


def test_five_wrong_tries_end_the_code(newcomer):
    code = ask(newcomer)
    for _try in range(5):
        with pytest.raises(email.WrongCode):
            confirm(newcomer, wrong(code))

    with pytest.raises(email.WrongCode):
        confirm(newcomer, code)
    assert email.pending(newcomer, now=NOW) is None


def test_code_of_another_person_is_wrong(newcomer):
    other = make_login("Aino Ahkera").person
    ask(other, "aino@example.fi")

    with pytest.raises(email.WrongCode):
        confirm(newcomer, ask(other))


def test_sixth_code_within_an_hour_is_too_many(newcomer):
    for _code in range(5):
        ask(newcomer)

    with pytest.raises(TooMany):
        ask(newcomer)
    assert ask(newcomer, now=NOW + timedelta(hours=1))


def test_address_in_use_stays_until_the_new_one_is_confirmed():
    aino = make_person("Aino Ahkera")
    ask(aino, "uusi@example.fi")
    aino.refresh_from_db()

    assert aino.email == "aino@example.fi"
    verify(aino, "uusi@example.fi")
    assert aino.email == "uusi@example.fi"


def changes():
    """Return the mails to former addresses, as they are sent."""
    items = OutboxItem.objects.filter(payload__kind="address_changed")
    return [mails.written(item, now=NOW) for item in items]


def test_the_former_address_is_told_but_not_the_new_one(db):
    aino = make_person("Aino Ahkera", language="sv")
    assert changes() == []

    verify(aino, "uusi@example.fi")

    (mail,) = changes()
    assert (mail.to, mail.subject) == ("aino@example.fi", "Din e-postadress byttes")
    assert "uusi@example.fi" not in mail.text
    assert "@" not in str(list(OutboxItem.objects.values("payload")))


def test_of_former_addresses_only_marks_stay_and_these_go_with_the_person():
    matti = make_person("Matti Meikäläinen")
    for address in ("matti@muualla.fi", "Matti@Example.fi", "matti@muualla.fi"):
        verify(matti, address)

    first, second = "matti@example.fi", "matti@muualla.fi"
    assert matti.former_addresses == [address_mark(first), address_mark(second)]
    erase.erase_person(matti.pk, now=NOW)
    matti.refresh_from_db()
    assert matti.former_addresses == []


def test_confirming_the_same_address_again_is_no_change(db):
    aino = make_person("Aino Ahkera")
    verify(aino, "Aino@example.fi")
    verify(aino, '"aino"@example.fi')
    assert changes() == []


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_mail_carries_the_code_in_the_readers_language(newcomer, language):
    code = ask(newcomer)
    row = email.pending(newcomer, now=NOW)

    message = mails.write("email_code", id=str(row.pk), language=language, now=NOW)

    with translation.override(language):
        assert message.subject == translation.gettext("Code to confirm your email address")
    assert tokens.readable(code) in message.text
    assert code not in message.subject
    assert message.to == "uuno@example.fi"
    assert message.language == language


def test_mail_of_an_ended_code_is_not_sent(newcomer):
    ask(newcomer)
    first = email.pending(newcomer, now=NOW)
    ask(newcomer)

    assert mails.write("email_code", id=str(first.pk), language="fi", now=NOW) is None


def test_pages_lead_from_address_to_code_to_where_one_was_going(client, newcomer):
    log_in(client, newcomer)
    wanted = "/fi/account/organisation/found/"
    answer = client.get(wanted)
    assert answer.url == f"/fi/account/email/?next={wanted.replace('/', '%2F')}"

    page = {"email": "uuno@example.fi", "language": "sv", "next": wanted}
    answer = client.post("/fi/account/email/", page)
    assert answer.status_code == 302
    code = email.digits(EmailCode.objects.get(ended_at=None))
    answer = client.post(answer.url, {"code": f"{code[:4]} {code[4:]}", "next": wanted})

    assert answer.url == wanted
    newcomer.refresh_from_db()
    assert newcomer.language == "sv"


def test_wrong_code_is_said_beside_the_field(client, newcomer):
    log_in(client, newcomer)
    client.post("/fi/account/email/", {"email": "uuno@example.fi", "language": "fi"})
    code = email.digits(EmailCode.objects.get(ended_at=None))

    answer = client.post("/fi/account/email/code/", {"code": wrong(code)})

    assert answer.status_code == 200
    assert answer.context["form"].errors["code"]


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "abcdefgh", "１２３４５６７８"])
def test_what_is_no_code_costs_no_try(client, newcomer, typed):
    log_in(client, newcomer)
    client.post("/fi/account/email/", {"email": "uuno@example.fi", "language": "fi"})

    answer = client.post("/fi/account/email/code/", {"code": typed})

    assert answer.context["form"].errors["code"]
    assert EmailCode.objects.get(ended_at=None).tries == 0


def test_visitors_are_led_to_log_in(client):
    assert client.get("/fi/account/email/").url == "/fi/account/login/"
    assert client.get("/fi/account/email/code/").url == "/fi/account/login/"


def test_another_address_wants_an_identification_of_the_last_hour(client):
    maija = make_person("Maija Mallikas")
    log_in(client, maija)
    codes = EmailCode.objects.count()
    for minutes, asked in ((61, 0), (59, 1)):
        session = client.session
        session["identified_at"] = (clock.now() - timedelta(minutes=minutes)).isoformat()
        session.save()
        page = {"email": "toinen@example.fi", "language": "fi"}
        for answer in (client.get("/fi/account/email/"), client.post("/fi/account/email/", page)):
            anew = "/account/login/start/?anew=1" in answer.headers.get("Location", "")
            assert anew == (not asked)
        assert EmailCode.objects.count() == codes + asked

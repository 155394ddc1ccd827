"""So much and no more: by one account, from one address, whatever a header says."""

import pytest
from django.test import Client

from accounts.services.organisations import invite as invite_organisations, join, search
from accounts.services.people import email, sessions, sign_on
from applications import services
from applications.services.applicant import bulk_orders, contact_links, csr, mailbox
from certportal.dev.builders import documents, orders, people
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused, TooMany
from certportal.foundation.web import tokens
from certportal.public import eligibility, feedback
from issuance.services import csr_check
from issuance.services.exposed_keys import revoke_by_key

HERE, ELSEWHERE, PROXY = "203.0.113.9", "198.51.100.1", "10.0.0.5"
FEW = 3
PLACES = {
    "login": (sign_on, "MOST_STEPS_FROM", "get", "/identification/return?state=x", None),
    "doctor": (csr_check, "MOST", "post", "/en/csr/", {"type": "server", "text": "x"}),
    "key": (revoke_by_key, "MOST", "post", "/en/revoke-by-key/", {"text": "x"}),
    "register": (search, "MOST", "get", "/en/register/?q=apteekki", None),
    "options": (search, "MOST", "get", "/en/register/options/?q=apteekki", None),
    "eligibility": (eligibility, "MOST", "get", "/en/eligibility/?business_id=9900001-8", None),
    "feedback": (
        feedback,
        "MOST_AN_HOUR",
        "post",
        "/en/feedback/",
        {"about": "idea", "text": "Kiitos hyvästä palvelusta."},
    ),
    "invitation": (
        invite_organisations,
        "MOST_GUESSES_AN_HOUR",
        "get",
        "/en/account/invitation/{}/",
        None,
    ),
    "contact_link": (contact_links, "MOST_GUESSES_AN_HOUR", "get", "/en/contact-link/{}/", None),
}


@pytest.fixture(params=PLACES)
def ask(request, monkeypatch, sample, settings, still):
    """Return how to ask one of the places from an address; it lets a few through."""
    settings.TRUSTED_PROXIES = [PROXY]
    module, name, method, place, form = PLACES[request.param]
    monkeypatch.setattr(module, name, FEW)

    def ask(address, **headers):
        where = place.format(tokens.new())
        return getattr(Client(), method)(where, form, REMOTE_ADDR=address, headers=headers)

    return ask


def use_up(ask, address, **headers):
    for _ in range(FEW):
        assert ask(address, **headers).status_code in {200, 302, 404}


def test_one_address_gets_no_more_than_its_share_and_is_told_when_to_come_back(ask):
    use_up(ask, HERE)
    answer = ask(HERE)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "You have tried too many times." in answer.text or "liian monta" in answer.text
    assert ask(ELSEWHERE).status_code != 429


def test_a_forged_header_does_not_help(ask):
    use_up(ask, HERE)
    for invented in (ELSEWHERE, "192.0.2.77", f"{PROXY}, {ELSEWHERE}", "<script>"):
        assert ask(HERE, x_forwarded_for=invented).status_code == 429
        behind = ask(PROXY, x_forwarded_for=f"{invented}, {HERE}")
        assert behind.status_code == 429


def test_a_forged_header_frames_nobody(ask):
    use_up(ask, ELSEWHERE, x_forwarded_for=HERE)
    use_up(ask, PROXY, x_forwarded_for=f"{HERE}, 192.0.2.77")
    assert ask(HERE).status_code != 429


def test_behind_a_socket_file_visitors_are_told_apart(ask, settings):
    settings.TRUSTED_PROXIES = ["unix"]
    use_up(ask, "", x_forwarded_for=HERE)
    assert ask("", x_forwarded_for=HERE).status_code == 429
    assert ask("", x_forwarded_for=f"{ELSEWHERE}, {HERE}").status_code == 429
    assert ask("", x_forwarded_for=ELSEWHERE).status_code != 429


def test_the_addresses_of_one_network_count_as_one(ask):
    for last in range(FEW):
        ask(f"2001:db8:7:8::{last + 1}")
    assert ask("2001:db8:7:8:9:a:b:c").status_code == 429
    assert ask("2001:db8:7:9::1").status_code != 429


def invite(matti, order, actor, now, turn):
    more = {"role": "applicant", "language": "fi", "by": matti}
    pharmacy = matti.memberships.get().organisation
    invite_organisations.invite(pharmacy, f"u{turn}@example.fi", **more, actor=actor, now=now)


def ask_code(matti, order, actor, now, turn):
    email.ask_code(matti, f"m{turn}@example.fi", language="fi", actor=actor, now=now)


def upload_request(matti, order, actor, now, turn):
    services.upload_csr(order.pk, b"nothing", actor=actor, now=now)


def upload_document(matti, order, actor, now, turn):
    more = {"data": documents.pdf(), "name": "a.pdf", "version": order.version}
    services.add_attachment(order.pk, "conformity", **more, actor=actor, now=now)


def ask_mailbox(matti, order, actor, now, turn):
    order.refresh_from_db()
    services.ask_mailbox_code(
        order.pk, f"k{turn}@example.fi", version=order.version, actor=actor, now=now
    )


def read_rows(matti, order, actor, now, turn):
    services.count_reading(actor=actor, now=now)


def ask_to_join(matti, order, actor, now, turn):
    join.ask(matti, "9900008-5", actor=actor, now=now)


ACTS = {
    invite: (invite_organisations, "MOST_A_DAY", "MOST_A_DAY_FROM"),
    ask_code: (email, "MOST_CODES_AN_HOUR", "MOST_CODES_AN_HOUR_FROM"),
    upload_request: (csr, "MOST_UPLOADS_BY_ONE", "MOST_UPLOADS_FROM"),
    upload_document: (csr, "MOST_UPLOADS_BY_ONE", "MOST_UPLOADS_FROM"),
    ask_mailbox: (mailbox, "MOST_BY_ONE", "MOST_FROM"),
    read_rows: (bulk_orders, "MOST_READ", "MOST_READ_FROM"),
    ask_to_join: (join, "MOST_A_DAY", "MOST_A_DAY_FROM"),
}


def tries(act, matti, order, actors, now):
    """Return how many of the actors' tries the limits let through."""
    for turn, actor in enumerate(actors):
        try:
            act(matti, order, actor, now, turn)
        except TooMany:
            return turn
        except Refused:  # what is wrong with the act itself is another matter
            pass
    return len(actors)


def member(pharmacy, number, now):
    """Return the key of a member who has done nothing yet, not even verified an address."""
    person = people.make_login(f"Jäsen{number} Mallikas", now=now).person
    more = {"role": "applicant", "basis": "invitation", "begun_at": now}
    pharmacy.memberships.create(person=person, **more)
    return str(person.pk)


@pytest.mark.parametrize("act", ACTS)
def test_one_account_gets_no_more_by_changing_its_address(
    act, matti, pharmacy, kalle, now, monkeypatch
):
    module, most, _from = ACTS[act]
    monkeypatch.setattr(module, most, FEW)
    order = orders.draft(matti, "system_signature")
    account = member(pharmacy, 1, now)
    wandering = [Actor("person", account, f"203.0.113.{last}") for last in range(2 * FEW)]
    assert tries(act, matti, order, wandering, now) == FEW


@pytest.mark.parametrize("act", ACTS)
def test_one_address_gets_no_more_by_changing_its_account(
    act, matti, pharmacy, kalle, now, monkeypatch
):
    module, _most, most_from = ACTS[act]
    monkeypatch.setattr(module, most_from, FEW)
    order = orders.draft(matti, "system_signature")
    many = [Actor("person", member(pharmacy, number, now), HERE) for number in range(2 * FEW)]
    assert tries(act, matti, order, many, now) == FEW


def test_one_person_logs_in_so_often_an_hour(db, now, monkeypatch):
    monkeypatch.setattr(sign_on, "MOST_LOGINS_AN_HOUR", FEW)
    identity = people.identity_of("test:Matti")
    for last in range(FEW):
        client = sessions.Client(f"203.0.113.{last}")
        sign_on.enter(identity, language="fi", client=client, now=now)
    with pytest.raises(TooMany):
        sign_on.enter(identity, language="fi", client=sessions.Client("203.0.113.99"), now=now)


@pytest.mark.usefixtures("still")
def test_what_other_sites_embed_locks_nobody_out(db, monkeypatch):
    monkeypatch.setattr(sign_on, "MOST_STEPS_FROM", FEW)
    place = "/fi/account/login/start/"
    for kind in ("image", "iframe", "script", "empty"):
        embedded = Client().get(place, headers={"Sec-Fetch-Dest": kind}, REMOTE_ADDR=HERE)
        assert embedded.status_code == 403
        stray = Client().get("/identification/return?state=x", REMOTE_ADDR=HERE)
    assert stray.status_code == 429
    # Nobody is at the provider of these tests; the way to it is open.
    assert Client().get(place, REMOTE_ADDR=HERE).status_code == 503

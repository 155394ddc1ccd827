"""What a stranger sees is the same whether or not the others are there: lists, counts, refusals."""

import re
import uuid

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from applications import services
from applications.services.applicant import contact_links
from certportal.dev.builders import orders, people
from certportal.dev.builders.orders import CONTACT
from certportal.foundation import clock
from certportal.foundation.models import Event
from certportal.foundation.web import refusals
from tests.isolation.addresses import address, leads_to_an_organisation
from tests.isolation.table import TABLE, statuses_only, text_of

CLINIC = "1.2.246.10.99000085.10.0"
# What differs from one answer to the next whoever is there, and what one asked for oneself.
CHANGING = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|data-rest="\d+"')
# What tells of one's own visits, these very looks among them.
OWN_TRACES = {"accounts:recorded", "accounts:export"}


def shown(client):
    """Return every page that wants no id, as the client sees it."""
    found = {}
    for entry in TABLE:
        if not entry.wants and entry.name and not entry.name.startswith(("dev_mail", "testidp:")):
            answer = client.get(reverse(entry.name))
            if entry.name not in {"healthz", "accounts:identify", "accounts:logout"} | OWN_TRACES:
                found[entry.name] = (answer.status_code, CHANGING.sub("", text_of(answer)))
    return found


def tries(person):
    return Event.objects.filter(refused=True, actor=f"person:{person.pk}").count()


def test_lists_counts_and_searches_are_as_if_the_others_were_not_there(kalle, request):
    orders.with_csr(kalle, unit=CLINIC)
    request.getfixturevalue("cas")
    client = people.log_in(Client(), kalle)
    before = shown(client)
    for name in ("order", "draft"):
        request.getfixturevalue(name)
    after = shown(client)
    assert [name for name in before if before[name] != after[name]] == []
    assert before["home"][0] == 200
    refused = {name for name in before if name.startswith(("console:", "staff:"))}
    assert {before[name][0] for name in refused} == {404}
    assert {"console:queue_csv", "console:register", "staff:staff"} <= refused


def test_what_is_not_theirs_and_what_is_not_there_are_refused_in_the_same_words(
    order, kalle, monkeypatch
):
    monkeypatch.setattr(refusals, "MOST_AN_HOUR", 1000)  # Kalle requests every address at once
    client = people.log_in(Client(), kalle)
    for entry in filter(leads_to_an_organisation, TABLE):
        if "application_id" in entry.wants:
            told, there = set(), address(entry, order)
            for key in (str(order.pk), str(uuid.uuid4())):
                before, place = tries(kalle), there.replace(str(order.pk), key)
                answer = client.get(place)
                assert answer.status_code == 404, place
                assert tries(kalle) == before + 1, place
                told.add(CHANGING.sub("", answer.text).replace(key, "key"))
            assert len(told) == 1, entry


def test_parts_of_another_order_do_not_open_under_one_s_own(order, draft, kalle, riitta):
    own = orders.draft(kalle, unit=CLINIC)
    client = people.log_in(Client(), kalle)
    places = [
        reverse("applications:csr", args=[own.pk, order.csrs.get().pk]),
        reverse("applications:csr", args=[own.pk, draft.csrs.get().pk]),
        reverse("applications:attachment", args=[own.pk, draft.attachments.get().pk]),
        reverse("applications:remove_attachment", args=[own.pk, draft.attachments.get().pk]),
    ]
    for place in places:
        before = tries(kalle)
        assert client.post(place, {"version": own.version}).status_code in {404, 405}, place
        if "remove" not in place:
            assert client.get(place).status_code == 404, place
            assert tries(kalle) > before, place
    case = orders.claimed(kalle, riitta, unit=CLINIC)
    desk = people.log_in(Client(), riitta)
    host = order.host_names.first()
    place = reverse("console:evidence", args=[case.pk, host.pk])
    assert desk.post(place, {"version": case.version}).status_code == 404
    host.refresh_from_db()
    assert draft.attachments.get().removed_at is None


def test_nobody_acts_for_an_organisation_by_sending_its_id(order, kalle):
    client = people.log_in(Client(), kalle)
    form = {"organisation": str(order.organisation_id)}
    before = tries(kalle)
    assert client.post(reverse("accounts:choose"), form).status_code == 404
    assert tries(kalle) == before + 1
    assert order.number not in client.get(reverse("home")).text


@pytest.fixture
def links_in_mails(order, draft):
    """Every address of this service in the mails that were sent about the pharmacy's things."""
    orders.drain()
    words = " ".join(one.body for one in mail.outbox)
    found = set(re.findall(r"https?://[^/\s]+(/[^\s>)\]]*)", words))
    assert len(found) > 2
    return found


def test_a_mail_that_went_astray_opens_nothing(links_in_mails, order, kalle, matti, now):
    secrets = [order.number, "erecept.example.fi", "tekniikka@example.fi", "Maija"]
    visitor, stranger = Client(), people.log_in(Client(), kalle)
    matti.memberships.update(ended_at=now)
    former = people.log_in(Client(), matti)
    for place in links_in_mails:
        if "/invitation/" in place or "/contact-link/" in place:
            continue  # a secret by itself; the next tests and tests/accounts/test_inviting.py
        for client in (visitor, stranger, former):
            page = client.get(place, follow=True)
            assert [one for one in secrets if one in page.text] == [], place


@pytest.fixture
def contact_of_kalle(kalle):
    """A browser that has opened the link to an order of Kalle's, and that order's link."""
    other = orders.draft(kalle, unit=CLINIC)
    orders.name_contact(kalle, other, CONTACT)
    seen = orders.Handler(kalle, other).seen
    services.save_section(other.pk, "csr", {"csr_by": "technical_contact"}, **seen)
    orders.submit(kalle, other)
    client, link = Client(), other.contact_links.get()
    opened = client.post(reverse("contact:landing", args=[link.token]))
    assert opened["Location"] == reverse("contact:order", args=[link.token])
    return client, link


@statuses_only
def test_a_technical_contact_of_another_order_finds_nothing(contact_of_kalle, order, draft):
    client, link = contact_of_kalle
    assert client.get(reverse("contact:order", args=[link.token])).status_code == 200
    for entry in filter(leads_to_an_organisation, TABLE):
        mine = "token" in entry.wants  # one's own link, and what is another order's
        if mine and "csr_id" not in entry.wants:
            continue
        for application in (order, draft):
            place = address(entry, application).replace("x" * 43, link.token)
            for answer in (client.get(place), client.post(place, {"version": 1})):
                led_to_log_in = not mine and "/login/" in answer.headers.get("Location", "")
                assert answer.status_code == 404 or led_to_log_in, place


def test_a_request_of_another_order_under_one_s_own_link_is_a_refused_try(contact_of_kalle, order):
    client, link = contact_of_kalle
    place = reverse("contact:preview", args=[link.token, order.csrs.get().pk])
    assert client.get(place).status_code == 404
    assert Event.objects.filter(refused=True, actor=f"technical_contact:{link.pk}").count() == 1


def test_a_secret_opens_only_what_it_was_made_for(contact_of_kalle, order):
    _client, link = contact_of_kalle
    invitation = order.organisation.invitations.first()
    visitor = Client()
    for place in (
        reverse("accounts:invitation", args=[link.token]),
        reverse("contact:landing", args=[invitation.token]),
        reverse("revoke_by_key_sign", args=[link.token]),
    ):
        assert visitor.get(place).status_code in {404, 410}, place
    assert contact_links.find_link(invitation.token, address="", now=clock.now()) is None

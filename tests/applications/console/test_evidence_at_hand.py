"""What a reviewer needs to decide stands on the case's page: identity, evidence, what is known."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from accounts.access import actor_for
from applications import services
from applications.models import Application, Csr
from applications.views.console.case import background, checklist
from applications.views.shared import history
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.web import keyset
from tests.tables import rewrite

CLINIC = "1.2.246.10.99000085.10.0"
COUNTY, HEALTH_CENTRE = "9900009-3", "1.2.246.10.99000093.10.200"


def test_the_fields_of_a_document_stand_beside_it(matti, cas, desk):
    case = orders.in_review(matti, "system_signature")
    page = desk.open("case", case.pk)
    assert ("Number of the certificate of conformity", "VT-2025-0042") in page.context["conformity"]
    beside = page.text[page.text.index('class="document"') :]
    assert beside.index("VT-2025-0042") < beside.index("<iframe")


def test_on_top_stand_business_id_environment_and_the_certificate_s_state(matti, riitta, cas, desk):
    waiting, old = orders.in_review(matti), orders.delivered(matti, riitta)
    text = side(desk, waiting)
    assert "9900001-8" in text and "Production" in text and "not issued" in text
    assert "Valid" in side(desk, old) and "Delivered" in side(desk, old)
    given = {"actor": actor_for(matti), "person": matti, "now": clock.now()}
    services.revoke(old.pk, reason="cessation_of_operation", words="", **given)
    assert "Valid" not in side(desk, old) and "Delivered" not in side(desk, old)


def test_on_top_stands_the_unit_that_is_called_otherwise_than_the_organisation(
    sample, cas, desk, now
):
    jussi = people.make_founder("Jussi Järvi", COUNTY, now=now)
    case = orders.in_review(jussi, unit=HEALTH_CENTRE)
    assert "Harjulan terveysasema" in side(desk, case)


def side(desk, case):
    """Return the left part of the case's page, up to the checklist."""
    text = desk.open("case", case.pk).text
    return text[text.index("case__side") : text.index('id="checklist"')]


@pytest.mark.django_db(transaction=True)
def test_one_press_on_the_checklist_shows_evidence_within_closed_details(enter, desk, ready):
    page = enter(desk)("case", ready.pk)
    row = page.locator("#compared-organisation")
    expect(row).not_to_be_visible()
    page.locator("#checklist a[href='#compared-organisation']").press("Enter")
    expect(row).to_be_in_viewport()
    page.locator("#checklist a[href='#key']").press("Enter")
    expect(page.locator("#key + p", has_text=ready.csr.spki_sha256)).to_be_in_viewport()


def test_of_a_mailbox_the_checklist_leads_to_its_name(matti, riitta, cas, desk):
    page = desk.open("case", orders.claimed(matti, riitta, "email").pk)
    (mailbox,) = (one for one in page.context["checklist"] if one.label == "Mailbox")
    assert f'id="{mailbox.place}"' in page.text


def test_a_new_key_is_said_to_be_new_and_a_known_one_where_it_was(ready, matti, riitta, desk):
    old = orders.delivered(matti, riitta)
    page = desk.open("case", ready.pk)
    assert "not used before" in key(page).text
    assert "No other order that was sent" in page.text
    rewrite(Csr.objects.filter(application=old), spki_sha256=ready.csr.spki_sha256)
    page = desk.open("case", ready.pk)
    assert key(page).mark == checklist.Mark.LOOK
    assert ", used before" in key(page).text
    ((order, standing),) = page.context["key"].seen
    assert (order, standing.label) == (old, "Delivered")


def key(page):
    (one,) = (item for item in page.context["checklist"] if item.label == "Key")
    return one


def test_other_orders_for_the_same_host_names_are_told_with_their_end(case, matti, riitta, desk):
    page = desk.open("case", case.pk)
    assert not page.context["names_known"].seen
    assert "No other order that was sent has had them." in page.text
    orders.draft(matti)
    rejected = orders.claimed(matti, riitta)
    desk.reject(rejected, "Ei oikeutta verkkotunnukseen.")
    page = desk.open("case", case.pk)
    (one,) = page.context["names_known"].seen
    assert (one.order, one.standing.label, one.is_foreign) == (rejected, "Rejected", False)
    assert one.names == ["erecept.example.fi", "varmuus.example.fi"]
    assert "Ei oikeutta" in page.text[page.text.index('id="namesakes"') :]
    assert foreign_line(page) is None


@pytest.mark.parametrize("type", ["server", "system_signature", "email"])
def test_another_organisations_order_for_the_same_name_is_to_be_looked_at(
    type, matti, kalle, cas, desk
):
    case, theirs = orders.in_review(matti, type), orders.in_review(kalle, type, unit=CLINIC)
    value = {"system_oid": case.system_oid, "certified_email": case.certified_email}
    Application.objects.filter(pk=theirs.pk).update(**value)
    mine = orders.in_review(matti, type)
    page = desk.open("case", case.pk)
    seen = page.context["names_known"].seen
    assert [(one.order, one.is_foreign) for one in seen] == [(theirs, True), (mine, False)]
    assert foreign_line(page).mark == checklist.Mark.LOOK
    assert f'id="{foreign_line(page).place}"' in page.text
    assert "Another organisation" in page.text


def foreign_line(page):
    return next(
        (one for one in page.context["checklist"] if one.label == "Names in other orders"), None
    )


def test_the_sender_s_other_orders_and_their_returns_are_counted(case, matti, riitta, desk):
    returned, rejected = orders.claimed(matti, riitta), orders.claimed(matti, riitta)
    question(desk, returned)
    desk.reject(rejected, "Ei oikeutta verkkotunnukseen.")
    known = desk.open("case", case.pk).context["sender_known"]
    assert (known.person, known.orders.number) == (matti, 2)
    assert (known.returned, known.rejected) == (1, 1)


def test_of_a_sender_of_very_many_orders_it_says_only_that(case, matti, desk, monkeypatch):
    monkeypatch.setattr(keyset, "MOST_COUNTED", 1)
    orders.in_review(matti)
    assert f"{matti} has sent 1 other order." in desk.open("case", case.pk).text
    orders.in_review(matti)
    page = desk.open("case", case.pk)
    assert f"{matti} has sent more than 1 other orders." in page.text
    assert "A reviewer asked about them" not in page.text


def question(desk, case, **values):
    deadline = clock.day(clock.now()) + timedelta(days=14)
    asked = {"reason": "Kuinka kauan?", "sections": ["validity"], "send": "1"} | values
    assert desk.press("ask", case, deadline=deadline.isoformat(), **asked).status_code == 302


def test_questions_answers_and_decisions_stand_in_the_order_of_time(ready, desk, matti, riitta):
    question(desk, ready)
    (asked,) = desk.open("case", ready.pk).context["dialogue"]
    assert (asked.is_open, asked.who) == (True, str(riitta))
    orders.resubmit(matti, ready)
    orders.drain()
    ready.refresh_from_db()
    seen = orders.Handler(matti, ready).seen
    services.add_information(ready.pk, text="Lisätieto", person=matti, **seen)
    question(desk, ready, reason="Kuinka kauan siis?")
    page = desk.open("case", ready.pk)
    assert [(one.said, one.text) for one in page.context["dialogue"]] == [
        ("asked", "Kuinka kauan?"),
        ("answered", ""),
        ("written", "Lisätieto"),
        ("asked", "Kuinka kauan siis?"),
    ]


def test_what_is_not_listed_is_said_and_found(ready, matti, riitta, desk, monkeypatch):
    orders.delivered(matti, riitta)
    orders.delivered(matti, riitta)
    said = ("Only the newest is listed.", "Only the newest events are listed.")
    page = desk.open("case", ready.pk).text
    assert not any(words in page for words in said)
    monkeypatch.setattr(background, "MOST", 1)
    monkeypatch.setattr(history, "MOST", 2)
    page = desk.open("case", ready.pk).text
    assert (page.count(said[0]), page.count(said[1])) == (2, 1)
    assert len(desk.open("queue", q="9900001-8").context["rows"]) == 3
    assert desk.url("events") + f"?order={ready.number}" in page


def test_a_document_can_be_asked_for_without_opening_a_part(case, desk, matti, web_of):
    question(desk, case, sections=[], wanted="Haltijan valtuutus", reason="Kuka hallitsee nimeä?")
    orders.drain()
    (sent,) = (one for one in mail.outbox if "Kuka hallitsee nimeä?" in one.body)
    assert "Haltijan valtuutus" in sent.body
    assert "alla nimetyt asiakirjat" in sent.body
    page = web_of(matti).get(reverse("applications:order", args=[case.pk])).text
    assert "Haltijan valtuutus" in page
    orders.resubmit(matti, case)
    orders.drain()
    case.refresh_from_db()
    assert case.status == "in_review"
    assert "Haltijan valtuutus" in desk.open("case", case.pk).context["dialogue"][0].text


def test_a_case_leads_to_the_pages_of_all_it_is_about(matti, riitta, cas, desk):
    case = orders.delivered(matti, riitta)
    pages = {"account": case.organisation_id, "person": matti.pk, "certificate": case.pk}
    links = {desk.url(name, key) for name, key in pages.items()}
    shown = desk.open("case", case.pk).text
    assert not {link for link in links if f'href="{link}"' not in shown}
    # What was typed on another page would be lost by following a link there.
    assert (
        f'href="{desk.url("account", case.organisation_id)}"'
        not in desk.open("revoke", case.pk).text
    )

"""Checking, declaring and sending; the confirmation; a unit that has ended meanwhile."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core import mail
from django.utils.formats import date_format

from accounts.models import Membership
from accounts.register.models import RegisterRecord
from applications import services
from applications.models import Application
from applications.rules import lapse
from applications.services.applicant import contact_links
from applications.workflow import Status
from certportal.dev.builders import orders, people, proposed_names
from certportal.dev.builders.acts import do
from certportal.foundation import clock
from tests.tables import rewrite

DECLARED = {"authority": "on", "domains": "on", "truth": "on", "binding": "on"}


@pytest.fixture
def ready(matti):
    return orders.with_csr(matti)


@pytest.fixture
def send(web, address):
    """Press “Send the order” with the boxes given."""

    def send(order, boxes=DECLARED, version=None):
        data = {"version": version or order.version} | boxes
        answer = web.post(address("applications:check", order.pk), data)
        order.refresh_from_db()
        return answer

    return send


@pytest.fixture
def fresh(ready):
    ready.refresh_from_db()
    return ready


def test_the_check_shows_all_answers_with_links_to_change_them(web, fresh, address):
    page = web.get(address("applications:check", fresh.pk))
    for answer in ["erecept.example.fi", "tekniikka@example.fi", "12 months", "Both"]:
        assert answer in page.text
    assert address("applications:part", fresh.pk, "host_names") + "?from=check" in page.text


def test_a_part_of_one_answer_is_named_once_to_matti_s_eyes(web, fresh, address):
    text = " ".join(web.get(address("applications:check", fresh.pk)).text.split())
    assert '<dt class="visually-hidden">Host names</dt>' in text
    assert "<dt >Contact person</dt>" in text  # beside the address


def follows(web, order, address) -> list[str]:
    """Return what the page for checking says that follows the sending."""
    return web.get(address("applications:check", order.pk)).context["follows"]


def test_before_sending_the_applicant_reads_who_does_what_and_where_the_certificate_comes(
    web, matti, fresh, address
):
    page = web.get(address("applications:check", fresh.pk)).text
    assert "You don&#x27;t need to do anything more" in page
    assert "by email to matti@example.fi, tekniikka@example.fi." in page
    assert "If we need more information, we write to matti@example.fi." in page
    assert "The contact person of the order" in page
    draft = orders.draft(matti)
    do(matti, services.save_section, draft, "csr", {"csr_by": "applicant"})
    last = date_format(lapse.last_day(clock.day(clock.now())), "DATE_FORMAT")
    assert f"when you have it, by {last}. Otherwise" in follows(web, draft, address)[0]
    orders.name_contact(matti, draft, orders.CONTACT)
    do(matti, services.save_section, draft, "csr", {"csr_by": "technical_contact"})
    first, when, arrival = follows(web, draft, address)
    assert first.startswith("Tiina Toimittaja gets a link by email and sends")
    assert "after the certificate request has come" in when
    assert orders.CONTACT["technical_email"] in arrival
    do(matti, services.save_section, draft, "host_names", proposed_names.LEFT)
    first, confirm, when, _arrival = follows(web, draft, address)
    assert "proposes the host names" in first
    assert confirm.endswith("we write to matti@example.fi.")
    assert "after the host names have been confirmed" in when


def test_a_shared_mailbox_that_is_one_person_s_is_pointed_out(web, fresh, address):
    assert "shared mailbox" not in follows(web, fresh, address)[-1]
    Application.objects.filter(pk=fresh.pk).update(mailbox="Matti@Example.fi")
    said = follows(web, fresh, address)[-1]
    assert said.startswith("The shared mailbox Matti@Example.fi is also one person's address")


def test_an_unconfirmed_right_to_act_is_told_before_sending_unless_it_is_a_test(
    web, fresh, address
):
    rights = Membership.objects.filter(organisation=fresh.organisation)
    rights.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    first, *rest = follows(web, fresh, address)
    assert first.startswith("A reviewer confirms your authority to act first.")
    assert "/account/right/" in first
    assert not any("anything more" in one for one in rest)
    Application.objects.filter(pk=fresh.pk).update(type="test_server")
    assert follows(web, fresh, address)[0] == "You don't need to do anything more."


def test_after_sending_an_unconfirmed_right_is_told_with_the_way_to_show_it(
    web, send, fresh, address
):
    rights = Membership.objects.filter(organisation=fresh.organisation)
    rights.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    page = web.get(send(fresh)["Location"]).text
    assert address("accounts:right") in page.partition("<main")[2]
    assert "You don&#x27;t need to do anything" not in page


def test_in_place_of_a_contact_person_who_left_stand_the_administrators(
    web, pharmacy, fresh, address
):
    liisa = people.make_member("Liisa Lähtenyt", pharmacy)
    Membership.objects.filter(person=liisa).update(ended_at=clock.now())
    Application.objects.filter(pk=fresh.pk).update(contact_email=liisa.email, mailbox="")
    _first, _when, asked, arrival = follows(web, fresh, address)
    assert asked.endswith("we write to the administrators of the account.")
    assert "by email to the administrators of the account." in arrival


def test_a_sent_order_is_confirmed_with_number_and_day_in_words(web, send, fresh, address):
    answer = send(fresh)
    assert answer["Location"] == address("applications:sent", fresh.pk)
    page = web.get(answer["Location"])
    assert fresh.number in page.text
    assert "We will handle the order by" in page.text
    assert address("applications:receipt", fresh.pk, 1) in page.text
    assert fresh.status == Status.CHECKING
    assert '"declarations":["authority","domains","truth","binding"]' in fresh.submission.content


@pytest.mark.parametrize("missing", DECLARED)
def test_every_declaration_is_wanted(send, fresh, missing):
    page = send(fresh, {name: "on" for name in DECLARED if name != missing})
    assert "Declare this to send the order: " in page.text
    assert fresh.status == Status.DRAFT


def test_a_signature_certificate_needs_a_word_on_the_system_in_place_of_domains(send, matti):
    order = orders.with_csr(matti, "system_signature")
    order.refresh_from_db()
    declared = {name: "on" for name in DECLARED if name != "domains"}
    page = send(order, declared)
    assert "The organisation administers the information system" in page.text
    assert order.status == Status.DRAFT
    send(order, declared | {"system": "on"})
    assert order.status == Status.CHECKING


def test_sending_twice_sends_once_and_shows_the_confirmation(send, fresh, address):
    seen = fresh.version
    send(fresh)
    again = send(fresh, version=seen)
    assert again["Location"] == address("applications:sent", fresh.pk)
    assert fresh.submissions.count() == 1


def test_a_change_meanwhile_is_shown_before_anything_is_sent(send, fresh):
    page = send(fresh, version=fresh.version - 1)
    assert page.status_code == 409
    assert "has changed since you opened the page" in page.text
    assert fresh.status == Status.DRAFT


def test_missing_parts_are_listed_and_nothing_can_be_sent(web, matti, address, send):
    draft = orders.draft(matti)
    draft.refresh_from_db()
    page = web.get(address("applications:check", draft.pk))
    first_part = page.text.index("<h2>")
    assert "These parts are missing" in page.text[:first_part]
    assert "Send the order" not in page.text
    assert send(draft).status_code == 400


def test_a_unit_that_has_ended_is_explained_on_a_page_of_its_own(send, fresh, now):
    records = RegisterRecord.objects.filter(oid=orders.UNIT)
    rewrite(records, valid_to="2020-12-31")
    page = send(fresh)
    assert "The chosen unit has ended in the register." in page.text
    assert "What you can do" in page.text
    assert fresh.status == Status.DRAFT


def test_the_confirmation_the_page_and_the_mail_say_who_sends_the_request(web, matti, address):
    waiting, own = orders.waiting_for_contact(matti), orders.draft(matti)
    do(matti, services.save_section, own, "csr", {"csr_by": "applicant"})
    orders.submit(matti, own)
    for name in ("sent", "order"):
        page = web.get(address(f"applications:{name}", waiting.pk)).text
        assert "We have asked Tiina Toimittaja for the certificate request (CSR)." in page
        page = web.get(address(f"applications:{name}", own.pk)).text
        assert "Send the certificate request (CSR) next." in page
    orders.drain()
    bodies = [one.body for one in mail.outbox if one.to == ["matti@example.fi"]]
    assert any("tekninen yhteyshenkilö Tiina Toimittaja" in body for body in bodies)
    assert any("Lähetä varmennepyyntö (CSR) tilauksen sivulla." in body for body in bodies)


def test_the_confirmation_of_a_draft_leads_to_the_draft(web, fresh, address):
    answer = web.get(address("applications:sent", fresh.pk))
    assert answer["Location"] == address("applications:order", fresh.pk)


def test_the_confirmation_of_an_order_that_ended_leads_to_the_order(
    web, matti, riitta, address, cas
):
    order = orders.delivered(matti, riitta)
    answer = web.get(address("applications:sent", order.pk))
    assert answer["Location"] == address("applications:order", order.pk)


def test_an_old_session_identifies_again_first_and_loses_nothing(web, send, fresh, address):
    session = web.session
    session["identified_at"] = (clock.now() - timedelta(minutes=61)).isoformat()
    session.save()
    page = send(fresh)
    assert page.status_code == 403
    back = quote(address("applications:check", fresh.pk), safe="")
    assert f'start/?anew=1&amp;next={back}"' in page.text
    assert fresh.status == Status.DRAFT
    assert fresh.host_names.count() == 2


@pytest.mark.usefixtures("still")
def test_no_mailbox_is_flooded_with_links_by_sending_order_after_order(
    matti, send, web, address, monkeypatch
):
    monkeypatch.setattr(contact_links, "MOST_MAILS_TO_ONE", 1)

    def waiting(to):
        order = orders.draft(matti)
        orders.name_contact(matti, order, orders.CONTACT | {"technical_email": to})
        seen = orders.Handler(matti, order).seen
        services.save_section(order.pk, "csr", {"csr_by": "technical_contact"}, **seen)
        order.refresh_from_db()
        return order

    first, second, third = [
        waiting(to) for to in ("A@äx.example", '"a"@xn--x-zfa.example', "b@äx.example")
    ]
    assert send(first).status_code == 302
    answer = send(second)
    assert (answer.status_code, second.status) == (429, Status.DRAFT)
    assert int(answer["Retry-After"]) > 0
    assert "Nothing was sent, and nothing was lost." in answer.text
    assert not second.contact_links.exists()
    assert send(third).status_code == 302

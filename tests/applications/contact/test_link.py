"""The technical contact's link: sent, scanned, opened, forwarded, renamed, ended."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from applications import services
from applications.errors import LinkOver, NotPossible
from applications.models import Application
from applications.rules import contact_links
from applications.services.applicant import contact_links as contact_links_applicant
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.orders import CONTACT, Handler
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.errors import TooMany
from certportal.foundation.models import Event, OutboxItem, Tally
from certportal.foundation.web import tokens
from tests.applications.contact.conftest import at, confirm, give

TIINA = Actor("technical_contact", "test")


def codes(client, link):
    """Return what every page of the link answers."""
    names = [("landing",), ("not_mine",), ("order",), ("csr",), ("settings", "openssl")]
    return {client.get(at(link, *name)).status_code for name in [*names, ("download", "pem")]}


def test_the_link_is_mailed_in_the_contact_s_language_and_only_its_hash_is_kept(order, link):
    orders.drain()
    (message,) = [one for one in mail.outbox if one.to == ["tiina@example.com"]]
    assert f"/sv/contact-link/{link.token}/" in message.body
    assert order.number in message.subject
    assert link.token_hash == tokens.digest(link.token)
    everything = [*OutboxItem.objects.values(), *Event.objects.values()]
    assert link.token not in str(everything)


def test_no_link_is_sent_when_the_applicant_brings_the_request(matti):
    assert not orders.submitted(matti).contact_links.exists()


def test_the_deputy_gets_a_link_of_their_own(matti, send):
    order = send(matti, deputy_name="Veera Vara", deputy_email="veera@example.com")
    orders.drain()
    assert {"tiina@example.com", "veera@example.com"} <= {one.to[0] for one in mail.outbox}
    first, second = order.contact_links.all()
    assert first.token != second.token
    Client().post(at(second))
    first.refresh_from_db()
    assert first.revoked_at is None  # the deputy's opening ends nothing of the contact's


def test_a_scanner_that_opens_every_link_uses_nothing_up(order, link, tiina):
    scanner = Client()
    for name in (["landing"], ["not_mine"], ["order"], ["csr"], ["download", "pem"]):
        for call in (scanner.get, scanner.head, Client().get):
            call(at(link, *name))
    link.refresh_from_db()
    assert (link.bound_session, link.not_mine_at) == ("", None)
    assert tiina.post(at(link))["Location"] == at(link, "order")
    assert tiina.get(at(link, "order")).status_code == 200


def test_before_it_is_opened_the_landing_page_is_all_there_is(link, tiina):
    page = tiina.get(at(link))
    assert "Helsingin VI apteekki" in page.text
    for name in ("order", "csr"):
        assert tiina.get(at(link, name))["Location"] == at(link)
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"


def test_it_is_bound_to_the_first_browser_and_elsewhere_a_fresh_one_is_mailed(
    order, link, tiina, mails, matti
):
    tiina.post(at(link))
    elsewhere = Client()
    answer = elsewhere.post(at(link))
    assert "We have emailed you a new link" in answer.text
    assert elsewhere.get(at(link, "order"))["Location"] == at(link)
    assert tiina.get(at(link, "order")).status_code == 200  # nobody is locked out by that
    page = people.log_in(Client(), matti).get(f"/en/orders/{order.pk}/").text
    assert "The link is in use, and another browser has asked for a new one" in page
    fresh = order.contact_links.latest("made_at")
    assert fresh.token != link.token
    assert fresh.token in mails(order).text
    assert fresh.token not in answer.text
    orders.drain()
    assert {tuple(one.to) for one in mail.outbox if "contact-link" in one.body} == {
        ("tiina@example.com",)
    }
    elsewhere.post(at(fresh))
    assert elsewhere.get(at(fresh, "order")).status_code == 200
    assert tiina.get(at(link, "order")).status_code == 410


def test_who_ordered_is_named_where_the_link_can_be_opened_only(link, tiina):
    assert "Matti Meikäläinen" in Client().get(at(link)).text
    tiina.post(at(link))
    assert "Matti Meikäläinen" in tiina.get(at(link)).text
    assert "Matti Meikäläinen" not in Client().get(at(link)).text


def test_opening_it_again_in_the_same_browser_mails_nothing(order, link, tiina):
    tiina.post(at(link))
    assert tiina.post(at(link))["Location"] == at(link, "order")
    assert order.contact_links.count() == 1


def test_the_session_gets_a_new_id_when_the_link_is_opened(link, tiina):
    session = tiina.session
    session["planted"] = "1"
    session.save()
    before = session.session_key
    tiina.post(at(link))
    assert tiina.session.session_key != before


def ask_elsewhere(link, now):
    """Open the link in one more browser at that time; return whether a link was mailed."""
    sent = OutboxItem.objects.filter(payload__notice="link_sent")
    before = sent.count()
    assert services.open_link(link.pk, actor=TIINA, now=now) is None
    return sent.count() > before


def test_a_link_just_mailed_is_waited_for_and_the_page_says_so(order, link, tiina):
    tiina.post(at(link))
    pages = [Client().post(at(link)).text for _ in range(7)]
    assert order.contact_links.count() == 2
    assert OutboxItem.objects.filter(payload__notice="link_sent").count() == 2
    for page in pages:
        assert "If it does not come, you can ask for another one here from" in page


def test_fresh_links_cannot_be_asked_for_without_end(order, link, tiina):
    tiina.post(at(link))
    hour = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    pause = contact_links.AWAITED + timedelta(seconds=1)
    assert ask_elsewhere(link, hour)
    assert not ask_elsewhere(link, hour + contact_links.AWAITED)
    for turn in range(1, contact_links_applicant.MOST_MAILS_AN_HOUR):
        assert ask_elsewhere(link, hour + turn * pause)
    with pytest.raises(TooMany):
        ask_elsewhere(link, hour + 5 * pause)


def test_a_new_link_that_was_opened_is_not_waited_for(order, link, tiina):
    tiina.post(at(link))
    Client().post(at(link))
    second = order.contact_links.latest("made_at")
    Client().post(at(second))
    Client().post(at(second))
    assert order.contact_links.count() == 3


@pytest.mark.usefixtures("still")
def test_guessing_is_limited_recorded_and_harms_nobody(link, tiina):
    guesses = [tiina.get(f"/en/contact-link/{'x' * 43}/order/").status_code for _ in range(40)]
    assert guesses[0] == 404
    assert guesses[-1] == 429
    assert Tally.objects.get(scope="refused:contact_link").count > 1
    assert tiina.post(at(link)).status_code == 302


def test_this_isn_t_mine_ends_it_and_tells_the_applicant(order, link, tiina):
    page = tiina.post(at(link, "not_mine"))
    assert "Thank you for telling us" in page.text
    assert codes(tiina, link) == {410}
    orders.drain()
    assert "matti@example.fi" in {one.to[0] for one in mail.outbox if "contact" in one.subject} or [
        one for one in mail.outbox if one.to == ["matti@example.fi"]
    ]
    assert Event.objects.filter(action="application.not_mine").exists()


def test_a_forwarded_link_cannot_be_refused_by_another(link, tiina):
    tiina.post(at(link))
    assert Client().post(at(link, "not_mine"))["Location"] == at(link)
    assert tiina.get(at(link, "order")).status_code == 200


def end(order, matti, riitta, how):
    if how == "withdrawn":
        services.withdraw(order.pk, **Handler(matti, order).seen)
    if how == "lapsed":
        services.lapse(order.pk, now=Handler(matti, order).seen["now"])
    if how == "revoked":
        services.revoke_link(order.pk, **Handler(matti, order).seen)
    if how == "rejected":
        Application.objects.filter(pk=order.pk).update(status=Status.IN_REVIEW, reviewer=riitta)
        seen = Handler(riitta, order).seen
        services.reject(order.pk, reasons="Ei", **orders.UNHEARD, person=riitta, **seen)


@pytest.mark.parametrize("how", ["withdrawn", "rejected", "lapsed", "revoked"])
def test_it_dies(order, link, tiina, matti, riitta, how):
    tiina.post(at(link))
    end(order, matti, riitta, how)
    assert codes(tiina, link) == {410}
    assert codes(Client(), link) == {410}
    with pytest.raises(LinkOver):
        services.open_link(link.pk, actor=TIINA, now=Handler(matti, order).seen["now"])


def test_reopening_a_rejected_order_wakes_no_dead_link(order, link, tiina, matti, riitta):
    end(order, matti, riitta, "rejected")
    Application.objects.filter(pk=order.pk).update(status=Status.AWAITING_CSR)
    assert codes(tiina, link) == {410}


def test_it_dies_thirty_days_after_delivery(order, link, now):
    order.status, order.ended_at = Status.DELIVERED, now
    assert contact_links.is_valid(link, order, now=now + timedelta(days=29, hours=23))
    assert not contact_links.is_valid(link, order, now=now + timedelta(days=30))


def test_another_address_on_the_order_ends_the_former_one_s_link(order, link, tiina):
    Application.objects.filter(pk=order.pk).update(technical_email="toinen@example.com")
    assert codes(tiina, link) == {410}


def test_the_applicant_sees_resends_and_revokes(order, link, tiina, matti):
    web = people.log_in(Client(), matti)
    page = web.get(f"/en/orders/{order.pk}/")
    assert "tiina@example.com: The link has not been opened" in page.text
    assert link.token not in page.text
    tiina.post(at(link))
    seen = Handler(matti, order).seen
    web.post(reverse("applications:resend_link", args=[order.pk]), {"version": seen["version"]})
    assert codes(tiina, link) == {410}
    fresh = order.contact_links.latest("made_at")
    tiina.post(at(fresh))
    seen = Handler(matti, order).seen
    web.post(reverse("applications:revoke_link", args=[order.pk]), {"version": seen["version"]})
    assert codes(tiina, fresh) == {410}
    assert "The link has ended" in web.get(f"/en/orders/{order.pk}/").text


def test_with_a_deputy_the_pages_say_that_both_links_are_sent_and_ended(matti, send):
    order = send(matti, deputy_name="Veera Vara", deputy_email="veera@example.com")
    web, at = people.log_in(Client(), matti), f"/en/orders/{order.pk}/"
    page = web.get(at).text
    for words in ("Links of the technical contact and the technical deputy", "End both links"):
        assert words in page
    assert "Send both a new link" in page
    assert "A link was sent to the technical deputy" in page

    def press(name):
        seen = {"version": Handler(matti, order).seen["version"]}
        return web.post(f"{at}contact/{name}/", seen, follow=True).text

    sent = press("resend")
    assert "New links were sent to the technical contact and the technical deputy." in sent
    deputys = order.contact_links.filter(holder="deputy").last()
    services.not_mine(deputys.pk, actor=TIINA, now=clock.now())
    order.refresh_from_db()
    page = web.get(at).text
    assert "End the link" in page  # the only one that is left
    assert "Send both a new link" in page
    assert "The technical contact&#x27;s link has been ended." in press("revoke")


def test_thirty_days_after_delivery_no_link_is_sent_any_more(order, link, matti, now):
    over = now - timedelta(days=30)
    Application.objects.filter(pk=order.pk).update(status=Status.DELIVERED, ended_at=over)
    assert (
        "/contact/resend/" not in people.log_in(Client(), matti).get(f"/en/orders/{order.pk}/").text
    )
    with pytest.raises(NotPossible):
        services.resend_link(order.pk, **Handler(matti, order).seen)


def test_an_order_taken_up_again_brings_the_contact_a_new_link(order, link, tiina, matti, riitta):
    end(order, matti, riitta, "lapsed")
    seen = Handler(riitta, order).seen
    services.reopen(order.pk, reasons="Virhe", person=riitta, **seen)
    assert codes(tiina, link) == {410}
    fresh = order.contact_links.latest("made_at")
    assert fresh != link
    tiina.post(at(fresh))
    assert tiina.get(at(fresh, "csr")).status_code == 200


@pytest.mark.usefixtures("still")
def test_resending_is_limited(order, matti):
    for _time in range(contact_links_applicant.MOST_MAILS_AN_HOUR):
        services.resend_link(order.pk, **Handler(matti, order).seen)
    seen = Handler(matti, order).seen
    with pytest.raises(TooMany):
        services.resend_link(order.pk, **seen)


def test_renaming_sends_the_link_to_the_new_contact_only(order, link, tiina, matti):
    web = people.log_in(Client(), matti)
    form = {
        "version": Handler(matti, order).seen["version"],
        "technical_name": "Uusi Yhteyshenkilö",
        "technical_email": "uusi@example.com",
        "technical_language": "fi",
    }
    assert (
        web.post(reverse("applications:rename_contact", args=[order.pk]), form).status_code == 302
    )
    assert codes(tiina, link) == {410}
    orders.drain()
    last = [one for one in mail.outbox if "contact-link" in one.body][-1]
    assert last.to == ["uusi@example.com"]


def test_the_contact_cannot_be_renamed_once_the_request_has_come(order, link, tiina, matti):
    tiina.post(at(link))
    confirm(tiina, give(tiina, link)["Location"])
    seen = Handler(matti, order).seen
    with pytest.raises(NotPossible):
        services.rename_contact(order.pk, {"technical_name": "Uusi"}, **seen)


@pytest.mark.usefixtures("still")
def test_naming_contacts_again_and_again_sends_no_flood_of_mail(order, matti):
    web = people.log_in(Client(), matti)
    place = reverse("applications:rename_contact", args=[order.pk])
    codes = []
    for turn in range(contact_links_applicant.MOST_MAILS_AN_HOUR + 1):
        order.refresh_from_db()
        form = {**CONTACT, "technical_email": f"t{turn}@example.fi", "version": order.version}
        codes.append(web.post(place, form).status_code)
    assert codes == [302] * contact_links_applicant.MOST_MAILS_AN_HOUR + [429]

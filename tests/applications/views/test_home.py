"""Home and the order's page tell what waits for whom, and nothing that is not so."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.services.organisations import invite, join
from accounts.services.rights import confirm
from applications import services
from applications.access import orders_seen
from applications.documents.certificate_files import certificate_of
from applications.models import Application, RevocationProposal, RevocationReport
from applications.views.account import history, home as desk
from applications.views.shared import tracking
from applications.workflow import Status
from certportal.dev.builders import bulk, orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority
from tests.applications.renewals import renew, valid_for

pytestmark = pytest.mark.usefixtures("english")

CODE = "9900001-8"
MORE = "More certificates expire soon"
ASKED = {"caller": "Matti Meikäläinen, 040 123", "verified": "Soitin apteekin vaihteeseen."}
NOTHING = "Nothing needs your attention."


def home(person):
    return people.log_in(Client(), person).get(reverse("home"))


@pytest.fixture
def aino(pharmacy):
    """Aino, who has asked to join the pharmacy's account."""
    person = people.make_person("Aino Ahkera")
    join.ask(person, CODE, actor=orders.actor_for(person), now=clock.now())
    return person


def test_who_asks_to_join_is_told_on_the_administrator_s_home(matti, kalle, pharmacy, aino, cas):
    assert "1 person asks to join" in home(matti).text
    orders.in_review(matti)  # no longer the first visit
    page = home(matti).text
    assert "1 person asks to join" in page
    assert NOTHING not in page
    assert "asks to join" not in home(kalle).text
    given = {"role": Membership.Role.APPLICANT, "language": "fi", "by": matti}
    actor = orders.actor_for(matti)
    invite.invite(pharmacy, aino.email, **given, actor=actor, now=clock.now())
    page = home(matti).text
    assert "asks to join" not in page
    assert NOTHING in page


def test_orders_sent_together_are_listed_by_their_numbers(matti, cas):
    bulk.sent(matti, bulk.begun(matti, *(f"{one}.example.fi" for one in "abcdefgh")))
    page = home(matti).text
    shown = re.findall(r">([a-h])\.example\.fi<", page[page.index("Orders under way") :])
    assert len(shown) > 1 and shown == sorted(shown)


def test_the_requests_of_orders_sent_together_are_one_task(matti, cas):
    together = bulk.begun(matti, *(f"{one}.example.fi" for one in "abcdefgh"))
    bulk.sent(matti, together)
    page = home(matti)
    (task,) = page.context["tasks"]
    assert task.href == reverse("applications:bulk_order", args=[together.pk])
    assert "All: 8 orders wait for you" in page.text


def test_an_unconfirmed_right_is_not_called_nothing_to_do(matti, cas):
    order = orders.in_review(matti)
    now = clock.now()
    assert "do anything" in tracking.turn_words(order, now=now)
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    words = tracking.turn_words(order, now=now)
    assert "do anything" not in words and "confirm your authority" in words
    page = people.log_in(Client(), matti).get(reverse("applications:order", args=[order.pk]))
    assert reverse("accounts:right") in page.text
    assert words in page.text


def test_the_history_tells_that_the_right_was_confirmed(matti, riitta, cas):
    order = orders.in_review(matti)
    right = matti.memberships.get()
    said = "The authority to act for an organisation was confirmed"
    address = reverse("applications:order", args=[order.pk])
    web = people.log_in(Client(), matti)
    assert said not in web.get(address).text
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    at = clock.now() + timedelta(seconds=1)
    confirm.confirm_right(right.pk, note="kaupparekisteri", by=None, actor=system("test"), now=at)
    page = web.get(address).text
    assert said in page
    assert riitta.family_name not in page


@pytest.fixture
def days_before(monkeypatch):
    """Let it be so many days before the last day of the order's certificate."""

    def days_before(order, days):
        day = clock.day(certificate_of(order).not_after) - timedelta(days=days)
        noon = clock.start_of_day(day) + timedelta(hours=12)
        monkeypatch.setattr("certportal.foundation.clock.now", lambda: noon)

    return days_before


def test_what_is_renewed_hides_nothing_that_ends_after_it(
    matti, riitta, cas, days_before, monkeypatch
):
    monkeypatch.setattr(desk, "MOST", 1)
    order = orders.delivered(matti, riitta)
    later = renew(matti, riitta)
    days_before(order, 30)
    page = home(matti)
    assert [row.order.pk for row in page.context["renewals"]] == [later.pk]
    assert MORE not in page.text


def test_a_hundred_that_are_renewed_do_not_hide_the_next(
    matti, riitta, cas, days_before, monkeypatch
):
    monkeypatch.setattr(desk, "MOST", 1)
    monkeypatch.setattr(desk, "LOOKED_AT", 1)
    order = orders.delivered(matti, riitta)
    later = [renew(matti, riitta), orders.delivered(matti, riitta, "system_signature")]
    days_before(order, 30)
    page = home(matti)
    by_end = sorted(later, key=lambda order: certificate_of(order).not_after)
    assert [row.order.pk for row in page.context["renewals"]] == [by_end[0].pk]
    assert MORE in page.text


def test_an_order_s_page_begins_with_what_is_asked(matti, riitta, cas):
    order = orders.claimed(matti, riitta)
    orders.ask(riitta, order, clock.day(clock.now()) + timedelta(days=14))
    page = people.log_in(Client(), matti).get(reverse("applications:order", args=[order.pk])).text
    places = [page.index(each) for each in ("Kumpi yksikkö?", "/check/", "is paused until")]
    assert places == sorted(places)


def test_a_revocation_asked_for_from_outside_is_shown_until_it_is_decided(
    matti, kalle, riitta, raimo, cas
):
    order = orders.delivered(matti, riitta)
    told = RevocationReport(channel="phone", role="technical", received_at=clock.now(), **ASKED)
    given = {"told": told, "reason": "superseded", "words": "Palvelin vaihdettiin."}
    orders.act(riitta, services.revoke_as_told, order, **given)
    (task,) = home(matti).context["tasks"]
    assert "Did your organisation ask?" in task.words and order.number in task.words
    assert task.by == clock.day(clock.now()) + timedelta(days=1)
    assert home(kalle).context["tasks"] == []
    proposal = RevocationProposal.objects.get()
    orders.act(raimo, services.decline_proposal, proposal.pk, words="Pyyntö oli väärä.")
    assert home(matti).context["tasks"] == []


def test_short_certificates_that_end_first_do_not_hide_a_long_one_to_renew(
    matti, riitta, cas, days_before, monkeypatch
):
    monkeypatch.setattr(desk, "MOST", 1)
    monkeypatch.setattr(desk, "LOOKED_AT", 1)
    long = orders.delivered(matti, riitta, "system_signature")
    days_before(long, 50)
    short = [valid_for(matti, riitta, 1), valid_for(matti, riitta, 1)]
    page = home(matti)
    assert [row.order.pk for row in page.context["certificates"]] == [short[0].pk]
    assert [row.order.pk for row in page.context["renewals"]] == [long.pk]


def to_install(person):
    """Return the orders whose certificates the person is asked to put to use."""
    page = home(person)
    asked = page.context["to_install"]
    assert page.text.count("Put the certificate to use: ") == len(asked)
    assert (NOTHING in page.text) is not (asked or page.context["renewals"])
    assert all(reverse("applications:install", args=[order.pk]) in page.text for order in asked)
    return asked


def test_a_delivered_certificate_is_to_be_put_to_use_until_it_is(matti, maija, riitta, cas):
    order = orders.delivered(matti, riitta)
    assert to_install(matti) == [order]
    assert to_install(maija) == []  # who did not order it
    services.say_installed(order.pk, actor=orders.actor_for(matti), now=clock.now())
    assert to_install(matti) == []


def test_what_the_technical_contact_installs_is_asked_of_nobody_else(matti, riitta, cas):
    order = orders.with_csr(matti)
    orders.name_contact(matti, order, orders.CONTACT)
    orders.submit(matti, order)
    orders.finish(matti, riitta, order)
    assert to_install(matti) == []
    orders.act(matti, services.revoke_link, order)
    assert to_install(matti) == [order]


@pytest.mark.parametrize("days", [29, 31])
def test_a_month_later_nobody_is_asked_to_put_it_to_use(matti, riitta, cas, monkeypatch, days):
    order = orders.delivered(matti, riitta)
    later = certificate_of(order).not_before + timedelta(days=days)
    monkeypatch.setattr("certportal.foundation.clock.now", lambda: later)
    assert to_install(matti) == ([order] if days < 30 else [])


@pytest.mark.parametrize("ended", ["revoked", "expired", "renewed", "begins later"])
def test_a_certificate_of_no_use_is_not_to_be_put_to_use(matti, riitta, cas, monkeypatch, ended):
    now = clock.now()
    if ended == "begins later":
        valid_for(matti, riitta, 12, begins_in=3)
    elif ended == "renewed":
        valid_for(matti, riitta, 1)
        longer = valid_for(matti, riitta, 12)
        assert to_install(matti) == [longer]
        return
    else:
        order = valid_for(matti, riitta, 1)
        certificate = certificate_of(order)
        if ended == "revoked":
            authority.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
        else:
            after = certificate.not_after + timedelta(seconds=1)
            monkeypatch.setattr("certportal.foundation.clock.now", lambda: after)
    assert to_install(matti) == []


def test_more_that_end_soon_are_one_link_away(matti, riitta, cas, days_before, monkeypatch):
    monkeypatch.setattr(desk, "MOST", 1)
    order = orders.delivered(matti, riitta)
    orders.delivered(matti, riitta, "system_signature")
    days_before(order, 30)
    page = home(matti)
    assert len(page.context["renewals"]) == 1
    assert MORE in page.text


@pytest.mark.parametrize(("days", "is_told"), [(61, False), (60, True)])
def test_the_first_reminder_leads_to_pages_that_say_the_same(
    matti, riitta, cas, days_before, days, is_told
):
    order = orders.delivered(matti, riitta)
    days_before(order, days)
    web = people.log_in(Client(), matti)
    pages = {
        "home": "Order a new certificate: ",
        "certificates": certificate_of(order).serial,
        "order": reverse("applications:renewing", args=[order.pk]),
    }
    at = {
        "home": reverse("home"),
        "certificates": reverse("certificates") + "?state=soon",
        "order": reverse("applications:order", args=[order.pk]),
    }
    told = {name: words in web.get(at[name]).text for name, words in pages.items()}
    assert told == dict.fromkeys(pages, is_told)


def test_the_applicants_own_request_is_a_task_though_a_contact_receives(matti):
    order = orders.draft(matti)
    orders.name_contact(matti, order, orders.CONTACT | {"deliver_to": "technical_contact"})
    seen = orders.Handler(matti, order).seen
    services.save_section(order.pk, "csr", {"csr_by": "applicant"}, **seen)
    orders.submit(matti, order)
    order.refresh_from_db()
    assert order.contact_links.exists()
    number = f'<span class="nowrap">{order.number}</span>'
    assert f"Give the certificate request: erecept.example.fi, {number}" in home(matti).text


def test_the_contacts_request_is_no_task_while_a_link_lives(matti):
    order = orders.waiting_for_contact(matti)
    assert "Give the certificate request: " not in home(matti).text
    order.contact_links.update(revoked_at=clock.now())
    assert "Give the certificate request: " in home(matti).text


def test_who_is_only_the_technical_contact_does_not_read_that_the_applicant_is_heard(
    matti, teemu, riitta, cas
):
    order = orders.waiting_for_contact(matti, technical_email=teemu.email)
    orders.attach(matti, order, orders.openssl_csr())
    orders.drain()
    services.claim(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    orders.drain()
    orders.hear(riitta, order, clock.day(clock.now()) + timedelta(days=9))
    page = unescape(home(teemu).text)
    assert order.number in page and str(Status.INFO_REQUESTED.label) in page
    assert "Hearing until" not in page
    assert "Hearing until" in people.log_in(Client(), matti).get("/en/orders/").text


def test_a_draft_discarded_meanwhile_is_no_news(matti, pharmacy):
    kept, gone = orders.draft(matti), orders.draft(matti)
    seen = orders_seen(matti, pharmacy.pk)
    events = list(history.newest(seen, pharmacy, 50))
    services.discard(gone.pk, **orders.Handler(matti, gone).seen)
    news = history.news(events, {str(one.pk): one for one in seen}, [])
    assert {one.order.pk for one in news} == {kept.pk}


def test_a_certificate_of_one_month_is_first_installed_and_renewed_in_its_last_third(
    matti, riitta, cas, days_before
):
    order = valid_for(matti, riitta, 1)
    page = reverse("applications:order", args=[order.pk])
    install, again, renewing = (
        reverse(f"applications:{name}", args=[order.pk])
        for name in ("install", "again", "renewing")
    )

    def main(web):
        said = web.get(page).text.partition("</main>")[0]  # the dialog of a session's end follows
        return re.findall(r'class="button"\s+href="([^"]+)"', said)

    web = people.log_in(Client(), matti)
    assert main(web) == [install]
    assert again not in web.get(reverse("home")).text
    days_before(order, 9)
    web = people.log_in(Client(), matti)
    assert main(web) == [install]
    assert again in web.get(reverse("home")).text
    assert web.post(renewing).status_code == 302
    order.refresh_from_db()
    assert order.expiry_seen_at is not None
    assert main(web) == [again]


def test_home_shows_what_waits_first_and_certificates_by_expiry(web, address, matti, riitta, cas):
    assert "You have not ordered any certificates yet." in web.get(address("home")).text
    orders.draft(matti)
    done = orders.delivered(matti, riitta)
    given = orders.waiting_for_contact(matti)
    mine = orders.waiting_for_contact(matti)
    mine.contact_links.update(not_mine_at=clock.now())
    page = web.get(address("home"))
    assert [task.href for task in page.context["tasks"]] == [f"/en/orders/{mine.pk}/"]
    assert {one["row"].order for one in page.context["orders"]} == {given, mine}
    assert "1 draft" in page.text
    assert address("applications:certificate", done.pk) in page.text
    ends = clock.day(certificate_of(done).not_after)
    assert f"{ends.month}/{ends.year}: 1" in page.text


def test_home_shows_only_my_organisations_orders(web, address, kalle):
    application = Application.objects.create(
        number="SV-2026-99999",
        organisation=kalle.memberships.get().organisation,
        created_by=kalle,
        created_at=clock.now(),
        changed_at=clock.now(),
        type="server",
    )
    assert application.number not in web.get(address("home")).text


def test_more_certificates_to_put_to_use_are_a_press_away(matti, maija, riitta, cas, monkeypatch):
    monkeypatch.setattr(desk, "MOST", 1)
    used, first, second = (orders.delivered(matti, riitta) for _nth in range(3))
    services.say_installed(used.pk, actor=orders.actor_for(matti), now=clock.now())
    address = f"{reverse('certificates')}?state=unused"
    assert to_install(matti) == [second]
    assert address in home(matti).text
    for person, listed in ((matti, {first, second}), (maija, set())):
        page = people.log_in(Client(), person).get(address)
        assert {row.order for row in page.context["rows"]} == listed
    services.say_installed(second.pk, actor=orders.actor_for(matti), now=clock.now())
    assert address not in home(matti).text

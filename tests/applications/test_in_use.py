"""A certificate is said to be in use, and the next to be seen to: by whom, and what follows."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.errors import LinkOver, MayNotAct
from applications.models import Application, ContactLink
from applications.rules import reminders, renewal
from applications.rules.reminders import NotInForce
from applications.views.account.history import history
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import Actor, system
from certportal.foundation.models import Event
from issuance import services as authority
from tests.applications.renewals import renew, valid_for
from tests.suppliers import consent


def said(order, name):
    return list(Event.objects.filter(object_id=str(order.pk), action=f"application.{name}"))


def soon(order):
    """Return a moment after the first reminder."""
    return certificate_of(order).not_after - timedelta(days=50)


def test_in_use_is_recorded_once_with_a_name(order, matti, maija):
    now = clock.now()
    services.say_installed(order.pk, actor=actor_for(matti), now=now)
    services.say_installed(order.pk, actor=actor_for(maija), now=now + timedelta(days=1))
    order.refresh_from_db()
    assert order.installed_at == now
    (event,) = said(order, "installed")
    assert event.actor == f"person:{matti.pk}"
    assert "Matti Meikäläinen" in {line.who for line in history(order).lines}


@pytest.mark.parametrize("say", [services.say_installed, services.see_to_renewal])
def test_a_certificate_that_is_not_in_force_is_not_in_use(order, matti, say):
    actor, now = actor_for(matti), clock.now()
    ended = certificate_of(order).not_after + timedelta(seconds=1)
    with pytest.raises(NotInForce):
        say(order.pk, actor=actor, now=ended)
    authority.revoke(certificate_of(order).pk, "superseded", actor=system("test"), now=now)
    with pytest.raises(NotInForce):
        say(order.pk, actor=actor, now=now)


def test_without_a_certificate_nothing_is_in_use(matti):
    waiting = orders.in_review(matti)
    with pytest.raises(NotInForce):
        services.say_installed(waiting.pk, actor=actor_for(matti), now=clock.now())


def test_the_page_offers_the_earlier_certificate_for_revocation_only_then(
    order, matti, riitta, web
):
    later = renew(matti, riitta)
    revoking = reverse("applications:revoke", args=[order.pk])
    page = web.get(reverse("applications:order", args=[later.pk]))
    assert revoking not in page.text
    answer = web.post(reverse("applications:installed", args=[later.pk]), follow=True)
    assert revoking in answer.text


def test_an_address_alone_changes_nothing(order, web):
    web.get(reverse("applications:installed", args=[order.pk]))
    web.get(reverse("applications:renewing", args=[order.pk]))
    order.refresh_from_db()
    assert (order.installed_at, order.expiry_seen_at) == (None, None)


def test_strangers_cannot_say_it(order, stranger):
    other = people.log_in(Client(), stranger)
    for name in ("installed", "renewing"):
        answer = other.post(reverse(f"applications:{name}", args=[order.pk]))
        assert answer.status_code == 404


def test_who_sees_to_the_next_one_is_named_and_administrators_hear_on_the_last_day(order, matti):
    certificate, at = certificate_of(order), soon(order)
    assert reminders.reaches_administrators(order, certificate, 14, now=at)
    services.see_to_renewal(order.pk, actor=actor_for(matti), now=at)
    order.refresh_from_db()
    assert reminders.seen(order, now=at) == reminders.Seen("Matti Meikäläinen", at)
    assert not reminders.reaches_administrators(order, certificate, 7, now=at)
    assert reminders.reaches_administrators(order, certificate, 1, now=at)


def test_nobody_sees_to_it_before_the_first_reminder(order, matti, web):
    day = clock.day(certificate_of(order).not_after) - timedelta(days=60)
    begins = clock.start_of_day(day)
    with pytest.raises(reminders.TooEarly):
        services.see_to_renewal(order.pk, actor=actor_for(matti), now=begins - timedelta(seconds=1))
    page = reverse("applications:order", args=[order.pk])
    assert reverse("applications:renewing", args=[order.pk]) not in web.get(page).text
    services.see_to_renewal(order.pk, actor=actor_for(matti), now=begins)
    order.refresh_from_db()
    assert order.expiry_seen_at == begins


def test_whoever_has_left_sees_to_nothing_and_another_can_say_so(order, matti, maija):
    certificate, at = certificate_of(order), soon(order)
    services.see_to_renewal(order.pk, actor=actor_for(maija), now=at)
    services.see_to_renewal(order.pk, actor=actor_for(matti), now=at)  # Maija does
    assert len(said(order, "expiry_seen")) == 1
    order.refresh_from_db()
    assert reminders.seen(order, now=at).who == "Maija Mallikas"
    maija.memberships.update(ended_at=at)
    assert reminders.seen(order, now=at) is None
    assert reminders.reaches_administrators(order, certificate, 14, now=at)
    later = at + timedelta(days=1)
    services.see_to_renewal(order.pk, actor=actor_for(matti), now=later)
    order.refresh_from_db()
    assert order.expiry_seen_at == at
    assert reminders.seen(order, now=at) == reminders.Seen("Matti Meikäläinen", later)


def test_restored_events_break_no_page(order, matti, web):
    at = soon(order)
    services.see_to_renewal(order.pk, actor=actor_for(matti), now=at)
    order.refresh_from_db()
    (event,) = said(order, "expiry_seen")
    event.pk = None
    event.save(force_insert=True)
    assert reminders.seen(order, now=at).who == "Matti Meikäläinen"
    page = web.get(reverse("applications:order", args=[order.pk]))
    assert "Matti Meikäläinen" in page.text


@pytest.mark.parametrize("say", [services.say_installed, services.see_to_renewal])
def test_who_leaves_while_the_page_is_open_says_nothing(order, maija, say):
    maija.memberships.update(ended_at=clock.now())
    with pytest.raises(MayNotAct):
        say(order.pk, actor=actor_for(maija), now=soon(order))


def test_a_link_that_ends_while_the_page_is_open_says_nothing(order):
    link = ContactLink.objects.create(
        application=order,
        holder=ContactLink.Holder.TECHNICAL_CONTACT,
        email=order.technical_email,
        made_at=clock.now(),
        revoked_at=clock.now(),
    )
    actor = Actor("technical_contact", str(link.pk))
    with pytest.raises(LinkOver):
        services.say_installed(order.pk, actor=actor, now=clock.now())
    with pytest.raises(MayNotAct):
        services.see_to_renewal(order.pk, actor=actor, now=soon(order))


def test_installing_is_the_main_thing_until_it_is_in_use(order, web):
    address = reverse("applications:order", args=[order.pk])
    install = reverse("applications:install", args=[order.pk])
    main = re.compile(rf'class="button"\s+href="{install}"')
    assert main.search(web.get(address).text)
    web.post(reverse("applications:installed", args=[order.pk]))
    page = web.get(address).text
    assert install in page
    assert not main.search(page)
    assert "The certificate is in use." in page or "Varmenne on käytössä." in page


def test_a_technical_member_sees_to_it_by_their_account(order, teemu, monkeypatch):
    Application.objects.filter(pk=order.pk).update(technical_email=teemu.email)
    at = soon(order)
    monkeypatch.setattr("certportal.foundation.clock.now", lambda: at)
    theirs = people.log_in(Client(), teemu)
    renewing = reverse("technical:renewing", args=[order.pk])
    assert renewing in theirs.get(reverse("technical:order", args=[order.pk])).text
    page = theirs.post(renewing, follow=True).text
    assert "Teemu Teknikko" in page
    assert renewing not in page
    order.refresh_from_db()
    assert reminders.seen(order, now=at) == reminders.Seen("Teemu Teknikko", at)


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(("name", "who"), [("applications", "matti"), ("technical", "teemu")])
def test_who_says_so_after_another_reads_who_takes_care(
    name, who, order, maija, teemu, request, monkeypatch
):
    """Their page had been opened before the other one pressed the button."""
    Application.objects.filter(pk=order.pk).update(technical_email=teemu.email)
    at = soon(order)
    monkeypatch.setattr("certportal.foundation.clock.now", lambda: at)
    services.see_to_renewal(order.pk, actor=actor_for(maija), now=at)
    late = people.log_in(Client(), request.getfixturevalue(who))
    answer = late.post(reverse(f"{name}:renewing", args=[order.pk]), follow=True)
    (said_to_them,) = answer.context["messages"]
    assert "Maija Mallikas" in str(said_to_them)
    assert "you" not in str(said_to_them)


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("type", ["server", "system_signature", "email"])
def test_of_a_renewed_certificate_the_pages_lead_to_the_new_one_and_want_no_other(
    type, matti, riitta, cas, pass_days
):
    order = orders.delivered(matti, riitta, type)
    pass_days((soon(order) - clock.now()).days)
    web, ways = people.log_in(Client(), matti), ["applications:order", "applications:certificate"]
    pages = [reverse(name, args=[order.pk]) for name in ways]
    renewing = reverse("applications:renewing", args=[order.pk])

    def wants_another(page):
        shown = web.get(page)
        return [shown.context["ends_soon"], renewing in shown.text]

    assert [wants_another(page) for page in pages] == [[True, True], [True, True]]
    later = valid_for(matti, riitta, 12, type=type)
    assert [wants_another(page) for page in pages] == [[False, False], [False, False]]
    for page in pages:
        shown = web.get(page).text
        assert f"The certificate has been renewed: that of order {later.number}" in shown
        assert f'href="{reverse("applications:order", args=[later.pk])}"' in shown
    again = re.compile(rf'class="button"\s+href="{reverse("applications:again", args=[order.pk])}"')
    assert not again.search(web.get(pages[0]).text)
    newer = web.get(reverse("applications:certificate", args=[later.pk])).text
    assert "has been renewed" not in newer
    assert renewal.renewed_by(order) == [later]
    authority.revoke(certificate_of(later).pk, "superseded", actor=system("test"), now=clock.now())
    assert "has been renewed" not in web.get(pages[0]).text


def test_a_certificate_with_fewer_names_or_of_others_renews_nothing(order, matti, kalle, riitta):
    less = orders.with_csr(matti)
    given = {"host_names": ["erecept.example.fi"]}
    services.save_section(less.pk, "host_names", given, **orders.Handler(matti, less).seen)
    services.save_section(
        less.pk,
        "validity",
        {"validity_months": 12, "start": clock.day(clock.now()) + timedelta(days=1)},
        **orders.Handler(matti, less).seen,
    )
    orders.submit(matti, less)
    less = orders.finish(matti, riitta, less)
    assert certificate_of(less).not_after > certificate_of(order).not_after
    assert renewal.renewed_by(order) == []


def test_a_supplier_s_page_lists_none_that_is_renewed_among_those_that_expire(
    matti, valma, riitta, cas, pass_days
):
    consent(matti, valma)
    order = valid_for(matti, riitta, 1)
    pass_days(25)
    web = people.log_in(Client(), valma)
    desk = reverse("customers:customers")
    all_soon = reverse("customers:certificates") + "?state=soon"
    theirs = reverse("technical:order", args=[order.pk])
    assert theirs in web.get(desk).text
    valid_for(matti, riitta, 1)
    assert theirs not in web.get(desk).text
    assert theirs in web.get(all_soon).text

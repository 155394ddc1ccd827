"""Imports are rows that reviewers see; one that stopped is let through with a reason."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import InternalError, transaction
from django.urls import reverse

from accounts.access import actor_for
from accounts.register import conf
from accounts.register.lookup import queries
from accounts.register.mirror import imports, store
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from accounts.services.rights import staff_roles
from applications import services
from applications.services import raise_alarms
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import row
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.services.errors import NotReviewer
from tests.tables import rewrite

SOURCE = Source("test")


@pytest.fixture
def held(sample, settings):
    """A whole import that lost nearly everything, and stopped."""
    settings.REGISTER = conf.DEFAULTS | {"MAX_ENDED": 2}
    return bring()


def bring():
    report = imports.import_rows(Kind.SOTE_UNIT, [row(orders.UNIT)], SOURCE, now=clock.now())
    return report.run


def url(run):
    return reverse("console:register_run", args=[run.pk])


def test_each_import_is_listed_with_its_counts_and_outcome(desk, held):
    page = desk.get(reverse("console:register_runs")).text
    assert page.count(reverse("console:register_run", args=[held.pk])) == 1
    assert RegisterRun.objects.count() == 3
    assert "sample" in page
    shown = desk.get(url(held)).text
    assert "1.2.246.10.99000085.10.0" in shown
    assert "Koivupiha Terveys Oy" in shown


def test_one_whose_process_was_killed_is_told_as_broken_off(desk, sample):
    run = imports.begin(Kind.SOTE_UNIT, SOURCE, now=clock.now())
    for page in (reverse("console:register_runs"), url(run)):
        shown = desk.get(page).text
        assert "Käynnissä" in shown and "Keskeytyi" not in shown
    store.release_run(run.pk)  # as the server does when the session of a process ends
    for page in (reverse("console:register_runs"), url(run)):
        shown = desk.get(page).text
        assert "Keskeytyi" in shown and "Käynnissä" not in shown


def test_letting_it_through_wants_a_fresh_second_factor(stale, held):
    assert "/second-factor/" in stale.post(url(held), {"reason": "THL vahvisti."}).text
    held.refresh_from_db()
    assert held.accepted_at is None
    assert stale.get(reverse("console:register_runs")).status_code == 200


def test_nor_is_one_let_through_again_without_it(stale, desk, held, raimo):
    imports.accept_held(held.pk, reason="THL vahvisti.", actor=actor_for(raimo), now=clock.now())
    assert "/second-factor/" in stale.post(url(held), {"reason": "Toinen syy."}).text


def test_what_was_let_through_is_not_decided_again(desk, held, riitta):
    first = {"reason": "THL vahvisti.", "actor": actor_for(riitta)}
    imports.accept_held(held.pk, **first, now=clock.now() - timedelta(days=3))
    assert desk.post(url(held), {"reason": "Vielä kerran."}).status_code == 400
    held.refresh_from_db()
    assert (held.accepted_by, held.accepted_reason) == (f"person:{riitta.pk}", "THL vahvisti.")
    assert bring().outcome == RegisterRun.Outcome.HELD
    with pytest.raises(InternalError, match="kept"), transaction.atomic():
        RegisterRun.objects.filter(pk=held.pk).update(accepted_reason="Muu syy.")


def test_nobody_lets_it_through_whose_role_is_taken_meanwhile(held, riitta):
    given = {"actor": actor_for(riitta), "now": clock.now()}
    staff_roles.end_reviewer(riitta, **given)
    with pytest.raises(NotReviewer):
        services.accept_held_import(held.pk, reason="THL vahvisti.", person=riitta, **given)
    held.refresh_from_db()
    assert held.accepted_at is None


def test_it_is_let_through_with_a_reason_and_the_next_one_passes(desk, held, raimo):
    assert desk.post(url(held), {"reason": ""}).status_code == 200
    assert bring().outcome == RegisterRun.Outcome.HELD
    answer = desk.post(url(held), {"reason": "THL vahvisti."})
    assert answer.status_code == 302
    held.refresh_from_db()
    assert (held.accepted_by, held.accepted_reason) == (f"person:{raimo.pk}", "THL vahvisti.")
    assert Event.objects.filter(action="register.held_accepted").get().actor == held.accepted_by
    page = desk.get(url(held)).text
    assert "THL vahvisti." in page
    assert "odottaa ratkaisua" not in page
    assert bring().outcome == RegisterRun.Outcome.DONE
    assert RegisterRecord.objects.filter(kind=Kind.SOTE_UNIT, known_to=None).count() == 1


def test_what_is_not_held_is_not_let_through(desk, sample):
    done = RegisterRun.objects.first()
    assert desk.post(url(done), {"reason": "x"}).status_code == 400


def test_a_mirror_that_is_too_old_is_told_to_reviewers_and_to_the_applicant(
    desk, client, matti, cas, settings
):
    settings.REGISTER = conf.DEFAULTS | {"BACKEND": "x", "MAX_AGE": timedelta(hours=72)}
    rewrite(RegisterRun.objects, started_at=clock.now() - timedelta(hours=73))
    assert not queries.is_fresh(clock.now())
    order = orders.submitted(matti)
    orders.drain()
    order.refresh_from_db()
    assert (order.status, order.waiting_for) == ("checking", "register")
    people.log_in(client, matti)
    page = client.get(reverse("applications:order", args=[order.pk])).content.decode()
    assert "liian vanha" in page
    assert "Liian vanha" in desk.get(reverse("console:register_runs")).text


def test_reviewers_are_asked_about_a_held_import_until_it_is_settled(desk, held, raimo):
    address = reverse("console:register_run", args=[held.pk])
    assert address in desk.get(reverse("console:register")).text
    mail.outbox.clear()
    for _ in range(2):
        raise_alarms(now=clock.now())
        orders.drain()
    (asked,) = mail.outbox
    assert asked.to == ["raimo@example.fi"]
    assert address in asked.body
    imports.accept_held(held.pk, reason="THL", actor=orders.actor_for(raimo), now=clock.now())
    assert address not in desk.get(reverse("console:register")).text

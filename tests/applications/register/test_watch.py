"""Every night: what has changed in the registers under certificates in force."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections

from accounts.models import Membership
from accounts.register.models import Kind, RegisterRecord
from accounts.services.organisations import follow_register, membership
from applications import services
from applications.mail import register
from applications.models.register_task import RegisterTask
from applications.register_watch import find_changed
from applications.services.reviewer.may_act import FactsChanged
from applications.tasks import watch_register
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.dev.builders.register import announce, change
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from issuance.models import Certificate
from issuance.services import locks
from issuance.services.locks import Busy
from tests.applications.register.watching import decide, watch
from tests.conftest import CLINICS

INTERMEDIARY = "9900023-7"

Change, Outcome = RegisterTask.Change, RegisterTask.Outcome
UNIT = "1.2.246.10.99000085.10.2"
PROVIDER = "1.2.246.10.99000085.10.0"


def test_with_nothing_changed_there_is_nothing_to_decide(order):
    assert watch() == []


def test_a_change_that_no_certificate_rests_on_is_none_of_our_business(order, matti):
    change("1.2.246.10.99000093.10.0", long_name="Toinen hyvinvointialue")
    assert watch() == []


def test_an_ended_unit_is_brought_up_with_its_certificates(order):
    yesterday = clock.day(clock.now()) - timedelta(days=1)
    change(orders.UNIT, valid_to=yesterday)
    (task,) = watch()
    assert (task.change, task.proposal) == (Change.ENDED, Outcome.REVOKE)
    assert task.organisation == order.organisation
    assert [one.reference for one in task.certificates.all()] == [order.pk]
    assert task.values["standing"] == ["register_standing", "register_ended"]
    assert task.then.pk != task.present.pk


def test_a_validity_that_runs_out_by_itself_is_noticed_without_an_import(matti, riitta, cas):
    today = clock.day(clock.now())
    change(orders.UNIT, valid_to=today)
    orders.delivered(matti, riitta)
    assert watch() == []
    services.watch_register(now=clock.now() + timedelta(days=1))
    assert RegisterTask.objects.get().change == Change.ENDED


@pytest.mark.parametrize(
    ("fields", "kind", "proposal"),
    [
        ({"status": "DELETED"}, Change.ENDED, Outcome.REVOKE),
        ({"long_name": "Helsingin uusi apteekki"}, Change.RENAMED, Outcome.REISSUE),
        ({"municipality_name": "Vantaa"}, Change.RENAMED, Outcome.REISSUE),
        ({"business_id": CLINICS}, Change.MERGED, Outcome.REISSUE),
        ({"sector": 1}, Change.SECTOR, Outcome.NOTHING),
    ],
)
def test_each_kind_of_change_has_its_proposal(order, fields, kind, proposal):
    change(orders.UNIT, **fields)
    (task,) = watch()
    assert (task.change, task.proposal) == (kind, proposal)


def test_an_abbreviation_an_address_or_a_place_in_the_tree_changes_no_certificate(order):
    change(orders.UNIT, abbreviation="Uusi lyhenne", street_address="Mallikatu 99")
    change(orders.UNIT, parent_oid="1.2.246.10.99000018.10.1")
    assert watch() == []


def test_a_code_given_to_another_unit_is_not_taken_for_the_same(order):
    tomorrow = clock.now() + timedelta(days=1)
    announce(orders.UNIT, long_name="Aivan toinen apteekki", business_id=CLINICS)
    services.watch_register(now=tomorrow)
    found = {task.change: task.proposal for task in RegisterTask.objects.all()}
    assert found == {Change.MERGED: Outcome.REISSUE, Change.RENAMED: Outcome.REISSUE}


def test_a_unit_s_name_stands_in_signatures_but_not_in_servers(kalle, riitta, cas):
    orders.delivered(kalle, riitta, "test_server", unit=UNIT)
    change(UNIT, long_name="Uusi toimipiste")
    (task,) = watch()
    assert (task.record_oid, task.proposal) == (UNIT, Outcome.NOTHING)
    orders.delivered(kalle, riitta, "test_system_signature", unit=UNIT)
    change(UNIT, long_name="Uusin toimipiste")
    (task,) = [one for one in watch() if one.is_open]
    assert (task.certificates.count(), task.proposal) == (2, Outcome.REISSUE)


@pytest.mark.parametrize("at_once", [1, 5000])
def test_a_provider_s_new_name_is_one_task_for_all_its_units(
    kalle, riitta, cas, monkeypatch, at_once
):
    monkeypatch.setattr(find_changed, "AT_ONCE", at_once)
    orders.delivered(kalle, riitta, "test_server", unit=UNIT)
    orders.delivered(kalle, riitta, "test_server", unit=PROVIDER)
    change(PROVIDER, long_name="Koivuranta Terveys Oy")
    (task,) = watch()
    assert (task.record_oid, task.certificates.count()) == (PROVIDER, 2)
    assert task.proposal == Outcome.REISSUE


def test_a_provider_s_end_is_told_once_and_not_where_its_unit_lives_on(kalle, riitta, cas):
    orders.delivered(kalle, riitta, "test_server", unit=UNIT)
    change(UNIT, business_id="9900009-3", provider_oid="1.2.246.10.99000093.10.0")
    change(PROVIDER, status="DELETED")
    (task,) = watch()
    assert task.change == Change.MERGED
    change(UNIT, status="DELETED")
    assert [one.change for one in watch() if one.is_open] == [Change.ENDED]


def test_a_removed_intermediary(riitta, cas, sample, now):
    record = RegisterRecord.objects.get(kind=Kind.INTERMEDIARY, business_id=INTERMEDIARY)
    broker = people.make_founder("Veera Välittäjä", record.business_id, now=now)
    order = orders.begin(broker, "test_server")
    filled = orders.sections(orders.CertificateType.TEST_SERVER)
    for section in filled.keys() - {"unit"}:
        seen = orders.Handler(broker, order).seen
        services.save_section(order.pk, section, filled[section], **seen)
    orders.upload(broker, order, orders.openssl_csr())
    orders.submit(broker, order)
    orders.finish(broker, riitta, order)
    change(record.oid, Kind.INTERMEDIARY, valid_to=clock.day(now) - timedelta(days=1))
    (task,) = watch()
    assert (task.change, task.proposal) == (Change.INTERMEDIARY, Outcome.REVOKE)


def test_the_same_change_is_brought_up_once_whatever_was_decided(order, riitta):
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    (task,) = watch()
    assert watch() == [task]
    decide(task, riitta, Outcome.NOTHING)
    assert watch() == [task]
    change(orders.UNIT, long_name="Helsingin uusin apteekki")
    assert len(watch()) == 2


@contextmanager
def another_look():
    """Another process looks at the registers meanwhile, and perhaps is frozen."""
    other, keys = connections.create_connection("default"), locks._keys(["register watch"])
    try:
        other.cursor().execute("SELECT pg_advisory_lock(%s)", keys)
        yield
        other.cursor().execute("SELECT pg_advisory_unlock(%s)", keys)
    finally:
        other.close()


def test_of_two_looks_at_once_the_later_one_waits_for_its_turn(order):
    """An import wakes one while the nightly one goes on."""
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    with another_look():
        with pytest.raises(Busy):
            services.watch_register(now=clock.now())
        assert not RegisterTask.objects.exists()
    assert len(watch()) == 1


def test_the_nightly_look_is_made_after_one_that_is_under_way(matti, riitta, cas, monkeypatch):
    """A unit whose validity has run out does not wait for the next night or import."""
    change(orders.UNIT, valid_to=clock.day(clock.now()))
    orders.delivered(matti, riitta)
    orders.drain()
    night = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: night)
    with another_look():
        watch_register()
        orders.drain()
    assert not RegisterTask.objects.exists()
    monkeypatch.setattr(clock, "now", lambda: night + timedelta(minutes=1))
    orders.drain()
    assert RegisterTask.objects.get().change == Change.ENDED


def test_a_change_that_was_taken_back_closes_its_task(order):
    name = RegisterRecord.objects.get(oid=orders.UNIT, known_to=None).long_name
    change(orders.UNIT, long_name="Erehdys")
    watch()
    change(orders.UNIT, long_name=name)
    (task,) = watch()
    assert (task.outcome, task.decided_by) == (Outcome.OVER, None)


@pytest.mark.parametrize("decided", [True, False])
def test_a_change_that_comes_again_is_brought_up_again(order, riitta, decided):
    change(orders.UNIT, status="DELETED")
    (first,) = watch()
    if decided:
        decide(first, riitta, Outcome.NOTHING, "THL poisti erehdyksessä.")
    change(orders.UNIT, status="ACTIVE")
    assert [one.is_open for one in watch()] == [False]
    change(orders.UNIT, status="DELETED")
    _, second = watch()
    assert (second.is_open, second.values) == (True, first.values)
    assert watch()[-1] == second


def test_what_is_no_longer_in_force_is_not_watched(order):
    Certificate.objects.update(state="revoked", revoked_at=clock.now(), revocation_reason="x")
    change(orders.UNIT, status="DELETED")
    assert watch() == []


def test_an_import_that_changes_something_wakes_the_watch_and_renames_the_account(order):
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    done = orders.drain()
    assert done.count("register.changed") == 2
    assert RegisterTask.objects.get().is_open
    order.organisation.refresh_from_db()
    assert order.organisation.name == "Helsingin uusi apteekki"


def test_an_account_is_not_renamed_before_the_day(order):
    announce(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    order.organisation.refresh_from_db()
    assert order.organisation.name == "Helsingin VI apteekki"
    assert not RegisterTask.objects.exists()


def test_an_account_is_renamed_on_the_day_without_an_import(order):
    announce(orders.UNIT, long_name="Helsingin uusi apteekki")
    tomorrow = clock.now() + timedelta(days=1)
    follow_register.follow_register(now=tomorrow)
    order.organisation.refresh_from_db()
    assert order.organisation.name == "Helsingin uusi apteekki"
    services.watch_register(now=tomorrow)
    assert RegisterTask.objects.get().change == Change.RENAMED


def test_a_new_name_that_was_known_before_is_noticed_on_its_day(kalle, riitta, cas):
    announce(PROVIDER, long_name="Koivuranta Terveys Oy")
    orders.delivered(kalle, riitta, "test_server", unit=UNIT)
    orders.delivered(kalle, riitta, "test_server", unit=PROVIDER)
    assert watch() == []
    services.watch_register(now=clock.now() + timedelta(days=1))
    task = RegisterTask.objects.get()
    assert (task.record_oid, task.certificates.count()) == (PROVIDER, 2)
    assert task.values["long_name"] == ["Koivupiha Terveys Oy", "Koivuranta Terveys Oy"]


def test_administrators_are_told_of_the_change_and_of_the_decision(order, riitta):
    mail.outbox.clear()
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    (told,) = mail.outbox
    assert told.to == ["matti@example.fi"]
    assert "Helsingin uusi apteekki" in told.body
    assert Certificate.objects.get().serial in told.body
    decide(RegisterTask.objects.get(), riitta, Outcome.REISSUE, "Nimi on todistuksessa.")
    orders.drain()
    assert "Nimi on todistuksessa." in mail.outbox[-1].body


def test_an_administrator_who_is_not_confirmed_is_told_of_their_own_certificates_only(
    matti, pharmacy, riitta, cas, now
):
    """A test certificate needs no confirmed right; Saara, too, administers on her word alone."""
    saara = people.make_member("Saara Sivullinen", pharmacy, role="administrator", now=now)
    orders.delivered(matti, riitta, "test_server")
    for person in (matti, saara):
        person.memberships.update(basis=Membership.Basis.UNVERIFIED)
    mail.outbox.clear()
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    assert [one.to for one in mail.outbox] == [["matti@example.fi"]]


def test_who_is_removed_before_the_mail_is_sent_is_not_told(order, matti, maija):
    act(matti, membership.change_role, maija.memberships.get().pk, "administrator")
    orders.drain()
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    services.watch_register(now=clock.now())
    waiting = OutboxItem.objects.filter(topic="register.notice", done_at=None)
    assert {one.payload["person"] for one in waiting} == {str(matti.pk), str(maija.pk)}
    act(matti, membership.remove, maija.memberships.get().pk)
    mail.outbox.clear()
    orders.drain()
    serial = Certificate.objects.get().serial
    assert [one.to for one in mail.outbox if serial in one.body] == [[matti.email]]


def test_a_notice_about_more_certificates_than_it_lists_says_how_many(order, monkeypatch):
    monkeypatch.setattr(register, "LISTED", 0)
    mail.outbox.clear()
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    (told,) = mail.outbox
    assert Certificate.objects.get().serial not in told.body
    assert "kaikkiaan 1." in told.body


def test_what_changed_before_signing_never_becomes_a_certificate(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    with pytest.raises(FactsChanged, match="Helsingin uusi apteekki"):
        orders.approve(riitta, case)

"""Whoever an order names by any column is known by name as long as the order is kept."""

from datetime import timedelta

import pytest

from accounts.access import actor_for
from accounts.models import StaffRole
from applications import services
from applications.models import Waiver
from applications.services.system import erase
from applications.services.system.erase import in_use
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests.applications.conformity import bare
from tests.applications.waivers import in_hand, waive
from tests.tables import rewrite


@pytest.fixture
def case(matti, riitta, cas):
    return in_hand(matti, riitta)


def named(model, name) -> bool:
    return f"{model.__name__}.{name}" not in erase.OF_NO_ORDER


def test_who_confirmed_or_withdrew_a_waiver_is_kept_as_long_as_its_order(
    case, matti, riitta, raimo, now
):
    reino = people.make_reviewer("Reino Ratkaisija", now=now)
    waive(riitta, case)
    orders.press_approve(riitta, case)
    assert not {raimo.pk, reino.pk} & in_use()
    orders.press_approve(raimo, case)
    waiver = Waiver.objects.get()
    seen = {"person": reino, "now": clock.now(), "actor": actor_for(reino)}
    services.withdraw_waiver(waiver.pk, reason="Sopimus päättyi.", **seen)
    waiver.refresh_from_db()
    assert (waiver.confirmed_by, waiver.closed_by) == (raimo, reino)
    assert {matti.pk, riitta.pk, raimo.pk, reino.pk} <= in_use()


def test_who_recorded_evidence_or_confirmed_the_right_is_kept(matti, riitta, raimo, cas, now):
    order = orders.claimed(matti, riitta)
    services.release(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    assert raimo.pk not in in_use()
    order.host_names.update(evidenced_by=raimo)
    reino = people.make_reviewer("Reino Ratkaisija", now=now)
    assert reino.pk not in in_use()
    matti.memberships.update(confirmed_by=reino)
    assert {raimo.pk, reino.pk} <= in_use()
    erase.erase(order.pk, now=now + timedelta(days=7 * 366))
    assert not {matti.pk, raimo.pk, reino.pk} & in_use()


def test_who_only_uploaded_a_file_is_kept(matti, maija, teemu, cas):
    draft = bare(matti)
    order = orders.waiting_for_contact(matti, technical_email=teemu.email)
    assert not {maija.pk, teemu.pk} & in_use()
    services.upload_csr(order.pk, orders.openssl_csr(), actor=actor_for(teemu), now=clock.now())
    orders.attach_conformity(maija, draft)
    assert {maija.pk, teemu.pk} <= in_use()


def test_every_exception_is_a_column_that_exists():
    known = {f"{model.__name__}.{name}" for model, name in erase.references()}
    assert known >= erase.OF_NO_ORDER
    names = {name for model, name in erase.references() if named(model, name)}
    assert {"waived_by", "confirmed_by", "closed_by", "evidenced_by", "reviewer"} <= names


def test_a_column_that_nobody_thought_of_keeps_its_persons(riitta, raimo, monkeypatch):
    rewrite(StaffRole.objects.filter(person=riitta), granted_by=raimo)
    assert raimo.pk not in in_use()
    others = erase.OF_NO_ORDER - {"StaffRole.granted_by"}
    monkeypatch.setattr(erase, "OF_NO_ORDER", others)
    assert raimo.pk in in_use()

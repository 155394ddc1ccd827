"""Who gets no new certificate by a mass replacement, and why."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from accounts.register.models import RegisterRecord
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application, ReplacementItem
from applications.rules.void_reasons import void_reason
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.dev.builders.replacements import OPERATOR, approve, plan, run
from certportal.foundation import clock
from issuance import services as authority
from issuance.models import Certificate, PreparedCertificate
from tests.applications.at_once import Beside
from tests.applications.replacing.items import only
from tests.conftest import CLINICS, PHARMACY
from tests.tables import rewrite

State = ReplacementItem.State


def test_a_blocked_key_gets_no_new_certificate(order, riitta):
    key = certificate_of(order).spki_sha256
    authority.block_key(key, "published", actor=OPERATOR, now=clock.now())
    item = only(plan())
    assert (item.state, item.reason) == (State.LEFT_OUT, "key.blocked")


def test_a_key_blocked_after_the_approval_stops_it_at_the_authority(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    key = certificate_of(order).spki_sha256
    authority.block_key(key, "published", actor=OPERATOR, now=clock.now())
    run(made)
    item = only(made)
    assert (item.state, item.reason) == (State.REFUSED, "key.blocked")
    assert not Application.objects.filter(pk=item.reference).exists()


def test_one_revoked_after_its_release_is_not_replaced(order, matti, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    services.release_replacement(made.pk, actor=OPERATOR, now=clock.now())
    words = "Palvelin poistettiin käytöstä."
    act(matti, services.revoke, order, reason="cessation_of_operation", words=words)
    orders.drain()
    item = only(made)
    assert (item.state, item.reason) == (State.REFUSED, "revoked_meanwhile")
    assert Certificate.objects.count() == 1


def test_an_ended_unit_gets_none(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    rewrite(
        RegisterRecord.objects.filter(oid=order.record_oid),
        valid_to=clock.day(clock.now()) - timedelta(days=1),
    )
    late = only(plan())
    assert (late.state, late.reason) == (State.LEFT_OUT, "order.register_ended")
    run(made)
    item = only(made)
    assert (item.state, item.reason) == (State.REFUSED, "order.register_ended")
    attempt = PreparedCertificate.objects.get(pk=item.prepared_id)
    assert attempt.void_reason == "order.register_ended"


def test_an_account_that_was_closed_gets_none(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    given = {"reasons": "Apteekki on lopettanut.", "person": riitta, "actor": OPERATOR}
    services.close_account(order.organisation_id, now=clock.now(), **given)
    late = only(plan())
    assert (late.state, late.reason) == (State.LEFT_OUT, "account_closed")
    assert "sulki organisaation asiakastilin" in void_reason(late.reason)
    run(made)
    assert (only(made).state, only(made).reason) == (State.REFUSED, "account_closed")
    assert Certificate.objects.count() == 1
    assert certificate_of(order).state == Certificate.State.ISSUED


@pytest.fixture
def merging(riitta, kalle):
    """Carry out the merger of Matti's pharmacy into Kalle's organisation."""
    return partial(act, riitta, services.succeed, PHARMACY, CLINICS, reason="Fuusio 1.12.2026.")


def release(made):
    services.release_replacement(made.pk, actor=OPERATOR, now=clock.now())


@pytest.mark.parametrize("before", [lambda made: None, release], ids=["approved", "released"])
def test_an_account_that_was_succeeded_gets_none_by_a_plan_made_before(
    order, riitta, raimo, merging, before
):
    """The approvers' impartiality was judged about the former organisation."""
    made = plan()
    approve(made, riitta, raimo)
    before(made)
    merging()
    run(made)
    assert (only(made).state, only(made).reason) == (State.REFUSED, "succeeded")
    assert Certificate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_released_beside_a_succession(order, riitta, raimo, merging):
    made = plan()
    approve(made, riitta, raimo)
    with transaction.atomic():
        merging()
        releasing = Beside(partial(release, made))
    assert releasing.end() is None
    orders.drain()
    assert (only(made).state, only(made).reason) == (State.REFUSED, "succeeded")
    assert Certificate.objects.count() == 1


def test_a_revoked_or_replaced_certificate_is_not_replaced_again(order, riitta, raimo):
    first, second = plan(), plan()
    approve(first, riitta, raimo)
    approve(second, riitta, raimo)
    run(first)
    run(second)
    assert only(second).reason == "replaced_already"
    assert not plan(wanted={"serials": (certificate_of(order).serial,)}).items.exists()

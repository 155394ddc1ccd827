"""What a mass replacement makes: certificates under the same keys, and orders of their own."""

from datetime import timedelta
from io import StringIO
from unittest.mock import Mock

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.register.models import RegisterRecord
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application, ReplacementItem
from applications.models.revocation import NO_LONGER_NEEDED
from applications.rules import renewal
from applications.services.reviewer import replaced_certificates
from applications.services.reviewer.replaced_certificates import TooEarly
from applications.services.system import replaced_orders
from applications.services.system.erase import in_use
from applications.workflow import Status
from certportal.dev.builders import hierarchy, orders, people
from certportal.dev.builders.replacements import OPERATOR, approve, plan, run
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import Event, OutboxItem
from issuance import services as authority
from issuance.models import Certificate
from issuance.services.ceremony import generations
from tests.applications.packages import packages_in
from tests.applications.replacing.items import only
from tests.tables import rewrite

State = ReplacementItem.State


def test_a_certificate_is_replaced_under_the_same_key(order, riitta, raimo):
    old = certificate_of(order)
    made = plan()
    assert only(made).state == State.PLANNED
    approve(made, riitta, raimo)
    run(made)
    item = only(made)
    assert item.state == State.ISSUED
    new = Certificate.objects.get(reference=item.reference)
    assert (new.spki_sha256, new.not_after) == (old.spki_sha256, old.not_after)
    assert new.certificate.subject == old.certificate.subject
    assert new.serial != old.serial
    old.refresh_from_db()
    assert old.state == Certificate.State.ISSUED, "nothing is revoked unless it was planned"


def test_the_new_certificate_has_an_order_of_its_own(order, matti, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    run(made)
    new = Application.objects.get(pk=only(made).reference)
    assert (new.status, new.organisation) == (Status.DELIVERED, order.organisation)
    assert new.number != order.number
    assert [one.name for one in new.host_names.all()] == [
        one.name for one in order.host_names.all()
    ]
    assert new.csr.sha256 == order.csr.sha256
    assert new.submission.sha256 == order.submission.sha256
    assert new.csr.application == new
    assert Event.objects.filter(object_id=str(order.pk), action="application.replaced").exists()
    assert Event.objects.filter(object_id=str(new.pk), action="application.reissue").exists()


def test_no_link_leads_to_an_order_that_is_not_made_yet(order, matti, riitta, raimo, monkeypatch):
    """The worker that makes it may be down when the certificate is there already."""
    made = plan()
    approve(made, riitta, raimo)
    monkeypatch.setattr(replaced_orders, "take_over", Mock(side_effect=Unavailable("worker")))
    run(made)
    new = Certificate.objects.get(reference=only(made).reference)
    page = people.log_in(Client(), matti).get(reverse("home")).text
    assert reverse("applications:certificate", args=[order.pk]) in page
    assert new.serial in page
    assert str(new.reference) not in page


def test_who_approved_is_kept_as_long_as_the_new_order(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    assert raimo.pk not in in_use()
    run(made)
    assert raimo.pk in in_use()


def test_the_holders_are_told_once_each(order, riitta, raimo):
    made = plan(revoke_on=clock.day(clock.now()) + timedelta(days=14))
    approve(made, riitta, raimo)
    mail.outbox.clear()
    run(made)
    new = Application.objects.get(pk=only(made).reference)
    told = [one for one in mail.outbox if new.number in one.subject]
    packages = [one for one in told if one.attachments]
    addresses = [one.to[0] for one in told]
    assert len(addresses) == len(set(addresses))
    assert {one.to[0] for one in packages} == {new.contact_email, new.mailbox}
    for one in told:
        assert order.number in one.body
        assert certificate_of(order).serial in one.body
        assert f"/orders/{new.pk}/" in one.body
    ends = made.revoke_on
    assert all(f"{ends.day}.{ends.month}.{ends.year}" in one.body for one in told)


def test_whoever_said_the_order_is_not_theirs_is_sent_no_new_certificate(matti, riitta, raimo, cas):
    """Tiina was to get it, with Veera as deputy; the one who ordered has got it since."""
    order = orders.with_csr(matti)
    deputy = {"deputy_name": "Veera", "deputy_email": "veera@example.com"}
    orders.name_contact(matti, order, orders.CONTACT | deputy)
    orders.submit(matti, order)
    for link in order.contact_links.all():
        by_link = Actor("technical_contact", str(link.pk))
        services.not_mine(link.pk, actor=by_link, now=clock.now())
    orders.finish(matti, riitta, order)
    made = plan()
    approve(made, riitta, raimo)
    mail.outbox.clear()
    run(made)
    everybody = {"matti@example.fi", "tekniikka@example.fi"}
    assert {one.to[0] for one in packages_in(mail.outbox)} == everybody
    assert {one.to[0] for one in mail.outbox} <= everybody | {riitta.email, raimo.email}


def test_a_replacement_is_replaced_in_its_turn(order, riitta, raimo):
    key = certificate_of(order).spki_sha256
    for _ in range(3):
        made = plan()
        approve(made, riitta, raimo)
        run(made)
        assert only(made).state == State.ISSUED
    assert Certificate.objects.filter(spki_sha256=key).count() == 4


def test_it_goes_to_the_next_generation(order, riitta, raimo, settings):
    place = hierarchy.Place("production", "ec", 2)
    hierarchy.add_ca(place, state="standby")
    generations.start_generation(place.stem, actor=OPERATOR, now=clock.now())
    made = plan()
    assert {"issuer", "revocation_list"} <= set(only(made).changes)
    approve(made, riitta, raimo)
    run(made)
    new = Certificate.objects.get(reference=only(made).reference)
    assert new.issuing_ca.stem == "sote-ec-2"


def test_the_old_ones_are_revoked_on_the_day_and_not_before(order, riitta, raimo):
    today = clock.day(clock.now())
    made = plan(revoke_on=today + timedelta(days=5))
    approve(made, riitta, raimo)
    run(made)
    with pytest.raises(TooEarly):
        services.revoke_replaced(made.pk, actor=OPERATOR, now=clock.now())
    later = clock.now() + timedelta(days=6)
    mail.outbox.clear()
    assert services.revoke_replaced(made.pk, actor=OPERATOR, now=later) == 1
    assert services.revoke_replaced(made.pk, actor=OPERATOR, now=later) == 0
    old = certificate_of(order)
    assert (old.state, old.revocation_reason) == ("revoked", "superseded")
    new = Certificate.objects.get(reference=only(made).reference)
    assert new.state == Certificate.State.ISSUED
    orders.drain()
    number = Application.objects.get(pk=only(made).reference).number
    assert all(number in one.body for one in mail.outbox if order.number in one.subject)


def revoke_new(made):
    new = Certificate.objects.get(reference=only(made).reference)
    authority.revoke(new.pk, "cessation_of_operation", actor=OPERATOR, now=clock.now())


def test_an_old_one_stays_if_the_new_one_has_been_revoked(order, riitta, raimo):
    made = plan(revoke_on=clock.day(clock.now()))
    approve(made, riitta, raimo)
    run(made)
    page, told = reverse("console:replacement", args=[made.pk]), "uusi varmenne on suljettu"
    desk = people.log_in(Client(), riitta)
    assert told not in desk.get(page).text
    revoke_new(made)
    assert services.revoke_replaced(made.pk, actor=OPERATOR, now=clock.now()) == 0
    assert certificate_of(order).state == Certificate.State.ISSUED
    assert told in desk.get(page).text
    said = StringIO()
    call_command("reissue", "revoke", str(made.pk), stdout=said)
    assert said.getvalue().splitlines() == ["revoked: 0", "left in force, as the new one is not: 1"]


def test_an_old_one_that_its_holder_revokes_at_that_moment_keeps_the_reason(
    order, matti, riitta, raimo, monkeypatch
):
    """And holds up no other, as a refusal would."""
    made = plan(revoke_on=clock.day(clock.now()))
    approve(made, riitta, raimo)
    run(made)
    revoke_listed = replaced_certificates._revoke

    def meanwhile(*listed):
        given = {"reason": NO_LONGER_NEEDED, "words": "", "person": matti}
        services.revoke(order.pk, **given, actor=actor_for(matti), now=clock.now())
        return revoke_listed(*listed)

    monkeypatch.setattr(replaced_certificates, "_revoke", meanwhile)
    assert services.revoke_replaced(made.pk, actor=OPERATOR, now=clock.now()) == 0
    assert certificate_of(order).revocation_reason == NO_LONGER_NEEDED


def test_an_old_one_goes_if_what_came_in_its_place_was_replaced_in_its_turn(order, riitta, raimo):
    made = plan(revoke_on=clock.day(clock.now()))
    approve(made, riitta, raimo)
    run(made)
    later = plan()
    approve(later, riitta, raimo)
    run(later)
    revoke_new(made)
    assert services.revoke_replaced(made.pk, actor=OPERATOR, now=clock.now()) == 1
    assert certificate_of(order).revocation_reason == "superseded"


def test_nothing_is_revoked_without_a_planned_day(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    run(made)
    with pytest.raises(TooEarly):
        services.revoke_replaced(made.pk, actor=OPERATOR, now=clock.now())


def test_what_was_lost_on_the_way_is_handed_over_again(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    services.release_replacement(made.pk, actor=OPERATOR, now=clock.now())
    assert services.resume_replacement(made.pk, actor=OPERATOR, now=clock.now()) == 0
    OutboxItem.objects.filter(topic="certificates.confirmed").update(failed_at=clock.now())
    assert services.resume_replacement(made.pk, actor=OPERATOR, now=clock.now()) == 1
    orders.drain()
    assert only(made).state == State.ISSUED
    assert services.resume_replacement(made.pk, actor=OPERATOR, now=clock.now()) == 0
    assert Certificate.objects.filter(reference=only(made).reference).count() == 1


def released(made, riitta, raimo):
    """A plan let go, of which the authority has not heard for a quarter of an hour."""
    approve(made, riitta, raimo)
    services.release_replacement(made.pk, actor=OPERATOR, now=clock.now())
    item = OutboxItem.objects.get(topic="certificates.confirmed")
    long_ago = clock.now() - timedelta(minutes=15)
    item.payload["confirmed_at"] = long_ago.isoformat()
    item.save()


def test_what_waited_long_for_its_signature_is_confirmed_again(order, riitta, raimo):
    made = plan()
    released(made, riitta, raimo)
    assert "certificates.approved" in orders.drain()
    assert only(made).state == State.ISSUED


def test_a_unit_that_ended_while_it_waited_gets_none(order, riitta, raimo):
    made = plan()
    released(made, riitta, raimo)
    yesterday = clock.day(clock.now()) - timedelta(days=1)
    rewrite(RegisterRecord.objects.filter(oid=order.record_oid), valid_to=yesterday)
    orders.drain()
    assert only(made).state == State.REFUSED
    assert not Certificate.objects.filter(reference=only(made).reference).exists()


def test_told_twice_it_makes_one_order(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    run(made)
    item = only(made)
    certificate = Certificate.objects.get(reference=item.reference)
    assert services.record_issued(item.reference, certificate.pk, now=clock.now()) is None
    assert Application.objects.count() == 2


def test_the_holder_is_not_reminded_of_the_old_one(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    run(made)
    assert renewal.is_renewed(order, certificate_of(order))
    new = Application.objects.get(pk=only(made).reference)
    assert not renewal.is_renewed(new, certificate_of(new))

"""Mass replacement: planned by an operator, approved by two reviewers, issued in batches."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.models import Membership
from accounts.register.models import RegisterRecord
from accounts.services.rights import staff_roles
from applications import services
from applications.documents.certificate_files import certificate_of
from applications.models import Application, Replacement, ReplacementItem
from applications.rules import renewal
from applications.services.reviewer.replacement import PersonsMissing, PlanOver, TooEarly
from applications.services.system.persons_in_use import in_use
from applications.views.shared.void_reasons import void_reason
from applications.workflow import Status
from certportal.dev.builders import hierarchy, orders, people
from certportal.dev.builders.replacements import OPERATOR, approve, plan, run
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from issuance import services as authority
from issuance.models import Certificate, PreparedCertificate
from issuance.services.ceremony import generations
from issuance.services.errors import NotReviewer, ReauthenticationTooOld
from tests.tables import rewrite

State = ReplacementItem.State


@pytest.fixture(autouse=True)
def _local_mail(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


@pytest.fixture
def order(matti, riitta, cas):
    """Matti's delivered server certificate."""
    made = orders.delivered(matti, riitta)
    mail.outbox.clear()
    return made


@pytest.fixture
def test_order(order, matti, riitta):
    """His test certificate beside it."""
    made = orders.delivered(matti, riitta, "test_server")
    mail.outbox.clear()
    return made


def only(made):
    return made.items.get()


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
    ends = made.revoke_on
    assert all(f"{ends.day}.{ends.month}.{ends.year}" in one.body for one in told)


def test_only_what_is_wanted_is_chosen(order, test_order, riitta):
    assert [one.certificate for one in plan().items.all()] == [certificate_of(order)]
    tests = plan(issuing_ca="sote-test-ec-1")
    assert [one.certificate for one in tests.items.all()] == [certificate_of(test_order)]
    assert not plan(wanted={"profile_version": 2}).items.exists()
    assert not plan(wanted={"issued_until": clock.now() - timedelta(days=1)}).items.exists()


def test_two_persons_are_wanted_whatever_the_setting(order, riitta, raimo, settings):
    settings.ISSUANCE_APPROVALS = {"production": 1, "test": 1}
    made = plan()
    with pytest.raises(PersonsMissing):
        run(made)
    approve(made, riitta)
    approve(made, riitta)
    with pytest.raises(PersonsMissing):
        run(made)
    approve(made, raimo)
    run(made)
    assert only(made).state == State.ISSUED
    assert Event.objects.filter(action="replacement.approved").count() == 2


def test_who_is_no_reviewer_any_more_does_not_count(order, riitta, raimo, now):
    made = plan()
    approve(made, riitta, raimo)
    staff_roles.end_reviewer(raimo, actor=OPERATOR, now=clock.now())
    with pytest.raises(PersonsMissing):
        run(made)


def test_a_stranger_approves_nothing(order, matti, riitta):
    made = plan()
    with pytest.raises(NotReviewer):
        approve(made, matti)


def test_another_digest_and_an_old_identification_are_refused(order, riitta):
    made = plan()
    with pytest.raises(PlanOver):
        approve(made, riitta, digest="0" * 64)
    with pytest.raises(ReauthenticationTooOld):
        approve(made, riitta, reauthenticated_at=clock.now() - timedelta(hours=1))
    assert not made.approvals.exists()


def test_a_plan_ends_with_its_preparations(order, riitta, raimo):
    made = plan()
    approve(made, riitta, raimo)
    with pytest.raises(PlanOver):
        approve(made, riitta, now=made.expires_at)
    with pytest.raises(PlanOver):
        services.release_replacement(made.pk, actor=OPERATOR, now=made.expires_at)


def test_a_reviewer_does_not_approve_for_their_own_organisation(
    order, riitta, raimo, settings, now
):
    settings.ISSUANCE_APPROVALS = {"production": 1, "test": 1}
    Membership.objects.create(
        person=raimo,
        organisation=order.organisation,
        role=Membership.Role.APPLICANT,
        basis=Membership.Basis.INVITATION,
        begun_at=now,
    )
    made = plan()
    approve(made, riitta, raimo)
    run(made)
    assert only(made).state == State.PLANNED, "one approval of two counts here"
    third = people.make_reviewer("Risto Ratkaisija", now=now)
    approve(made, third)
    run(made)
    assert only(made).state == State.ISSUED


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


def test_a_revoked_or_replaced_certificate_is_not_replaced_again(order, riitta, raimo):
    first, second = plan(), plan()
    approve(first, riitta, raimo)
    approve(second, riitta, raimo)
    run(first)
    run(second)
    assert only(second).reason == "replaced_already"
    assert not plan(wanted={"serials": (certificate_of(order).serial,)}).items.exists()


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


def test_the_plan_tells_what_changes(order, riitta, raimo):
    assert only(plan()).changes == []


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


def test_reviewers_are_told_of_a_plan(order, riitta, raimo):
    made = plan()
    orders.drain()
    told = {one.to[0] for one in mail.outbox}
    assert told == {riitta.email, raimo.email}
    assert all(f"/console/replacements/{made.pk}/" in one.body for one in mail.outbox)


def test_an_empty_plan_is_nobody_s_to_approve(order, riitta):
    made = plan(issuing_ca="sote-rsa-1")
    assert made.digest == ""
    with pytest.raises(PlanOver):
        approve(made, riitta)


def command(*arguments):
    out = StringIO()
    call_command("reissue", *arguments, stdout=out)
    return out.getvalue()


def test_the_operator_s_way(order, riitta, raimo, tmp_path):
    serials = tmp_path / "serials.txt"
    serials.write_text(f"# broken\n{certificate_of(order).serial.lower()}\n")
    chosen = ("--serials", str(serials))
    why = ("--cause", "profile", "--note", "KU puuttui")
    assert "1 certificates" in command("plan", *chosen, *why, "--dry-run")
    assert not Replacement.objects.exists()
    said = command("plan", *chosen, *why)
    made = Replacement.objects.get()
    assert f"plan {made.pk}" in said
    assert "approvals  0 of 2" in said
    with pytest.raises(CommandError, match="2 reviewers"):
        command("run", str(made.pk))
    approve(made, riitta, raimo)
    assert "handed over: 1, refused: 0" in command("run", str(made.pk))
    orders.drain()
    assert "issued 1" in command("show", str(made.pk))
    assert "issued 1" in command("show")
    assert "handed over" not in command("run", str(made.pk))
    with pytest.raises(CommandError, match="day"):
        command("revoke", str(made.pk))


def test_the_operator_s_mistakes_are_told(order, tmp_path):
    why = ("--cause", "profile", "--note", "x")
    with pytest.raises(CommandError, match="say which"):
        command("plan", *why)
    unknown = tmp_path / "serials.txt"
    unknown.write_text("0102\n")
    with pytest.raises(CommandError, match="no certificate has"):
        command("plan", "--serials", str(unknown), *why)
    with pytest.raises(CommandError, match="there is no plan 4711; show lists them"):
        command("run", "4711")
    with pytest.raises(CommandError, match="there is no plan 4711"):
        command("show", "4711")
    with pytest.raises(CommandError, match=r"nowhere\.txt cannot be read"):
        command("plan", "--serials", str(tmp_path / "nowhere.txt"), *why)


@pytest.mark.django_db
def test_without_a_plan_show_says_what_makes_one():
    assert command("show") == "There is no plan; reissue plan makes one.\n"

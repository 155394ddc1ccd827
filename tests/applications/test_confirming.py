"""The facts are looked at again before approval and before signing."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts.register.models import RegisterRecord
from applications import services
from applications.checks import still_true
from applications.models import Application, Csr
from applications.services.reviewer.may_act import FactsChanged
from applications.views.shared import history
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import change
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem
from issuance.keys.policy import spki_sha256
from issuance.models import Approval, Certificate, PreparedCertificate
from issuance.services.blocked_keys import block_key
from tests.issuance.csr.builder import rsa_key, rsa_key_with, spki_of
from tests.issuance.orders import make_csr
from tests.tables import rewrite


@pytest.fixture
def case(matti, riitta, cas) -> Application:
    """A case whose certificate stands prepared."""
    return orders.claimed(matti, riitta, "test_system_signature")


@pytest.fixture
def approved(case, riitta) -> Application:
    """The same, approved; the workers have not gone on yet."""
    orders.approve(riitta, case)
    return case


@pytest.fixture
def too_old(case, monkeypatch):
    """The mirror of the register has not been renewed for too long, until this is undone."""
    monkeypatch.setattr("accounts.register.lookup.queries.is_fresh", lambda *_args, **_more: False)
    return monkeypatch


def end_unit(now) -> None:
    """The register tells that the unit ended yesterday."""
    yesterday = clock.day(now) - timedelta(days=1)
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), valid_to=yesterday)


def rename_unit() -> None:
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), long_name="Helsingin uusi apteekki")


def test_nothing_is_signed_before_the_facts_are_confirmed(approved, settings):
    assert settings.OUTBOX_ROUTES["certificate.approved"] == [("applications.confirm", "default")]
    done = orders.drain()
    assert done.index("certificate.approved") < done.index("certificate.confirmed")
    assert done.index("certificate.confirmed") < done.index("certificate.issued")
    assert Certificate.objects.filter(reference=approved.pk).count() == 1


def test_a_unit_that_ended_is_not_approved_for(case, riitta, now):
    end_unit(now)
    with pytest.raises(FactsChanged, match=r"ended|päätty"):
        orders.approve(riitta, case)
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW


def test_new_names_are_not_approved_under_the_old_ones(case, riitta):
    rename_unit()
    with pytest.raises(FactsChanged):
        orders.approve(riitta, case)


def test_a_register_that_is_too_old_lets_nobody_approve(case, riitta, too_old):
    with pytest.raises(FactsChanged):
        orders.approve(riitta, case)


def test_a_decision_rests_on_what_was_looked_at_and_not_on_an_import_since(
    case, riitta, monkeypatch
):
    looked_at = RegisterRecord.objects.get(oid=orders.UNIT, known_to=None)
    look = still_true.look

    def look_before_an_import(*args, **more):
        seen = look(*args, **more)
        change(orders.UNIT, abbreviation="Uusi lyhenne")
        return seen

    monkeypatch.setattr(still_true, "look", look_before_an_import)
    orders.approve(riitta, case)
    assert Approval.objects.get().register_record == str(looked_at.pk)
    assert case.decisions.get().record == looked_at


def test_a_unit_that_ended_after_approval_brings_the_case_back(approved, riitta, now):
    end_unit(now)
    orders.drain()
    approved.refresh_from_db()
    assert approved.status == Status.IN_REVIEW
    assert approved.reviewer == riitta
    assert approved.findings[0]["rule"] == "order.register_ended"
    assert not Certificate.objects.exists()
    attempts = PreparedCertificate.objects.filter(reference=approved.pk).order_by("attempt")
    assert attempts[0].void_reason == "order.register_ended"
    told = [one for one in mail.outbox if one.to == ["riitta@example.fi"]]
    assert any(approved.number in one.subject and orders.UNIT in one.body for one in told)


def test_the_history_says_why(approved, now):
    end_unit(now)
    orders.drain()
    texts = [line.text for line in history.history(approved)]
    assert any("register" in text or "rekister" in text for text in texts)


def test_new_names_after_approval_are_prepared_and_approved_anew(approved, riitta):
    rename_unit()
    orders.drain()
    approved.refresh_from_db()
    assert approved.status == Status.IN_REVIEW
    prepared = orders.prepared(approved)
    assert "Helsingin uusi apteekki" in prepared.specimen.subject.rfc4514_string()
    orders.approve(riitta, approved)
    orders.drain()
    approved.refresh_from_db()
    assert approved.status == Status.DELIVERED


@pytest.mark.parametrize("type", ["test_server", "test_system_signature"])
def test_a_new_name_that_the_certificate_would_not_show_brings_the_case_back_too(
    matti, riitta, cas, type
):
    change(orders.UNIT, long_name="Łódź apteekki", abbreviation="Lodz apteekki")
    case = orders.claimed(matti, riitta, type)
    orders.approve(riitta, case)
    change(orders.UNIT, long_name="Gdańsk apteekki")
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    told = case.findings[0]
    assert told["rule"] == "order.names_changed"
    assert "Łódź apteekki" in told["params"]["before"]
    assert "Gdańsk apteekki" in told["params"]["after"]
    orders.approve(riitta, case)
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.DELIVERED


def test_a_unit_renamed_under_its_organisation_brings_a_server_s_case_back(kalle, riitta, cas):
    branch = "1.2.246.10.99000085.10.3"
    case = orders.claimed(kalle, riitta, "test_server", unit=branch)
    orders.approve(riitta, case)
    change(branch, long_name="Koivupiha Leppävaara")
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    assert case.findings[0]["params"] == {
        "before": "Koivupiha Espoo Tapiola",
        "after": "Koivupiha Leppävaara",
    }


def test_while_the_register_is_too_old_the_approved_order_waits(approved, riitta, too_old, now):
    item = OutboxItem.objects.get(topic="certificate.approved")
    orders.drain()
    approved.refresh_from_db()
    assert approved.status == Status.APPROVED
    assert approved.waiting_for == "register"
    case = people.log_in(Client(), riitta).get(f"/fi/console/{approved.pk}/").text
    assert "organisaatiorekisteri" in case.split("Lähde ei ole vastannut")[1][:80]
    too_old.undo()
    OutboxItem.objects.filter(pk=item.pk).update(due_at=now)
    orders.drain()
    approved.refresh_from_db()
    assert (approved.status, approved.waiting_for) == (Status.DELIVERED, "")


def test_an_old_confirmation_is_asked_for_again_before_anything_is_signed(approved, now):
    """The worker of the authority was away after the facts had been confirmed."""
    services.confirm(approved.pk, None, now=now - timedelta(hours=2))
    OutboxItem.objects.filter(topic="certificate.approved").update(done_at=now)
    end_unit(now)
    orders.drain()
    approved.refresh_from_db()
    assert approved.status == Status.IN_REVIEW
    assert not Certificate.objects.exists()


def test_an_old_confirmation_of_what_still_holds_is_only_a_detour(approved, now):
    services.confirm(approved.pk, None, now=now - timedelta(hours=2))
    OutboxItem.objects.filter(topic="certificate.approved").update(done_at=now)
    done = orders.drain()
    assert done.index("certificate.approved") < done.index("certificate.issued")
    assert Certificate.objects.filter(reference=approved.pk).count() == 1


def test_confirming_twice_makes_one_certificate(approved, now):
    services.confirm(approved.pk, None, now=now)
    orders.drain()
    assert Certificate.objects.filter(reference=approved.pk).count() == 1


def test_a_fault_told_after_signing_began_changes_nothing(approved, now):
    PreparedCertificate.objects.filter(reference=approved.pk).update(state="signing")
    end_unit(now)
    fault = still_true.fault(approved, now=now)
    assert fault is not None
    assert services.confirm(approved.pk, fault, now=now) is None
    approved.refresh_from_db()
    assert approved.status == Status.APPROVED


def test_a_key_blocked_with_the_usual_exponent_brings_the_case_back(case, now):
    unusual, usual = rsa_key_with(65539), spki_sha256(spki_of(rsa_key()))
    facts = {"der": make_csr(unusual), "spki_sha256": spki_sha256(spki_of(unusual))}
    rewrite(Csr.objects.filter(pk=case.csr_id), **facts)
    case.refresh_from_db()
    block_key(usual, "published", actor=system("test"), now=now)
    fault = still_true.look(case, now=now).fault
    assert fault is not None and fault.rule == "key.blocked"

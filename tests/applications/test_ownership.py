"""An organisation orders only for its own units, from sending to signing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.register.models import Kind, RegisterRecord
from applications import checks, services
from applications.checks import still_true, wording
from applications.models import Application
from applications.rules import sections, unit_ownership
from applications.rules.unit_ownership import OtherOwner
from applications.services.reviewer.may_act import FactsChanged
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import announce, change
from certportal.foundation import clock
from issuance.models import Certificate
from tests.conftest import CLINICS
from tests.tables import rewrite

RULE = "order.register_other_owner"
BRANCH = "1.2.246.10.99000018.10.1"


def sell(oid: str = "1.2.246.10.99000018.10", owner: str = CLINICS) -> None:
    """The register ties the units to another business ID from now on."""
    rewrite(RegisterRecord.objects.filter(oid__startswith=oid), business_id=owner)


def theirs() -> RegisterRecord:
    return RegisterRecord.objects.filter(business_id=CLINICS, known_to=None).first()


def test_nothing_is_sent_for_anothers_unit(matti):
    application = orders.with_csr(matti, unit=theirs().oid)
    with pytest.raises(OtherOwner, match=r"another organisation|toiselle"):
        orders.submit(matti, application)
    application.refresh_from_db()
    assert application.status == Status.DRAFT
    assert not application.submissions.exists()


def test_the_page_says_whose_it_is_and_lets_choose_again(matti):
    application = orders.with_csr(matti, unit=theirs().oid)
    web = people.log_in(Client(), matti)
    address = reverse("applications:check", args=[application.pk])
    sent = dict.fromkeys(orders.DECLARATIONS, "on") | {"version": application.version}
    page = web.post(address, sent, headers={"accept-language": "en"})
    assert reverse("applications:part", args=[application.pk, "unit"]) in page.text
    assert Application.objects.get().status == Status.DRAFT


def test_a_unit_whose_organisation_has_ended_is_not_certified(kalle, cas):
    application = orders.submitted(kalle, unit="1.2.246.10.99000085.10.3")
    change("1.2.246.10.99000085.10.0", status="DELETED")
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.INFO_REQUESTED
    finding = application.findings[0]
    assert finding["rule"] == "order.register_not_active"
    assert finding["params"] == {"oid": "1.2.246.10.99000085.10.0", "name": "Koivupiha Terveys Oy"}


def test_one_sold_meanwhile_comes_back_to_the_applicant_who_chooses_again(matti, cas):
    application = orders.submitted(matti)
    sell()
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.INFO_REQUESTED
    assert application.findings[0]["rule"] == RULE
    assert sections.editable(application, now=orders.clock.now()) == {"unit"}


def test_one_sold_before_the_decision_is_not_approved(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    sell()
    with pytest.raises(FactsChanged):
        orders.approve(riitta, case)


def test_one_sold_after_approval_is_not_signed_for(matti, riitta, cas, now):
    case = orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    sell()
    fault = still_true.fault(case, now=now)
    assert fault is not None and fault.rule == RULE
    worded = wording.word(fault)
    assert orders.UNIT in worded.text and worded.remedy
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    assert not Certificate.objects.exists()


def test_a_unit_under_the_providers_business_id_is_its_own(matti, cas, now):
    application = orders.submitted(matti, unit=BRANCH)
    sell(BRANCH, owner="")
    assert RULE not in [one.rule for one in checks.run(application, now=now).order_findings]


def test_the_business_id_an_organisation_had_before_does_not_count(pharmacy, now):
    record = RegisterRecord.objects.get(oid=orders.UNIT, known_to=None)
    assert unit_ownership.is_owned(pharmacy, record, now.date())
    pharmacy.business_ids.update(valid_to=now.date())
    assert not unit_ownership.is_owned(pharmacy, record, now.date())


def test_an_owner_to_come_does_not_count_before_the_day(pharmacy, now):
    sell(BRANCH, owner="")
    announce(orders.UNIT, business_id=CLINICS, now=now)
    branch, today = RegisterRecord.objects.get(oid=BRANCH), clock.day(now)
    assert unit_ownership.is_owned(pharmacy, branch, today)
    assert not unit_ownership.is_owned(pharmacy, branch, today + timedelta(days=1))


def test_an_intermediary_may_be_registered_by_its_business_id_alone(pharmacy, now):
    code, kind = pharmacy.business_id, Kind.INTERMEDIARY
    assert unit_ownership.is_owned(pharmacy, RegisterRecord(kind=kind, oid=code), now.date())
    assert not unit_ownership.is_owned(pharmacy, RegisterRecord(kind=kind, oid="1.2.3"), now.date())


def test_anothers_unit_can_be_exchanged_for_an_own_one(matti, cas):
    application = orders.submitted(matti, unit=BRANCH)
    sell(f"{BRANCH}")
    rewrite(RegisterRecord.objects.filter(oid=BRANCH), provider_oid="")
    orders.drain()
    values = {"record_kind": "sote_unit", "record_oid": orders.UNIT}
    seen = orders.Handler(matti, application).seen
    services.save_section(application.pk, "unit", values, **seen)
    orders.resubmit(matti, application)
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.IN_REVIEW

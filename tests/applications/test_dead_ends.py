"""An applicant who answers a question can always finish, whatever the answer entails."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.register.models import RegisterRecord
from applications import services
from applications.errors import Incomplete, NotPossible, NotStanding, UnfitCsr
from applications.models import Application
from applications.rules import sections as sections_rules
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.services.blocked_keys import block_key
from tests.remembered import remembering
from tests.tables import rewrite

PUBLIC, PRIVATE = RegisterRecord.Sector.PUBLIC, RegisterRecord.Sector.PRIVATE
BRANCH = "1.2.246.10.99000018.10.1"


@pytest.fixture
def save(matti):
    """Let Matti save a part of an order, which is then read anew."""

    def saved(application: Application, section: str, values: dict) -> None:
        seen = orders.Handler(matti, application).seen
        services.save_section(application.pk, section, values, **seen)
        application.refresh_from_db()

    return saved


@remembering
def asked(person, reviewer, type: str, *sections: str, **more) -> Application:
    """Return a case in which the reviewer has reopened these parts alone."""
    case = orders.claimed(person, reviewer, type, **more)
    seen = orders.Handler(reviewer, case).seen
    deadline = clock.day(seen["now"]) + timedelta(days=14)
    question = {"reason": "Korjaa.", "sections": list(sections), "deadline": deadline}
    services.request_info(case.pk, **question, person=reviewer, **seen)
    case.refresh_from_db()
    return case


def set_sector(oid: str, sector: int) -> None:
    rewrite(RegisterRecord.objects.filter(oid=oid), sector=sector)


def fill(save, case: Application, type: str) -> None:
    """Fill in whatever is missing but documents, which are attached."""
    filled = orders.sections(orders.CertificateType(type))
    for section in sections_rules.missing(case, on=clock.day(clock.now())):
        if section.id in filled:
            save(case, section.id, filled[section.id])


@pytest.mark.parametrize(
    ("before", "after", "opened"),
    [
        ("test_server", "test_system_signature", {"system", "validity"}),
        ("test_system_signature", "test_server", {"purpose", "host_names", "validity"}),
    ],
)
def test_another_type_opens_the_parts_it_asks_for(matti, riitta, cas, save, before, after, opened):
    case = asked(matti, riitta, before, "type")
    assert sections_rules.editable(case, now=clock.now()) == {"type", "unit"}
    save(case, "type", {"type": after})
    assert sections_rules.editable(case, now=clock.now()) == {"type", "unit"} | opened
    with pytest.raises(Incomplete):
        orders.resubmit(matti, case)
    fill(save, case, after)
    orders.resubmit(matti, case)
    assert case.status == Status.CHECKING


def test_the_page_leads_to_every_part_that_is_missing(matti, riitta, cas, save):
    case = asked(matti, riitta, "test_server", "type")
    save(case, "type", {"type": "test_system_signature"})
    web = people.log_in(Client(), matti)
    for section in sections_rules.missing(case, on=clock.day(clock.now())):
        page = web.get(reverse("applications:part", args=[case.pk, section.id]))
        assert page.status_code == 200


def test_a_private_unit_opens_the_certificate_of_conformity(matti, riitta, cas, save, stored):
    set_sector(orders.UNIT, PUBLIC)
    set_sector(BRANCH, PRIVATE)
    case = asked(matti, riitta, "system_signature", "unit")
    assert sections_rules.editable(case, now=clock.now()) == {"unit"}
    with pytest.raises(NotPossible):
        orders.attach_conformity(matti, case)
    save(case, "unit", {"record_kind": "sote_unit", "record_oid": BRANCH})
    assert sections_rules.editable(case, now=clock.now()) == {"unit", "conformity"}
    orders.attach_conformity(matti, case)
    orders.resubmit(matti, case)
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW


def test_another_type_lets_the_units_name_be_spelled(matti, riitta, cas, save):
    case = asked(matti, riitta, "test_server", "type")
    named = RegisterRecord.objects.filter(oid=orders.UNIT)
    rewrite(named, long_name="Łódź apteekki", abbreviation="")
    save(case, "type", {"type": "test_system_signature"})
    save(case, "unit", {"organisation_spelling": "Lódz", "unit_spelling": "Lódz"})
    assert case.unit_spelling == "Lódz"


def test_what_is_complete_and_not_reopened_stays_closed(matti, riitta, cas, save):
    case = asked(matti, riitta, "test_server", "contact")
    assert sections_rules.editable(case, now=clock.now()) == {"contact"}
    with pytest.raises(NotPossible):
        save(case, "purpose", {"purpose": "client"})


def test_a_unit_that_ended_meanwhile_can_be_changed_though_only_another_part_was_asked(
    matti, riitta, cas, save
):
    case = asked(matti, riitta, "test_server", "contact")
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), status="passive")
    # The branch goes on by itself: a unit whose provider has ended could not be ordered for either.
    rewrite(RegisterRecord.objects.filter(oid=BRANCH), provider_oid=BRANCH)
    with pytest.raises(NotStanding):
        orders.resubmit(matti, case)
    web = people.log_in(Client(), matti)
    assert web.get(reverse("applications:part", args=[case.pk, "unit"])).status_code == 200

    save(case, "unit", {"record_kind": "sote_unit", "record_oid": BRANCH})
    assert sections_rules.editable(case, now=clock.now()) == {"contact"}
    orders.resubmit(matti, case)
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW
    assert case.record_oid == BRANCH


def test_a_unit_sold_meanwhile_can_be_changed_too(matti, riitta, cas, save):
    case = asked(matti, riitta, "test_server", "contact")
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), business_id="9900008-5")
    assert sections_rules.editable(case, now=clock.now()) == {"contact", "unit"}


def test_a_request_whose_key_was_blocked_meanwhile_can_be_replaced(matti, riitta, cas, english):
    """The order cannot be sent again with it, whatever was asked."""
    case = asked(matti, riitta, "test_server", "contact")
    key = case.csr.spki_sha256
    block_key(key, "key_compromise", actor=system("test"), now=clock.now())
    with pytest.raises(UnfitCsr):
        orders.resubmit(matti, case)
    assert sections_rules.editable(case, now=clock.now()) == {"contact", "csr"}
    web = people.log_in(Client(), matti)
    page = web.get(reverse("applications:part", args=[case.pk, "csr"]))
    assert "Certificate request as a file" in page.text
    orders.upload(matti, case, orders.csr_of_order(90))
    orders.resubmit(matti, case)
    orders.drain()
    case.refresh_from_db()
    assert (case.status, case.csr.spki_sha256 == key) == (Status.IN_REVIEW, False)

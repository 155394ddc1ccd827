"""A Kanta intermediary orders in its own name."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Organisation
from accounts.register.lookup import queries
from accounts.register.models import Kind, RegisterRecord
from applications import services
from applications.errors import NotStanding
from applications.models import Application
from applications.rules import declarations, fields, sections
from applications.services.applicant.bulk_orders import Row
from applications.views.bulk import sheet
from applications.views.order.forms.technical_contact import OptionalTechnicalContactForm
from applications.workflow import Status
from certportal.dev.builders import bulk, orders, people, register
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from issuance.models import Approval, Certificate

NAME = "Esimerkki Kanta-välitys Oy"
OID = "1.2.246.10.99000229"


def filled(person, type: str) -> Application:
    """Return the intermediary's draft with everything but the unit, which nobody picks."""
    organisation = person.memberships.get(ended_at=None).organisation
    assert organisation.kind == Organisation.Kind.INTERMEDIARY
    application = orders.begin(person, type)
    for section, values in orders.sections(orders.CertificateType(type), OID).items():
        if section != "unit":
            seen = orders.Handler(person, application).seen
            services.save_section(application.pk, section, values, **seen)
    orders.upload(person, application, orders.openssl_csr())
    application.refresh_from_db()
    return application


@pytest.mark.parametrize("type", ["system_signature", "server"])
def test_its_own_name_stands_in_the_certificate_without_a_unit(valma, riitta, raimo, cas, type):
    application = filled(valma, type)
    assert sections.missing(application, on=clock.day(clock.now())) == []
    orders.submit(valma, application)
    orders.finish(valma, riitta, application)
    assert application.status == Status.IN_REVIEW  # an intermediary's first: two approve it
    orders.press_approve(raimo, application)
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.DELIVERED
    subject = Certificate.objects.get(reference=application.pk).certificate.subject
    assert f"O={NAME}" in subject.rfc4514_string()
    assert "OU=" not in subject.rfc4514_string()


def test_a_provider_s_first_order_as_an_intermediary_takes_two(matti, pharmacy, riitta, cas, now):
    """The pharmacy has a certificate for its unit, and is in the register of intermediaries too."""
    unit = orders.delivered(matti, riitta)
    own = RegisterRecord.objects.get(oid=OID, known_to=None)
    register.change(own.oid, Kind.INTERMEDIARY, business_id=pharmacy.business_id, now=now)
    application = orders.draft(matti)
    mediated = {"record_kind": Kind.INTERMEDIARY, "record_oid": OID}
    act(matti, services.save_section, application, "unit", mediated)
    orders.upload(matti, application, orders.csr_of_order(2))
    application.refresh_from_db()
    orders.submit(matti, application)
    orders.finish(matti, riitta, application)
    assert (unit.status, application.status) == (Status.DELIVERED, Status.IN_REVIEW)
    assert Approval.objects.filter(prepared__reference=application.pk).count() == 1


def test_no_certificate_of_conformity_is_asked(valma):
    asked = {
        one.id
        for one in sections.asked(filled(valma, "system_signature"), on=clock.day(clock.now()))
    }
    assert "conformity" not in asked


def test_it_declares_nothing_of_the_systems_that_providers_administer(valma):
    application = orders.begin(valma, "system_signature")
    assert declarations.asked(application) == ["authority", "truth", "binding"]


def test_the_system_writes_the_technical_contacts_organisation(valma):
    application = filled(valma, "system_signature")
    typed = {"technical_organisation": "Oma Firma Oy"}
    seen = orders.Handler(valma, application).seen
    application = services.save_section(application.pk, "technical", typed, **seen)
    assert application.technical_organisation == "Kanta-välittäjä"
    assert not sections.BY_ID["technical"].is_touched(orders.begin(valma, "server"))
    with translation.override("sv"):
        shown = fields.BY_KEY["technical_organisation"].in_words("Kanta-välittäjä")
    assert shown == "Kanta-förmedlare"
    form = OptionalTechnicalContactForm(application, typed, today=clock.day(clock.now()))
    assert form.fields["technical_organisation"].disabled
    orders.submit(valma, application)
    assert '"technical_organisation":"Kanta-välittäjä"' in application.submission.content


def test_nobody_else_can_type_it(matti):
    application = orders.draft(matti)
    values = {"technical_organisation": "Kanta-välittäjä"}
    seen = orders.Handler(matti, application).seen
    saved = services.save_section(application.pk, "technical", values, **seen)
    assert saved.technical_organisation == ""


def test_the_unit_page_shows_the_register_and_asks_nothing(valma):
    application = filled(valma, "system_signature")
    web = people.log_in(Client(), valma)
    page = web.get(reverse("applications:part", args=[application.pk, "unit"])).content.decode()
    assert NAME in page and OID in page
    assert "name=record" not in page


def test_an_order_goes_on_with_the_record_that_took_the_place_of_another(valma, now):
    """The list may give a record another OID while an order is being filled in."""
    application = filled(valma, "system_signature")
    mine = RegisterRecord.objects.filter(oid=OID)
    RegisterRecord.objects.create(**mine.values().get() | {"id": None, "oid": f"{OID}.10.7"})
    mine.update(known_to=now)
    web = people.log_in(Client(), valma)
    address = reverse("applications:part", args=[application.pk, "unit"])
    page = web.get(address)
    web.post(address, {"version": page.context["form"].initial["version"]})
    orders.submit(valma, application)
    assert application.submission.record.oid == f"{OID}.10.7"


def test_one_that_left_the_register_does_not_order(valma, now):
    application = filled(valma, "system_signature")
    RegisterRecord.objects.filter(oid=OID).update(known_to=now)
    with pytest.raises(NotStanding):
        orders.submit(valma, application)


@pytest.mark.parametrize("page", ["start", "eligibility"])
def test_the_public_pages_tell_suppliers_how_they_take_part(client, page, db):
    text = client.get("/en/" if page == "start" else "/en/eligibility/").content.decode()
    assert "register of Kanta intermediaries" in text
    assert "as the technical contact" in text


def test_an_intermediary_with_units_orders_many_in_its_own_name_too(valma, now):
    """The rows of its table are the orders that are made: no unit is offered and then replaced."""
    organisation = valma.memberships.get().organisation
    code = organisation.business_id
    register.change(orders.UNIT, business_id=code, now=now)
    assert [one.oid for one in queries.find_units(code, on=clock.day(now))] == [orders.UNIT]
    assert list(sheet.orderable(organisation, clock.day(now))) == [OID]
    web = people.log_in(Client(), valma)
    page = web.get(reverse("applications:order_many", args=["server"]))
    assert OID in page.text
    assert orders.UNIT not in page.text
    rows = {"act": "go", "rows": f"{orders.UNIT};;a.example.fi", "q": ""}
    page = web.post(reverse("applications:order_many", args=["server"]), rows)
    assert "ei ole organisaatiosi yksikkö" in page.text


def test_whoever_is_an_intermediary_too_orders_many_with_the_fixed_words(matti, pharmacy, now):
    own = RegisterRecord.objects.get(oid=OID, known_to=None)
    register.change(own.oid, Kind.INTERMEDIARY, business_id=pharmacy.business_id, now=now)
    rows = [
        Row({"record_kind": Kind.INTERMEDIARY, "record_oid": OID}, ["a.example.fi"]),
        *bulk.rows_for("b.example.fi"),
    ]
    given = bulk.COMMON | {"technical_organisation": "Apteekin IT Oy"}
    together = bulk.begun(matti, rows=rows, **given)
    written = together.orders.order_by("number").values_list("technical_organisation", flat=True)
    assert list(written) == ["Kanta-välittäjä", "Apteekin IT Oy"]

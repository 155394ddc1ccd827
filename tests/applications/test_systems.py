"""The information system of a system signature: its OID is the provider's own, its name not
another's.
"""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.register.identifiers import organisation_root
from applications import services
from applications.checks.wording import word_all
from applications.errors import Incomplete
from applications.models import Application
from applications.rules import sections, systems
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import change
from certportal.foundation import clock
from tests.remembered import remembering

PHARMACY = "1.2.246.10.99000018"
CLINIC = "1.2.246.10.99000085"
CLINIC_UNIT = f"{CLINIC}.10.0"
OUTSIDE = [CLINIC, f"{CLINIC}.12.1", f"{PHARMACY}1.12.1", "1.2.246.10", "1.2.246.556.12.1"]


def page_of(person, application) -> tuple[Client, str]:
    address = reverse("applications:part", args=[application.pk, "system"])
    return people.log_in(Client(), person), address


def name(person, application, **values) -> Application:
    """Save another system, past the form."""
    saved = {"system_name": application.system_name, "system_oid": application.system_oid} | values
    seen = orders.Handler(person, application).seen
    services.save_section(application.pk, "system", saved, **seen)
    application.refresh_from_db()
    return application


@remembering
def checked(person, type="system_signature", unit=orders.UNIT, **values) -> Application:
    """Return the order, with this system, as the workers leave it."""
    application = orders.with_csr(person, type, unit=unit)
    name(person, application, **values)
    orders.submit(person, application)
    orders.drain()
    application.refresh_from_db()
    return application


def said(application) -> dict[str, dict]:
    """Return the findings about the system, by rule."""
    found = {one["rule"]: one for one in application.findings}
    return {rule: one for rule, one in found.items() if rule.startswith("order.system")}


@pytest.mark.parametrize("begun", ["(Omni)", "-Apteekki", "'Lab'", "*"])
def test_a_name_begins_as_the_authority_certifies_it(matti, english, begun):
    """Otherwise it would refuse the order only when a reviewer has taken the case."""
    application = orders.draft(matti, "test_system_signature")
    client, address = page_of(matti, application)
    given = {"version": application.version, "system_oid": application.system_oid}
    page = client.post(address, given | {"system_name": begun})
    assert "Begin the name with a letter or a digit" in page.text


@pytest.mark.parametrize("begun", ["(Omni)", "Omni €"])
def test_a_name_of_an_earlier_draft_that_the_authority_refuses_is_asked_again(matti, begun):
    """Saved before the form refused it, or copied from such an order."""
    application = orders.with_csr(matti, "system_signature")
    name(matti, application, system_name=begun)
    with pytest.raises(Incomplete) as refused:
        orders.submit(matti, application)
    assert refused.value.sections == ["system"]
    name(matti, application, system_name="Omni")
    orders.submit(matti, application)
    Application.objects.filter(pk=application.pk).update(system_name=begun)
    orders.drain()
    application.refresh_from_db()
    assert said(application)["order.system_name"]["params"]["value"] == begun
    assert application.question.fields == ["system"]


def test_a_name_copied_from_a_pdf_is_written_with_composed_letters(matti):
    """As the authority certifies it; a and a mark look the same."""
    application = orders.draft(matti, "test_system_signature")
    client, address = page_of(matti, application)
    given = {"version": application.version, "system_oid": application.system_oid}
    client.post(address, given | {"system_name": "Ja\u0308rjestelma\u0308"})
    application.refresh_from_db()
    assert application.system_name == "J\u00e4rjestelm\u00e4"


@pytest.mark.parametrize(
    ("identifier", "root"),
    [
        ("1.2.246.10.99000018.10.0", PHARMACY),
        ("1.2.246.10.99000018.10.10.0", PHARMACY),
        ("1.2.246.10.99000229", "1.2.246.10.99000229"),
        ("1.2.246.10.10000549.10.0", "1.2.246.10.10000549"),
        ("9900022-9", "1.2.246.10.99000229"),
        ("0828618-9", "1.2.246.10.8286189"),
        ("1.2.246.556.10.1", "1.2.246.556"),
        ("1.2.246.556", "1.2.246.556"),
        ("", ""),
    ],
)
def test_the_root_is_what_stands_before_the_nodes_of_the_organisation(identifier, root):
    assert organisation_root(identifier) == root


@pytest.mark.parametrize("type", ["system_signature", "test_system_signature"])
def test_matti_finds_the_pharmacys_root_filled_in(matti, type):
    web, address = page_of(matti, orders.begin(matti, type))
    assert web.get(address).context["form"]["system_oid"].value() == PHARMACY


def test_valma_finds_the_intermediarys_root_filled_in(valma):
    web, address = page_of(valma, orders.begin(valma, "system_signature"))
    assert web.get(address).context["form"]["system_oid"].value() == "1.2.246.10.99000229"


def test_what_matti_saved_is_not_filled_in_anew(matti):
    web, address = page_of(matti, orders.draft(matti, "system_signature"))
    assert web.get(address).context["form"]["system_oid"].value() == f"{PHARMACY}.12.1"


@pytest.mark.parametrize("oid", OUTSIDE)
def test_the_form_refuses_anothers_oid_names_the_own_root_and_keeps_the_answer(matti, oid):
    application = orders.draft(matti, "system_signature")
    web, address = page_of(matti, application)
    given = {"version": application.version, "system_name": "Kanta", "system_oid": oid}
    page = web.post(address, given)
    assert f"”{oid}” ei ole organisaatiosi oman OID-juuren alla" in page.text
    assert f"alussa on {PHARMACY}." in page.text
    assert page.context["form"]["system_oid"].value() == oid
    application.refresh_from_db()
    assert application.system_oid == f"{PHARMACY}.12.1"


@pytest.mark.parametrize("oid", [PHARMACY, f"{PHARMACY}.12.7", f"{PHARMACY}.12.7.1"])
def test_the_form_takes_the_own_root_and_what_lies_under_it(matti, oid):
    application = orders.draft(matti, "system_signature")
    web, address = page_of(matti, application)
    given = {"version": application.version, "system_name": "Kanta", "system_oid": oid}
    assert web.post(address, given).status_code == 302


@pytest.mark.parametrize("oid", OUTSIDE)
def test_anothers_oid_is_not_sent(matti, oid):
    application = name(matti, orders.with_csr(matti, "system_signature"), system_oid=oid)
    with pytest.raises(systems.ForeignOid):
        orders.submit(matti, application)
    application.refresh_from_db()
    assert application.status == Status.DRAFT


def test_the_page_that_sends_says_why_and_leads_to_the_system(matti):
    application = orders.with_csr(matti, "system_signature")
    name(matti, application, system_oid=f"{CLINIC}.12.1")
    address = reverse("applications:check", args=[application.pk])
    sent = dict.fromkeys(orders.DECLARATIONS, "on") | {"version": application.version}
    page = people.log_in(Client(), matti).post(address, sent)
    assert page.status_code == 400
    assert "Vaihda tietojärjestelmän OID" in page.text
    assert reverse("applications:part", args=[application.pk, "system"]) in page.text


def test_a_unit_that_passed_to_another_root_meanwhile_comes_back_to_matti(matti, cas):
    application = orders.submitted(matti, "system_signature")
    change(orders.UNIT, provider_oid=f"{CLINIC}.10.0")
    orders.drain()
    application.refresh_from_db()
    assert application.status == Status.INFO_REQUESTED
    params = {"value": f"{PHARMACY}.12.1", "root": CLINIC}
    assert said(application)["order.system_oid_outside"]["params"] == params
    assert sections.editable(application, now=clock.now()) == {"system"}
    with pytest.raises(systems.ForeignOid):
        orders.resubmit(matti, application)
    name(matti, application, system_oid=f"{CLINIC}.12.1")
    orders.resubmit(matti, application)


def test_riitta_is_told_when_the_oid_is_certified_for_another_account(matti, kalle, riitta, cas):
    theirs = orders.delivered(kalle, riitta, "system_signature", unit=CLINIC_UNIT)
    Application.objects.filter(pk=theirs.pk).update(system_oid=f"{PHARMACY}.12.1")
    application = checked(matti)
    found = said(application)["order.system_oid_elsewhere"]
    assert (application.status, found["severity"]) == (Status.IN_REVIEW, "warning")
    assert found["params"]["organisation"] == "Koivupiha Terveys Oy"
    assert found["params"]["order"] == theirs.number


def test_nothing_is_said_of_the_own_earlier_certificate(matti, riitta, cas):
    orders.delivered(matti, riitta, "system_signature")
    assert said(checked(matti)) == {}


def test_nothing_is_said_of_anothers_order_without_a_certificate(matti, kalle, cas):
    orders.in_review(kalle, "test_system_signature", unit=CLINIC_UNIT)
    assert said(checked(matti, "test_system_signature")) == {}


def test_riitta_is_told_when_the_certificate_of_conformity_names_another_system(matti, cas):
    found = said(checked(matti, system_name="Kanta-palvelut"))["order.system_name_otherwise"]
    assert found["severity"] == "warning"
    assert found["params"] == {"value": "Kanta-palvelut", "proven": "Apteekki Plus"}


@pytest.mark.parametrize("written", ["APTEEKKI-PLUS", "Ápteekki plus", "ApteekkiPlus"])
def test_case_accents_and_punctuation_make_no_other_name(matti, cas, written):
    assert said(checked(matti, system_name=written)) == {}


@pytest.mark.parametrize("written", ["Koivupiha Terveys Oy", "KOIVUPIHA-TERVEYS, OY"])
def test_riitta_is_told_when_the_register_has_the_name_for_another(matti, cas, written):
    found = said(checked(matti, "test_system_signature", system_name=written))
    assert found["order.system_name_in_register"]["severity"] == "warning"
    assert found["order.system_name_in_register"]["params"]["oid"] == CLINIC_UNIT


def test_the_pharmacys_own_name_is_its_own(matti, cas):
    own = "Helsingin VI apteekki"
    assert said(checked(matti, "test_system_signature", system_name=own)) == {}


def test_riitta_is_told_of_a_name_that_another_account_has(matti, kalle, riitta, cas):
    orders.delivered(kalle, riitta, "test_system_signature", unit=CLINIC_UNIT)
    found = said(checked(matti, "test_system_signature", system_name="apteekki-plus"))
    params = found["order.system_name_elsewhere"]["params"]
    assert found["order.system_name_elsewhere"]["severity"] == "warning"
    assert (params["name"], params["organisation"]) == ("Apteekki Plus", "Koivupiha Terveys Oy")


def test_a_product_that_the_certificate_of_conformity_names_is_only_remarked(
    matti, kalle, riitta, cas
):
    orders.delivered(kalle, riitta, "test_system_signature", unit=CLINIC_UNIT)
    assert said(checked(matti))["order.system_name_elsewhere"]["severity"] == "info"


def test_what_riitta_is_told_stands_on_the_case_in_her_language(matti, riitta, cas):
    application = checked(matti, system_name="Kanta-palvelut")
    heading = "Järjestelmällä on vaatimuksenmukaisuustodistuksessa toinen nimi"
    case = people.log_in(Client(), riitta).get(reverse("console:case", args=[application.pk]))
    assert heading in case.text.replace("\u00ad", "")
    order = people.log_in(Client(), matti).get(reverse("applications:order", args=[application.pk]))
    assert heading not in order.text.replace("\u00ad", "")
    with translation.override("sv"):
        titles = [words.title for _finding, words in word_all(application.findings)]
    assert "Systemet har ett annat namn i intyget om överensstämmelse" in titles

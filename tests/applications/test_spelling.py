"""A name that certificates cannot carry is spelled by the applicant, and compared."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.register.models import RegisterRecord
from applications import checks, services
from applications.checks import wording
from applications.checks.order_names import check as checked
from applications.rules.certificate_names import is_faithful, names, unwritten
from certportal.dev.builders import orders, people
from issuance.findings import Finding, Severity
from tests.applications.long_names import LONG
from tests.tables import rewrite

WRITTEN = {"record_kind": "sote_unit", "record_oid": orders.UNIT}


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("Łódź apteekki", "Lódz apteekki"),
        ("Šemeikan lääkäriasema Oy", "Semeikan lääkäriasema Oy"),
        ("Šemeikan lääkäriasema Oy", "Shemeikan lääkäriasema Oy"),
        ("Hoivakoti Ωmega Oy", "Hoivakoti Omega Oy"),
        ("Hoivakoti “Onni” Oy", "Hoivakoti Onni Oy"),
        ("Hoivakoti – Onni", "Hoivakoti - Onni"),
        ("Hoiva € Oy", "Hoiva EUR Oy"),
        ('"Onni" Oy', "Onni Oy"),
        ('("Onni") Oy', "Onni Oy"),
        ("(Onni) Oy", "Onni Oy"),
        ("(Onni) Oy (Hämeen yksikkö)", "Onni Oy (Hämeen yksikkö)"),
        ("Ha\u0308meen hoiva Œ", "Hämeen hoiva OE"),
        (LONG, "Järvi-Suomen hyvinvointialueen vammaispalvelujen asumisen tuen"),
        (LONG.replace("alueen", "alueeŋ"), "Järvi-Suomen hyvinvointialueeng vammaispalvelujen"),
    ],
)
def test_the_same_name_without_the_foreign_characters_is_faithful(name, spelling):
    assert is_faithful(name, spelling)


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("Łódź apteekki", "Helsingin yliopistollinen sairaala"),
        ("Łódź apteekki", "Lodz apteekki"),
        ("Łódź apteekki", "Lódz apteekki Oy"),
        ("Łódź apteekki", "Lódz"),
        ("Łódź apteekki", "ódz apteekki"),
        ("Łódź apteekki", "Lubkódz apteekki"),
        ("Hoivakoti “Onni” Oy", "Hoivakoti ja Onni Oy"),
        ("Hoivakoti Ωmega (1) Oy", "Hoivakoti Omega 11 Oy"),
        (LONG, "Järvi-Suomen hyvinvointialueen vammaispalv"),
    ],
)
def test_a_spelling_that_differs_elsewhere_is_not(name, spelling):
    assert not is_faithful(name, spelling)


@pytest.fixture
def found(matti, cas, now):
    """Send an order for Łódź apteekki under a spelling; return what the checks find."""

    def send(spelling: str) -> list[Finding]:
        application = orders.with_csr(matti)
        named = RegisterRecord.objects.filter(oid=orders.UNIT)
        rewrite(named, long_name="Łódź apteekki", abbreviation="")
        values = WRITTEN | {"organisation_spelling": spelling, "unit_spelling": spelling}
        seen = orders.Handler(matti, application).seen
        services.save_section(application.pk, "unit", values, **seen)
        orders.submit(matti, application)
        return checks.run(application, now=now).order_findings

    return send


def test_the_reviewer_is_warned_of_a_name_written_quite_otherwise(found):
    warned = [one for one in found("Toinen apteekki") if one.severity is Severity.WARNING]
    assert {one.rule for one in warned} == {"order.name_otherwise"}
    assert {one.params["attribute"] for one in warned} == {"O"}
    worded = wording.word(warned[0])
    assert "Łódź apteekki" in worded.text and "Toinen apteekki" in worded.text


def test_a_faithful_spelling_is_only_told(found):
    assert {one.rule for one in found("Lódz apteekki")} == {"order.name_written"}


def test_a_name_that_does_not_begin_with_a_letter_or_a_digit_is_spelled_too(matti, cas, now):
    """No certificate can carry it, and no shortening of it, from which a reviewer could choose."""
    application = orders.with_csr(matti)
    named = RegisterRecord.objects.filter(oid=orders.UNIT)
    rewrite(named, long_name='"Onni" Oy', abbreviation="")
    assert unwritten(application, now) == ['"Onni" Oy']
    (fault,) = checked(application, now=now)
    assert (fault.rule, fault.severity) == ("order.characters", Severity.ERROR)
    page = people.log_in(Client(), matti).get(
        reverse("applications:part", args=[application.pk, "unit"])
    )
    assert "&quot;Onni&quot; Oy" in page.text
    values = WRITTEN | {"organisation_spelling": "Onni Oy"}
    seen = orders.Handler(matti, application).seen
    services.save_section(application.pk, "unit", values, **seen)
    application.refresh_from_db()
    assert names(application, now=now).organisation.value == "Onni Oy"
    assert {one.rule for one in checked(application, now=now)} == {"order.name_written"}

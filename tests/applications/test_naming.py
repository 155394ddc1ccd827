"""How the register's names come into the certificate."""

from datetime import timedelta

import pytest

from applications.rules.certificate_names import certificate_name, fits, names, shortenings
from applications.services import save_section
from certportal.dev.builders import orders
from certportal.dev.builders.register import announce
from tests.applications.long_names import LONG


def test_a_long_name_of_the_set_is_carried_whole():
    name = certificate_name("Helsingin VI apteekki", "Hki VI apteekki", "")
    assert (name.value, name.origin) == ("Helsingin VI apteekki", "long_name")


def test_a_name_of_more_than_64_characters_gives_way_to_the_abbreviation():
    name = certificate_name(LONG, "Järvi-Suomen hva, vammaispalvelut", "")
    assert (name.value, name.origin) == ("Järvi-Suomen hva, vammaispalvelut", "abbreviation")


def test_without_an_abbreviation_a_person_picks_a_shortening_at_a_word():
    name = certificate_name(LONG, " ", "")
    assert (name.value, name.origin) == ("", "open")
    assert name.shortenings
    assert all(LONG.startswith(short) and len(short) <= 64 for short in name.shortenings)
    assert all(LONG[len(short)] in " ,;:-–" for short in name.shortenings)


def test_what_the_person_picked_is_carried():
    name = certificate_name(LONG, "", shortenings(LONG)[0])
    assert (name.value, name.origin) == (shortenings(LONG)[0], "spelling")


@pytest.mark.parametrize("name", ["Šemeikan lääkäriasema Oy", "Hoivakoti Ωmega Oy"])
def test_characters_outside_the_set_are_never_replaced_silently(name):
    found = certificate_name(name, name, "")
    assert found.value == ""
    assert found.foreign


@pytest.mark.parametrize("name", ["Åbo & Päijät-Häme Öljy", "x" * 64])
def test_letters_of_finnish_and_swedish_fit(name):
    assert fits(name)


@pytest.mark.parametrize("name", ["x" * 65, ": Sairaala", " Sairaala", "Sairaala  A", ""])
def test_what_certificates_elsewhere_got_wrong_does_not_fit(name):
    assert not fits(name)


def test_o_is_the_provider_and_ou_the_unit(matti, now):
    application = orders.draft(matti, "system_signature")
    unit = {"record_kind": "sote_unit", "record_oid": "1.2.246.10.99000018.10.1"}
    save_section(application.pk, "unit", unit, **orders.Handler(matti, application).seen)
    application.refresh_from_db()
    found = names(application, now=now)
    assert found.organisation.value == "Helsingin VI apteekki"
    assert found.unit.value == "Helsingin VI apteekki, Sörnäisten sivuapteekki"
    assert found.locality == "Helsinki"


def test_a_name_that_the_organisation_will_have_is_not_its_name_today(matti, now):
    application = orders.draft(matti, "system_signature")
    unit = {"record_kind": "sote_unit", "record_oid": "1.2.246.10.99000018.10.1"}
    save_section(application.pk, "unit", unit, **orders.Handler(matti, application).seen)
    application.refresh_from_db()
    announce(orders.UNIT, long_name="Helsingin uusi apteekki", now=now)
    assert names(application, now=now).organisation.value == "Helsingin VI apteekki"
    tomorrow = names(application, now=now + timedelta(days=1))
    assert tomorrow.organisation.value == "Helsingin uusi apteekki"

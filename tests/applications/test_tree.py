"""The units of a provider, level by level, and what may be ordered for each."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.register.models import Kind, RegisterRecord
from applications.models import Application
from applications.rules import units as units_rules
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import change
from certportal.foundation import clock

PROVIDER = "1.2.246.10.99000093.10.0"
ENDED = "1.2.246.10.99000093.10.900"


@pytest.fixture
def heli(sample, now):
    """The administrator of a wellbeing services county."""
    return people.make_founder("Heli Hallinto", "9900009-3", now=now)


@pytest.fixture
def web(heli):
    """Her browser."""
    with translation.override("en"):
        yield people.log_in(Client(), heli)


def top(person):
    organisation = person.memberships.get(ended_at=None).organisation
    return units_rules.units_of(organisation, on=clock.day(clock.now()))


def record(number, parent=""):
    return RegisterRecord(oid=f"1.{number}", parent_oid=parent and f"1.{parent}", status="ACTIVE")


def walk(units):
    for unit in units:
        yield unit
        yield from walk(unit.units)


def count(units):
    return len(list(walk(units)))


def test_every_unit_of_the_register_stands_in_the_tree_once(heli):
    in_register = RegisterRecord.objects.filter(business_id="9900009-3", known_to=None)
    assert count(top(heli)) == in_register.values("oid").distinct().count()
    assert units_rules.find(top(heli), PROVIDER).units


def test_what_hangs_nowhere_or_in_a_circle_is_not_lost():
    given = [record(1), record(2, 1), record(3, 2), record(4, 9), record(5, 6), record(6, 5)]
    found = units_rules.arrange([*given, record(7, 7)], clock.day(clock.now()))
    assert [unit.record.oid for unit in found] == ["1.1", "1.4", "1.5", "1.6", "1.7"]
    deepest = units_rules.find(found, "1.3")
    assert [unit.record.oid for unit in deepest.above] == ["1.1", "1.2"]


def test_nothing_is_ordered_for_a_unit_that_does_not_stand(heli, web):
    ended = units_rules.find(top(heli), ENDED)
    assert ended.types == []
    page = web.get(reverse("applications:units"), {"under": ENDED}).text
    assert "Nothing can be ordered for this unit" in page
    assert f"?unit={ENDED}" not in page


def test_nothing_is_ordered_for_units_of_an_organisation_that_does_not_stand(heli, web):
    change(PROVIDER, status="DELETED")
    unit = next(one for one in walk(top(heli)) if one.standing)
    assert unit.types == []
    page = web.get(reverse("applications:units"), {"under": unit.record.oid}).text
    assert "its organisation is not in force" in page
    draft = orders.begin(heli)
    page = web.get(reverse("applications:part", args=[draft.pk, "unit"])).text
    assert "No unit in the register can be ordered for" in page


def test_private_units_need_the_certificate_of_conformity(heli, kalle):
    assert not units_rules.find(top(heli), PROVIDER).needs_conformity
    assert all(unit.needs_conformity for unit in top(kalle))


def test_an_order_begins_for_the_unit(heli, web):
    page = web.get(reverse("applications:units"), {"under": PROVIDER}).text
    address = f"{reverse('applications:new')}?unit={PROVIDER}"
    assert address in page
    assert web.post(address, {"type": "server"}).status_code == 302
    order = Application.objects.get()
    assert (order.record_kind, order.record_oid) == (Kind.SOTE_UNIT, PROVIDER)


@pytest.mark.parametrize("unit", [ENDED, "1.2.246.10.99000018.10.0", "1.2.3"])
def test_no_order_begins_for_an_ended_or_foreign_unit(web, unit):
    answer = web.post(f"{reverse('applications:new')}?unit={unit}", {"type": "server"})
    assert "applications/not_standing.html" in {one.name for one in answer.templates}
    assert not Application.objects.exists()


def test_another_organisation_s_unit_is_not_in_the_tree(web):
    place = reverse("applications:units")
    assert web.get(place, {"under": "1.2.246.10.99000018.10.0"}).status_code == 404


def test_an_intermediary_has_its_own_record(valma):
    (own,) = top(valma)
    assert own.record.kind == Kind.INTERMEDIARY
    client = people.log_in(Client(), valma)
    address = f"{reverse('applications:new')}?unit={own.record.oid}"
    assert address in client.get(reverse("applications:units")).text
    assert client.post(address, {"type": "server"}).status_code == 302
    assert Application.objects.get().record_oid == own.record.oid

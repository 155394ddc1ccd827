"""The pages about the registers in a browser, in three languages and two widths."""

import pytest

from accounts.register import conf
from accounts.register.mirror import imports
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind, RegisterRun
from applications import services
from applications.models.register_task import RegisterTask
from applications.rules.domain_record import Look, Outcome
from certportal.dev.builders import orders, people
from certportal.dev.builders.register import change, row
from certportal.foundation import clock
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press

pytestmark = pytest.mark.django_db(transaction=True)


def test_changes_in_the_registers(go, matti, riitta, cas):
    check_in_turn(go("console:register", who=riitta))
    order = orders.delivered(matti, riitta, "test_server")
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    task = RegisterTask.objects.get()
    check_in_turn(go("console:register", who=riitta))
    page = go("console:register_task", task.pk, who=riitta)
    check_in_turn(page)
    page.locator("[name=reasons]").fill("")
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.locator("[name=reasons]").fill("Nimi on muuttunut.")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    check_in_turn(go("console:register", who=riitta, query="?decided"))
    check_in_turn(go("applications:order", order.pk, who=matti))
    check_in_turn(go("console:case", order.pk, who=riitta))
    page = go("console:record", "sote_unit", orders.UNIT, who=riitta)
    check_in_turn(page)
    page.locator("main form button").click()
    page.wait_for_selector("main [role=status] dl")
    check_in_turn(page)


def test_imports_of_the_registers(go, riitta, sample, settings):
    settings.REGISTER = conf.DEFAULTS | {"MAX_ENDED": 2}
    imports.import_rows(Kind.SOTE_UNIT, [row(orders.UNIT)], Source("test"), now=clock.now())
    check_in_turn(go("console:register_runs", who=riitta))
    held = RegisterRun.objects.get(outcome=RegisterRun.Outcome.HELD)
    page = go("console:register_run", held.pk, who=riitta)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.locator("[name=reason]").fill("THL vahvisti.")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)


def test_succession(go, matti, kalle, riitta):
    check_in_turn(go("console:succession", who=riitta))
    page = go("console:succession", who=riitta, query="?former=1&successor=9900008-5")
    check_in_turn(page)
    page = go("console:succession", who=riitta, query="?former=9900001-8&successor=9900008-5")
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    page.locator("[name=reason]").fill("Fuusio.")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)


def test_search_of_the_register(go, sample):
    check_in_turn(go("register"))
    check_in_turn(go("register", query="?q=apteekki"))
    check_in_turn(go("register", query="?q=xyzzyx"))
    page = go("register")
    field = page.get_by_role("combobox")
    field.press_sequentially("hels apt", delay=10)
    page.wait_for_selector("[role=option]")
    assert field.get_attribute("aria-expanded") == "true"
    assert page.locator("[aria-live=polite]").inner_text()[0].isdigit()
    field.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert chosen.count() == 1
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    check_in_turn(page)
    field.press("Escape")
    assert field.get_attribute("aria-expanded") == "false"
    field.press("ArrowDown")
    page.wait_for_selector("[role=option]")
    field.press("ArrowDown")
    oid = page.locator("[role=option][aria-selected=true]").get_attribute("data-value")
    field.press("Enter")
    page.wait_for_url("**/register/?q=*")
    assert page.locator("tbody tr").count() == 1
    assert oid in page.locator("tbody").inner_text()


def test_the_unit_of_an_order_is_found_by_typing_and_chosen_with_the_keyboard(go, sample, now):
    head = people.make_founder("Heli Hallinto", "9900009-3", now=now)
    order = orders.begin(head)
    page = go("applications:part", order.pk, "unit", who=head)
    field = page.get_by_role("combobox")
    field.press_sequentially("apuväl", delay=10)
    page.wait_for_selector("[role=option]")
    assert page.locator("[role=option]").count() == 1
    field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url("**q=1.2.246*")
    assert page.locator("input[name=record]:checked").count() == 1
    press(page)
    page.wait_for_url("**/names/*")
    order.refresh_from_db()
    assert order.record_oid == "1.2.246.10.99000093.10.501"


def test_the_units_of_an_organisation(go, sample, now):
    head = people.make_founder("Heli Hallinto", "9900009-3", now=now)
    check_in_turn(go("applications:units", who=head))
    unit = "?under=1.2.246.10.99000093.10.900"
    check_in_turn(go("applications:units", who=head, query=unit))


def test_the_domains_of_an_organisation(go, matti, settings):
    settings.DOMAIN_CONTROL = {"issuer": "dvv.fi", "resolvers": [("127.0.0.1", 9)], "days": 200}
    page = go("applications:domains", who=matti)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.locator("[name=name]").last.fill("erecept.example.fi")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    organisation = matti.memberships.get().organisation
    outcomes = list(Outcome)
    for nth, outcome in enumerate(outcomes):
        place = "example.fi" if outcome is Outcome.PROVEN else ""
        found = Look(outcome, place, "dvv.fi; account=0", is_secure=True)
        services.store_lookup(organisation.pk, f"h{nth}.example.fi", found, now=clock.now())
    check_in_turn(go("applications:domains", who=matti))

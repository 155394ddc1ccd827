"""The pages about the registers in a browser, in three languages and two widths."""

import pytest

from applications.changes.models import RegisterTask
from tests.accessibility import check_both_widths
from tests.accessible.conftest import press
from tests.applications import orders
from tests.applications.register.changing import change

pytestmark = pytest.mark.django_db(transaction=True)


def test_changes_in_the_registers(go, matti, riitta, cas):
    check_both_widths(go("console:register", who=riitta))
    order = orders.delivered(matti, riitta, "test_server")
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    orders.drain()
    task = RegisterTask.objects.get()
    check_both_widths(go("console:register", who=riitta))
    page = go("console:register_task", task.pk, who=riitta)
    check_both_widths(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_both_widths(page)
    page.locator("[name=reasons]").fill("Nimi on muuttunut.")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_both_widths(page)
    check_both_widths(go("console:register", who=riitta, query="?decided"))
    check_both_widths(go("applications:certificate", order.pk, who=matti))
    check_both_widths(go("console:case", order.pk, who=riitta))
    page = go("console:record", "sote_unit", orders.UNIT, who=riitta)
    check_both_widths(page)
    page.locator("main form button").click()
    page.wait_for_selector("main [role=status] dl")
    check_both_widths(page)

"""The pages about mails that did not go, in a browser, in three languages and two widths."""

import pytest

from certportal.dev.builders import orders
from certportal.foundation.models import OutboxItem
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press
from tests.applications.console.undelivered import refuse_mails

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_list_and_one_of_it(go, matti, riitta, monkeypatch):
    check_in_turn(go("console:undelivered", who=riitta))
    refuse_mails(monkeypatch)
    orders.submitted(matti)
    orders.drain()
    check_in_turn(go("console:undelivered", who=riitta))
    check_in_turn(go("console:queue", who=riitta))
    item = OutboxItem.objects.exclude(failed_at=None).get(payload__notice="receipt")
    page = go("console:undelivered_one", item.pk, who=riitta)
    check_in_turn(page)
    address, reason = page.locator("[name=address]"), page.locator("[name=reason]")
    assert (address.is_visible(), reason.is_visible()) == (False, False)
    page.locator("[name=act][value=give_up]").check()
    assert (address.is_visible(), reason.is_visible()) == (False, True)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.locator("[name=reason]").fill("Kerrottu puhelimessa.")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)

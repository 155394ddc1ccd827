"""The library of reasons and the intake of revocations in a browser, in three languages."""

import pytest

from applications.models import ReadyReason
from certportal.dev.builders import orders
from tests.accessibility import check_in_turn
from tests.accessible.conftest import press

pytestmark = pytest.mark.django_db(transaction=True)


def test_listed_shown_and_written(go, riitta):
    check_in_turn(go("console:ready_reasons", who=riitta))
    check_in_turn(go("console:ready_reason", ReadyReason.objects.all()[0].pk, who=riitta))
    page = go("console:new_ready_reason", who=riitta)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)


def test_a_revocation_asked_for_by_phone(go, matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    page = go("console:revocation_report", order.pk, who=riitta)
    check_in_turn(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_in_turn(page)
    page.check("[name=channel][value=phone]")
    page.check("[name=role][value=technical]")
    page.fill("[name=caller]", "Matti Meikäläinen, 040 123")
    page.fill("[name=verified]", "Soitin vaihteeseen.")
    page.check("[name=reason][value=superseded]")
    page.fill("[name=words]", "Palvelin vaihdettiin.")
    page.check("[name=understood]")
    press(page)
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    check_in_turn(go("applications:order", order.pk, who=matti))

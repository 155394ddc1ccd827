"""The pages of certificates in a browser: list, certificate, revoking, errors and afterwards."""

import pytest

from tests.accessibility import check_both_widths
from tests.accessible.conftest import press
from tests.applications import orders

pytestmark = pytest.mark.django_db(transaction=True)


def test_certificates_before_and_after_they_are_revoked(go, matti, riitta, cas):
    check_both_widths(go("certificates", who=matti))
    order = orders.delivered(matti, riitta, "test_server")
    check_both_widths(go("certificates", who=matti))
    check_both_widths(go("applications:certificate", order.pk, who=matti))
    page = go("applications:revoke", order.pk, who=matti)
    check_both_widths(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_both_widths(page)
    page.locator("input[name=reason][value=cessation_of_operation]").check()
    page.locator("input[name=understood]").check()
    press(page)
    page.wait_for_url("**/certificate/")
    check_both_widths(page)
    check_both_widths(go("applications:revoke", order.pk, who=matti))
    check_both_widths(go("applications:order", order.pk, who=matti))
    for name in ("certificates", "home"):
        check_both_widths(go(name, who=matti))


def test_a_reviewer_who_revokes(go, matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    page = go("console:revoke", order.pk, who=riitta)
    check_both_widths(page)
    press(page)
    page.wait_for_selector(".field__error")
    check_both_widths(page)
    page.locator("[name=words]").fill("Avain löytyi verkosta.")
    page.locator("input[name=understood]").check()
    press(page)
    page.wait_for_url(f"**/{order.pk}/")
    check_both_widths(go("console:revoke", order.pk, who=riitta))

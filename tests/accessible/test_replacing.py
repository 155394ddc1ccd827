"""The pages of mass replacements in a browser, in three languages and two widths."""

import pytest

from tests.accessibility import check_both_widths
from tests.applications import orders
from tests.applications.test_replacing import approve, plan, run

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_plans_one_of_them_and_a_certificate_of_it(go, matti, riitta, raimo, cas):
    check_both_widths(go("console:replacements", who=riitta))
    order = orders.delivered(matti, riitta)
    made = plan()
    check_both_widths(go("console:replacements", who=riitta))
    check_both_widths(go("console:queue", who=riitta))
    check_both_widths(go("console:replacement", made.pk, who=riitta))
    item = made.items.get()
    check_both_widths(go("console:replacement_certificate", made.pk, item.pk, who=riitta))
    approve(made, riitta, raimo)
    run(made)
    check_both_widths(go("console:replacement", made.pk, who=riitta))
    check_both_widths(go("applications:order", order.pk, who=matti))
    check_both_widths(go("applications:order", item.reference, who=matti))

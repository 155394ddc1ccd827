"""The pages of mass replacements in a browser, in three languages and two widths."""

import pytest

from certportal.dev.builders import orders
from certportal.dev.builders.replacements import approve, plan, run
from tests.accessibility import check_in_turn

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_plans_one_of_them_and_a_certificate_of_it(go, matti, riitta, raimo, cas):
    check_in_turn(go("console:replacements", who=riitta))
    order = orders.delivered(matti, riitta)
    made = plan()
    check_in_turn(go("console:replacements", who=riitta))
    check_in_turn(go("console:queue", who=riitta))
    check_in_turn(go("console:replacement", made.pk, who=riitta))
    item = made.items.get()
    check_in_turn(go("console:replacement_certificate", made.pk, item.pk, who=riitta))
    approve(made, riitta, raimo)
    run(made)
    check_in_turn(go("console:replacement", made.pk, who=riitta))
    check_in_turn(go("applications:order", order.pk, who=matti))
    check_in_turn(go("applications:order", item.reference, who=matti))

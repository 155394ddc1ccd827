"""The text of the decision, for the reviewer."""

import pytest

from certportal.dev.builders import orders
from tests.accessibility import check_in_turn

pytestmark = pytest.mark.django_db(transaction=True)


def test_before_and_after(go, matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    check_in_turn(go("console:decision", case.pk, who=riitta))
    orders.approve(riitta, case)
    check_in_turn(go("console:decision", case.pk, who=riitta))

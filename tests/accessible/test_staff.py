"""The pages on which superusers give and take the staff's roles."""

import pytest

from certportal.dev.builders import people
from tests.accessibility import check_in_turn

pytestmark = pytest.mark.django_db(transaction=True)


def test_roles_of_the_staff(go, riitta, matti):
    sofia = people.make_superuser("Sofia Suurkäyttäjä")
    check_in_turn(go("staff:staff", who=sofia))
    check_in_turn(go("staff:staff", who=sofia, query="?q=meik"))
    page = go("staff:member", riitta.pk, who=sofia)
    check_in_turn(page)
    page.locator("[value=grant_lead]").click()
    page.wait_for_selector("[role=status] .notice--success")
    check_in_turn(page)
    page = go("staff:member", matti.pk, who=sofia)
    page.locator("[value=grant_lead]").click()
    page.wait_for_selector(".notice--error")
    check_in_turn(page)

"""Pages as they are printed: without navigation, and with nothing cut off."""

import pytest

from certportal.dev.builders import orders

pytestmark = pytest.mark.django_db(transaction=True)

# The width of A4 in CSS pixels between margins of 1 cm.
PAPER = {"width": 718, "height": 1046}
CUT = """() => [...document.querySelectorAll(".table-wrap, .code pre")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.innerText.slice(0, 80))"""


def test_the_pages_of_an_order_and_its_case_are_whole_on_paper(go, matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    asked = [(matti, f"applications:{name}") for name in ("order", "certificate", "install")]
    for who, name in [*asked, (riitta, "console:case")]:
        page = go(name, order.pk, who=who)
        page.set_viewport_size(PAPER)
        page.emulate_media(media="print")
        assert page.evaluate(CUT) == [], name
        assert page.locator("nav:visible").count() == 0, name
        commands = page.locator(".code code:not(details#fits code)").all()
        assert all(one.is_visible() for one in commands), name
        page.emulate_media(media="screen")

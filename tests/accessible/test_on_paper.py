"""Pages as they are printed: without navigation, and with nothing cut off."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from certportal.dev.builders import orders, people

pytestmark = pytest.mark.django_db(transaction=True)

# The width of A4 in CSS pixels between margins of 1 cm.
PAPER = {"width": 718, "height": 1046}
CUT = """() => [...document.querySelectorAll(".table-wrap, .code pre")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.innerText.slice(0, 80))"""

# Words of a comparison that stand on two lines; OIDs and hashes are longer than a column.
BROKEN = """() => [...document.querySelectorAll(".table--compare")]
  .filter((table) => table.checkVisibility())
  .flatMap((table) => {
    const whole = /(?<![\\p{L}\\d])\\p{L}+(?![\\p{L}\\d])/gu;
    const found = [], texts = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
    while (texts.nextNode())
      for (const word of texts.currentNode.data.matchAll(whole)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((one) => one.top)).size > 1)
          found.push(word[0]);
      }
    return found;
  })"""


def test_the_pages_of_an_order_and_its_case_are_whole_on_paper(go, matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    asked = [(matti, f"applications:{name}") for name in ("order", "certificate", "install")]
    for who, name in [*asked, (riitta, "console:case")]:
        page = go(name, order.pk, who=who)
        page.set_viewport_size(PAPER)
        page.emulate_media(media="print")
        assert page.evaluate(CUT) == [], name
        assert page.evaluate(BROKEN) == [], name
        assert page.locator("nav:visible").count() == 0, name
        commands = page.locator(".code code:not(details#fits code)").all()
        assert all(one.is_visible() for one in commands), name
        page.emulate_media(media="screen")


def test_when_the_session_ends_is_not_printed(new_context, live_server, matti):
    context = new_context(java_script_enabled=False)
    value = people.log_in(Client(), matti).cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(live_server.url + reverse("home"))
    note = page.locator("noscript p")
    assert note.is_visible()
    page.emulate_media(media="print")
    assert not note.is_visible()

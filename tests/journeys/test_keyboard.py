"""By keyboard alone an order is begun and filled in, and one always sees where one is."""

import re

import pytest

from tests.journeys import ordering

MOST_STOPS = 60
# What is wrong with the element in focus: nothing marks it, or it lies outside the window.
WRONG = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
    || style.boxShadow !== "none";
  const seen = box.bottom > 0 && box.top < window.innerHeight;
  return (marked ? "" : "unmarked ") + (seen ? "" : "out of sight");
}"""
# Where the element in focus stands among all elements of the page, the browser's own left out.
PLACE = """() => document.activeElement === document.body ? -1
  : [...document.querySelectorAll("*")].indexOf(document.activeElement)"""


class Keys:
    """A keyboard without a mouse."""

    def __init__(self, page):
        self.page = page

    def reach(self, selector):
        """Press Tab until the element has the focus; each stop is marked, in reading order."""
        last = -1
        for _stop in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            place = self.page.evaluate(PLACE)
            assert place > last or place == -1, f"the focus jumped back before {selector}"
            assert self.page.evaluate(WRONG) == "", self.page.evaluate(HTML)
            last = place
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab never comes to {selector}")

    def press(self, selector, where):
        """Come to a button, press Enter and wait for the page it leads to."""
        self.reach(selector)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(where)

    def choose(self, name, value):
        """Come to a group of radio buttons and move to the one wanted."""
        self.reach(f"input[name={name}]")
        self.page.keyboard.press("Space")
        for _step in range(MOST_STOPS):
            if self.page.evaluate("() => document.activeElement.value") == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows never come to {value}")


HTML = "() => document.activeElement.outerHTML.slice(0, 200)"
SEND = "main form .actions button"


@pytest.fixture
def keys(matti):
    return Keys(matti)


def test_an_order_begun_and_filled_in_by_keyboard(stack, matti, keys):
    matti.goto(f"{stack.base}/fi/home/")
    keys.press("main a[href$='/orders/new/']", re.compile("/orders/new/"))
    keys.choose("type", "server")
    keys.press(SEND, re.compile(r"/orders/[0-9a-f-]{36}/$"))
    keys.press("main a[href*='/part/unit/']", re.compile("/part/unit/"))
    keys.choose("record", ordering.UNIT)
    keys.press(SEND, re.compile("/names/"))
    keys.press(SEND, re.compile("/part/purpose/"))
    keys.choose("purpose", "both")
    keys.press(SEND, re.compile("/part/host_names/"))
    keys.reach("[name=host_names]")
    matti.keyboard.type("erecept.example.fi")
    keys.press(SEND, re.compile("/part/validity/"))


def test_an_error_takes_the_focus_and_leads_to_its_field(stack, matti, keys):
    order = ordering.begin(matti, stack.base, "server")
    matti.goto(f"{order}part/host_names/")
    keys.press(SEND, re.compile("/part/host_names/"))
    matti.wait_for_selector("[data-error-summary]:focus")
    matti.keyboard.press("Tab")
    matti.keyboard.press("Enter")
    assert matti.evaluate("() => document.activeElement.name") == "host_names"

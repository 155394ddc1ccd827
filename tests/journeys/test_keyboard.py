"""By keyboard alone from a new order to its certificate, and one always sees where one is.

The order is reviewed and its certificate fetched in forced colours (a high contrast), which leave
nothing of the pages' own style but lines.
"""

import re

import pytest

from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package

MAILBOX = "nappaimet@example.fi"
MOST_STOPS = 90
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


# What can be pressed or filled in, or says something aside, and has no edge.
EDGELESS = """() => [...document.querySelectorAll(
    ".button:not(.button--link), .tag, .notice, .card, select, textarea, input:not([type=hidden])")]
  .filter((one) => one.checkVisibility() && !["radio", "checkbox", "file"].includes(one.type))
  .filter((one) => getComputedStyle(one).borderTopStyle === "none"
    || getComputedStyle(one).borderTopWidth === "0px")
  .map((one) => one.outerHTML.slice(0, 90))"""


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

    def skip(self, place):
        """Go to a place of the page by the link that skips what comes before it."""
        self.reach(f"a.skip[href='#{place}']")
        self.page.keyboard.press("Enter")

    def do(self, selector):
        """Come to a button, press Enter and wait for the answer, at whatever address."""
        self.reach(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, selector, text):
        """Come to a field and replace what is in it."""
        self.reach(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def tick(self, selector):
        """Come to a box and tick it."""
        self.reach(selector)
        self.page.keyboard.press("Space")

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


@pytest.fixture
def contrast(matti, riitta):
    """Riitta's keyboard, her browser and Matti's in forced colours."""
    for page in (matti, riitta):
        page.emulate_media(forced_colors="active")
    yield Keys(riitta)
    for page in (matti, riitta):
        page.emulate_media(forced_colors="none")


@pytest.fixture(scope="module")
def request_(tmp_path_factory):
    """The certificate request and its key."""
    return requests.openssl(tmp_path_factory.mktemp("keyboard"), "erecept.example.fi")


@pytest.fixture(scope="module")
def sent(stack, matti, request_):
    """The address of an order that was begun, filled in and sent by keyboard."""
    keys = Keys(matti)
    matti.goto(f"{stack.base}/fi/home/")
    keys.press("main a[href$='/orders/new/']", re.compile("/orders/new/"))
    keys.choose("type", "server")
    keys.press(SEND, re.compile(r"/orders/[0-9a-f-]{36}/$"))
    order = matti.url
    keys.press("main a[href*='/part/unit/']", re.compile("/part/unit/"))
    keys.choose("record", ordering.UNIT)
    keys.press(SEND, re.compile("/names/"))
    keys.press(SEND, re.compile("/part/purpose/"))
    keys.choose("purpose", "both")
    keys.press(SEND, re.compile("/part/host_names/"))
    keys.write("[name=host_names]", "erecept.example.fi")
    keys.press(SEND, re.compile("/part/validity/"))
    keys.write("[name=validity_months]", "12")
    keys.choose("begins", "at_once")
    keys.press(SEND, re.compile("/part/delivery/"))
    keys.write("[name=mailbox]", MAILBOX)
    keys.choose("deliver_to", "applicant")
    keys.press(SEND, re.compile("/part/csr/"))
    keys.choose("how", "text")
    keys.write("[name=text]", request_.csr.decode())
    keys.press(SEND, re.compile(r"/csr/[0-9a-f-]{36}/"))
    keys.press(SEND, lambda url: "/csr/" not in url)
    matti.goto(f"{order}check/")
    boxes = matti.locator("main input[type=checkbox]")
    for box in boxes.all():
        keys.tick(f"[id='{box.get_attribute('id')}']")
    keys.press(SEND, re.compile("/sent/"))
    return order


def test_from_order_to_certificate_by_keyboard(
    stack, matti, riitta, keys, contrast, sent, request_, tmp_path
):
    case = ordering.case_of(stack.base, sent)
    back = re.compile(re.escape(case) + "(#.*)?$")
    steps.await_true(lambda: ordering.offers(riitta, case, "claim"), "never to review", seconds=60)
    riitta.goto(f"{stack.base}/fi/console/")
    assert riitta.evaluate(EDGELESS) == []
    contrast.skip("cases")
    contrast.press(f"main a[href='{case.removeprefix(stack.base)}']", back)
    assert riitta.evaluate(EDGELESS) == []
    contrast.do("form[action$='/claim/'] button")
    if riitta.locator("#right a[href$='/right/']").count():
        contrast.press("#right a[href$='/right/']", re.compile("/right/"))
        contrast.write("[name=note]", "Kaupparekisteriote 2.3.2026")
        contrast.press(SEND, back)
    contrast.skip("hosts")
    contrast.choose("evidence", "registry")
    contrast.do(f"{ordering.EVIDENCE} button:not([name])")
    steps.await_true(
        lambda: ordering.leads(riitta, case, "approve"), "never ready to be approved", seconds=60
    )
    contrast.skip("decision")
    contrast.press("#decision a[href$='/approve/']", re.compile("/approve/$"))
    assert riitta.evaluate(EDGELESS) == []
    contrast.press("main form[action$='/approve/'] button:not([name=then])", back)
    Package.of(steps.await_mail(MAILBOX, stack.mails), tmp_path).check(request_)

    matti.goto(sent)
    assert matti.evaluate(EDGELESS) == []
    keys.reach("a[download][href*='/files/']")
    with matti.expect_download():
        matti.keyboard.press("Enter")


def test_an_error_takes_the_focus_and_leads_to_its_field(stack, matti, keys):
    order = ordering.begin(matti, stack.base, "server")
    matti.goto(f"{order}part/host_names/")
    keys.press(SEND, re.compile("/part/host_names/"))
    matti.wait_for_selector("[data-error-summary]:focus")
    matti.keyboard.press("Tab")
    matti.keyboard.press("Enter")
    assert matti.evaluate("() => document.activeElement.name") == "host_names"

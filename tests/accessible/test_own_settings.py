"""What readers set or use of their own: wider spacing, forced colours, a screen reader."""

import pytest
from playwright.sync_api import expect

from applications import services
from certportal.dev.builders import orders

pytestmark = pytest.mark.django_db(transaction=True)

# With the spacing of WCAG 1.4.12 no text is cut, and nothing sticks out.
SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }"""
SPACE = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}"""
# The names in the queue's columns of organisations and certificates end in … by design: the case
# has them in full.
CUT = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden, svg, thead"))
  .filter((one) => !one.matches("#cases td:is(:nth-child(3), :nth-child(4))"))
  .filter((one) => /hidden|clip/.test(getComputedStyle(one).overflowX))
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.innerText)"""


def spaced(page):
    """Space the page wider; return what is cut or sticks out, on a wide and a narrow screen."""
    page.evaluate(SPACE, SPACING)
    wrong = []
    for width in (1366, 320):
        page.set_viewport_size({"width": width, "height": 768})
        wrong += page.evaluate(CUT)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{page.url} scrolls sideways at {width}")
    return wrong


def test_wider_spacing_cuts_nothing_of_an_order_and_its_case(go, matti, riitta, cas):
    assert spaced(go("home", who=matti)) == []
    order = orders.in_review(matti)
    orders.act(riitta, services.claim, order)
    orders.drain()
    orders.give_evidence(riitta, order)
    assert spaced(go("applications:order", order.pk, who=matti)) == []
    assert spaced(go("console:queue", who=riitta)) == []
    for name in ("console:case", "console:approve"):
        assert spaced(go(name, order.pk, who=riitta)) == [], name


def test_the_view_in_force_alone_is_marked_in_forced_colours(go, riitta):
    page = go("console:queue", who=riitta)
    page.emulate_media(forced_colors="active", color_scheme="dark")
    edge = "all => all.map((one) => getComputedStyle(one).borderBottomColor)"
    marked = page.locator(".views [aria-current]").evaluate_all(edge)
    others = page.locator(".views a:not([aria-current])").evaluate_all(edge)
    assert (marked, set(others)) == (["rgb(255, 255, 255)"], {"rgb(0, 0, 0)"})


def test_the_way_back_leads_to_the_form_that_was_faulty_once(go, matti):
    """Without an answer to a form in the history, which browsers would ask to send again."""
    page = go("applications:part", orders.draft(matti).pk, "validity", who=matti)
    form = page.url
    for months in ("99", "11"):
        page.locator("[name=validity_months]").fill(months)
        with page.expect_navigation():
            page.locator("main form[method=post] .actions button").first.click()
    assert page.url != form
    page.go_back()
    assert page.locator("[data-error-summary]").count() == 0
    # As the service has it: which of the typed values the browser puts back is its own matter.
    months = page.locator("[name=validity_months]").get_attribute("value")
    assert (page.url, months) == (form, "11")


def test_a_faulty_answer_loaded_again_has_what_was_typed(go, matti):
    page = go("applications:part", orders.draft(matti).pk, "validity", who=matti)
    page.locator("[name=validity_months]").fill("99")
    with page.expect_navigation():
        page.locator("main form[method=post] .actions button").first.click()
    page.reload()
    assert page.locator("[name=validity_months]").input_value() == "99"


def test_the_option_reached_by_keyboard_is_marked_in_forced_colours(go, matti):
    page = go("register", who=matti)
    page.emulate_media(forced_colors="active")
    page.locator("[role=combobox]").press_sequentially("apteekki")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("ArrowDown")
    outlines = "all => all.map((one) => getComputedStyle(one).outlineStyle)"
    assert page.locator("[role=option]").evaluate_all(outlines)[:2] == ["solid", "none"]


def test_that_the_certificate_has_been_prepared_is_said(go, matti, riitta, cas):
    order = orders.in_review(matti)
    orders.act(riitta, services.claim, order)
    page = go("console:case", order.pk, who=riitta)
    said = page.locator("main > [role=status]")
    expect(said).to_have_text("")
    orders.drain()
    expect(said).not_to_have_text("", timeout=20_000)
    assert said.inner_text() == page.locator("#prepared [data-awaited]").inner_text()

"""The evidence of a case on a telephone: one part at a time, by links and without scripts."""

import pytest

from applications import services
from certportal.dev.builders import orders
from tests.accessibility import axe_faults, faults

pytestmark = pytest.mark.django_db(transaction=True)
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1366, "height": 900}
ALL_PARTS = 3500
"""How high the case may be on a telephone, in CSS pixels, until a part is opened."""
SHOWN = """() => [...document.querySelectorAll(".case__part")]
    .filter((one) => one.checkVisibility()).map((one) => one.querySelector("[id]").id || one.id)"""


@pytest.fixture
def case_of(enter, desk, ready):
    """Return Riitta's browser on the case, in Swedish and as narrow as a small telephone."""
    page = enter(desk)("case", ready.pk)
    page.set_viewport_size(NARROW)
    page.goto(page.url.replace("/en/", "/sv/"))
    return page


def test_riitta_opens_one_part_after_the_other(case_of):
    assert case_of.evaluate(SHOWN) == []
    assert case_of.evaluate("document.documentElement.scrollHeight") < ALL_PARTS
    links = case_of.locator(".parts a")
    opened = []
    for place in range(links.count()):
        links.nth(place).click()
        (part,) = case_of.evaluate(SHOWN)
        opened.append(part)
        assert (faults(case_of), axe_faults(case_of)) == ([], []), part
    assert len(set(opened)) == links.count() == case_of.locator(".case__part").count()


def test_each_tick_of_the_checklist_opens_the_part_with_its_evidence(case_of):
    links = case_of.locator("#checklist a")
    for place in range(links.count()):
        links.nth(place).click()
        assert len(case_of.evaluate(SHOWN)) == 1, links.nth(place).inner_text()
        assert case_of.locator(":target").is_visible()


def test_the_part_that_riitta_reads_stays_when_its_certificate_has_been_prepared(
    enter, desk, matti, riitta, cas
):
    order = orders.in_review(matti)
    orders.act(riitta, services.claim, order)
    page = enter(desk)("case", order.pk)
    page.set_viewport_size(NARROW)
    page.locator(".parts a[href='#certificate']").click()
    orders.drain()
    page.wait_for_selector("#prepared [data-awaited] .notice--success", timeout=20_000)
    assert page.evaluate(SHOWN) == ["certificate"]


def test_a_wide_screen_shows_all_parts_and_no_list_of_them(case_of):
    case_of.set_viewport_size(WIDE)
    assert len(case_of.evaluate(SHOWN)) == case_of.locator(".case__part").count()
    assert not case_of.locator(".parts").is_visible()

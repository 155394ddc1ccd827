"""What the first screen of the desk holds, and what the common case costs the hand."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import translation

from accounts.services.rights import staff_roles
from applications import services
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from tests.applications.console.conftest import Desk
from tests.applications.waivers import GROUNDS, in_hand, waive
from tests.benchmarks.desk import HEIGHT, WIDTH, Hand, first, second, waiting

pytestmark = pytest.mark.django_db(transaction=True)
ROWS, LOW = 25, 768
"""How many cases the queue shows at once, also on a screen as low as this."""
ONE_LINE = 40
"""How high the bar of the console is at most, so that its pages stand in one line."""
STICKING_OUT = """form => [...form.querySelectorAll("input, select, button, a")]
    .filter((one) => one.getBoundingClientRect().right > form.getBoundingClientRect().right + 0.5)
    .map((one) => one.outerHTML)"""
CUT = """form => {
    const pen = document.createElement("canvas").getContext("2d");
    return [...form.querySelectorAll("select")]
      .filter((one) => {
        pen.font = getComputedStyle(one).font;
        return pen.measureText(one.selectedOptions[0].text).width + 20 > one.clientWidth;
      })
      .map((one) => one.selectedOptions[0].text);
  }"""


@pytest.fixture
def look(enter):
    """Return how to open pages at the width of an office's screen."""

    def look(desk):
        desk.confirm()
        go = enter(desk)

        def at(name, *args, **query):
            page = go(name, *args, **query)
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            return page

        return at

    return look


def bottom(locator):
    box = locator.bounding_box()
    return box["y"] + box["height"]


@pytest.fixture
def queue(look, desk, matti, cas):
    """Return how to open the queue of a whole page of cases in a language."""
    for nth in range(ROWS):
        waiting(matti, 2) if nth else orders.in_review(matti, "test_server")

    def open_in(language, **query):
        with translation.override(language):
            return look(desk)("queue", query=f"?{urlencode(query)}")

    return open_in


def test_the_queue_begins_at_once_and_shows_a_page_of_cases_and_its_filters_stay_on_it(queue):
    for language in ("fi", "sv", "en"):
        page = queue(language)
        page.set_viewport_size({"width": WIDTH, "height": LOW})
        rows = page.locator("#cases tbody tr")
        assert rows.count() == ROWS
        assert rows.first.bounding_box()["y"] <= 200
        assert bottom(rows.last) <= LOW, language
        for width in (320, 1024, 1152, 1280, WIDTH, 1920):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if width == 320:
                page.click("#filters summary")
            assert page.locator("#filters").evaluate(STICKING_OUT) == [], (language, width)
            assert page.locator("#filters").evaluate(CUT) == [], (language, width)
        page = queue(language, q="erecept", organisation="apteekki")
        rows = page.locator("#cases tbody tr")
        assert rows.locator("mark", has_text="erecept").count() == ROWS
        assert rows.first.bounding_box()["y"] <= 200, language
        assert bottom(rows.last) <= HEIGHT, language


def test_the_bar_takes_one_line_and_folds_what_is_seldom_used(look, matti, riitta, cas):
    staff_roles.grant_lead(riitta, by=None, actor=system("test"), now=clock.now())
    desk = Desk(riitta)
    orders.in_review(matti)
    for language in ("fi", "sv", "en"):
        with translation.override(language):
            go = look(desk)
            page = go("queue")
            bar, more = page.locator(".menu"), page.locator(".more summary")
            assert bar.bounding_box()["height"] <= ONE_LINE, language
            assert not page.locator(".more a").first.is_visible()
            assert page.locator(".menu a[href$='/loads/']").is_visible()
            more.press("Enter")
            assert page.locator(".more a").count() == 5
            assert bar.bounding_box()["height"] <= 2 * ONE_LINE
            assert page.locator(".topbar").evaluate(STICKING_OUT) == []
            page = go("waivers")
            assert page.locator(".more [aria-current=page]").is_visible()


def test_identity_evidence_and_decision_stand_on_the_first_screen(look, desk, ready, matti, riitta):
    for case in (ready, orders.delivered(matti, riitta), orders.claimed(matti, riitta, "email")):
        page = look(desk)("case", case.pk)
        assert page.locator(".case__side .keyfacts").bounding_box()["y"] <= 200
        assert page.locator("#comparison").bounding_box()["y"] <= HEIGHT / 2
        assert bottom(page.locator("#decision")) <= HEIGHT
        side = page.locator(".case__side")
        assert side.evaluate("one => one.scrollHeight <= one.clientHeight")
        page.set_viewport_size({"width": WIDTH, "height": LOW})
        assert bottom(page.locator("#decision")) <= LOW


def test_what_is_waived_is_read_on_the_screen_on_which_it_is_confirmed(
    look, desk, other_desk, matti, riitta, cas
):
    case = in_hand(matti, riitta)
    waive(riitta, case)
    orders.drain()
    page = look(other_desk)("approve", case.pk)
    assert bottom(page.get_by_text(GROUNDS)) <= HEIGHT
    assert bottom(page.locator("#press button").first) <= HEIGHT


def test_where_nothing_is_left_to_decide_there_is_no_gap_for_it(look, desk, matti, riitta, cas):
    page = look(desk)("case", orders.delivered(matti, riitta).pk)
    page.set_viewport_size({"width": 320, "height": HEIGHT})
    heading, first = page.locator("#decision h2"), page.locator("#decision a").first
    assert first.bounding_box()["y"] - bottom(heading) < 2 * 24


def test_a_name_that_does_not_fit_is_read_in_the_row_that_has_the_focus(look, desk, matti, cas):
    host = "palvelin.erittain-pitka-toimipisteen-nimi-jota-ei-voi-lyhentaa.example.fi"
    orders.waiting_for_contact(matti, host=host)
    page = look(desk)("queue", query="?view=waiting")
    cell = page.locator("#cases tbody td", has_text=host)
    cut = "one => one.scrollWidth > one.clientWidth"
    assert cell.evaluate(cut)
    page.locator("#cases tbody a").focus()
    assert not cell.evaluate(cut)


def test_ready_made_reasons_stand_beside_what_is_written(look, desk, case):
    for name in ("ask", "reject"):
        page = look(desk)(name, case.pk)
        assert bottom(page.locator("#ready-made + p + details")) <= HEIGHT, name


def test_evidence_of_two_host_names_is_recorded_on_the_first_screen(look, desk, matti, riitta, cas):
    case = waiting(matti, 2)
    act(riitta, services.claim, case)
    orders.drain()
    for language in ("fi", "sv", "en"):
        with translation.override(language):
            page = look(desk)("case", case.pk)
        assert page.locator("#comparison h2").count() == 1  # the request has one of the names
        pressed = bottom(page.locator("#hosts button[name=approve]"))
        assert pressed <= HEIGHT - 100, language  # with room for another line that differs


def test_a_host_name_without_evidence_takes_one_line(look, desk, matti, cas):
    page = look(desk)("case", waiting(matti, 20).pk)
    tops = [page.locator(one).first.bounding_box()["y"] for one in (".keyfacts", "#comparison h2")]
    assert abs(tops[1] - tops[0]) < 8  # what differs begins beside the identity
    cards = page.locator("#hosts .card").all()
    assert len(cards) == 20
    assert max(one.bounding_box()["height"] for one in cards) < 2 * 24


def test_the_heading_of_a_page_is_larger_than_those_of_its_parts(look, desk, ready):
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    for name, args in (("numbers", ()), ("case", (ready.pk,)), ("blocked_keys", ())):
        page = look(desk)(name, *args)
        for width in (320, WIDTH):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            first, *others = (page.locator(f"main h{level}").first for level in (1, 2))
            assert all(first.evaluate(size) > one.evaluate(size) for one in others), (name, width)


@pytest.mark.parametrize("hosts", [1, 20])
@pytest.mark.parametrize("by_keyboard", [False, True])
def test_the_common_case_costs_few_clicks_pages_and_presses(
    by_keyboard, hosts, look, desk, other_desk, matti, cas, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    for _ in range(2):
        waiting(matti, hosts)
    hand = Hand(look(desk)("queue"), by_keyboard=by_keyboard)
    first(hand)
    assert (hand.clicks <= 4, hand.loads <= 3, hand.presses <= 25) == (True, True, True)
    hand = Hand(look(other_desk)("queue"), by_keyboard=by_keyboard)
    second(hand)
    assert (hand.clicks <= 3, hand.loads <= 2, hand.presses <= 25) == (True, True, True)
    assert hand.pixels == 0  # the names, the checklist and the button stand on one screen


def test_what_a_search_found_is_read_in_full(look, desk, matti, cas):
    orders.in_review(matti)
    page = look(desk)("queue", query="?q=matti")
    cell = page.locator("#cases .match").first
    assert "matti@example.fi" in cell.inner_text()
    assert cell.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_a_host_name_that_riitta_searched_stands_in_place_of_the_first_in_one_line(
    look, desk, matti, cas
):
    orders.in_review(matti)
    page = look(desk)("queue", query="?q=varmuus")
    row = page.locator("#cases tbody tr")
    assert row.locator("mark").inner_text() == "varmuus.example.fi"
    assert "+1" in row.inner_text() and "erecept" not in row.inner_text()
    assert row.bounding_box()["height"] < 2 * 24


def test_all_that_is_still_to_do_is_read(look, desk, case, matti, riitta):
    orders.ask(riitta, case, clock.day(clock.now()) + timedelta(days=14))
    orders.resubmit(matti, case)
    orders.drain()
    until = (clock.day(clock.now()) + timedelta(days=3)).isoformat()
    desk.press("set_aside", case, until=until, reason="Odotan THL:n vastausta.")
    for language in ("fi", "sv", "en"):
        with translation.override(language):
            cell = look(desk)("queue").locator("#cases tbody td").nth(4)
        assert len(cell.inner_text().split(",")) == 3, language
        assert cell.evaluate("one => one.scrollWidth <= one.clientWidth"), language

"""What is marked is seen in a reader's own colours, and in those of a link that was visited."""

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)

# Links whose colour once visited is not the one of those that were not, on a ground of their own.
# A browser does not tell which links were visited, so the rules are read.
VISITED = """() => {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  const visited = rules.filter((rule) => rule.selectorText?.includes(":visited"));
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [sheet];
  sheet.replaceSync(visited
    .map((rule) => rule.cssText.replaceAll(":visited", ":any-link")).join(""));
  const white = "rgb(255, 255, 255)", own = (one) => getComputedStyle(one).backgroundColor;
  return [...document.querySelectorAll("main a")]
    .filter((one) => !["rgba(0, 0, 0, 0)", white].includes(own(one)))
    .filter((one) => getComputedStyle(one).color !== white)
    .filter((one) => !one.matches(".button--secondary"))
    .map((one) => one.outerHTML);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_marked_by_a_ground_is_seen_in_forced_colours(
    watched: Page, gallery: str, scheme: str
) -> None:
    """The current page of a list has an edge, and the check of a step that is done a colour."""
    watched.emulate_media(forced_colors="active", color_scheme=scheme)  # type: ignore[arg-type]
    watched.goto(f"{gallery}/fi/gallery/components/")
    current = watched.locator(".pages [aria-current]")
    assert current.evaluate("e => getComputedStyle(e).borderTopWidth") == "2px"
    text = watched.locator("main").evaluate("e => getComputedStyle(e).color")
    icons = watched.locator(".timeline .icon, .notice > .icon").all()
    assert {one.evaluate("e => getComputedStyle(e).color") for one in icons} == {text}


def test_the_current_page_of_a_list_is_read_though_it_was_visited(
    watched: Page, gallery: str
) -> None:
    """On its dark ground it keeps its white letters."""
    watched.emulate_media(reduced_motion="reduce")
    watched.goto(f"{gallery}/fi/gallery/components/")
    assert watched.locator(".pages [aria-current]").count() == 1
    assert watched.evaluate(VISITED) == []

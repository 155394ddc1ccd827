"""What every page must hold: WCAG 2.2 AA by axe, reflow, targets and sound references."""

import re
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Given by name: axe's default set leaves out target-size.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1366, 320)
LANGUAGES = {"fi", "sv", "en"}
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}

BROKEN_REFERENCES = """() => {
  const names = ["for", "aria-describedby", "aria-labelledby", "aria-controls", "data-copy"];
  const broken = [];
  for (const name of names)
    for (const element of document.querySelectorAll(`[${name}]`))
      for (const id of element.getAttribute(name).split(" "))
        if (!document.getElementById(id)) broken.push(`${name}=${id}`);
  for (const link of document.querySelectorAll("a[href^='#']"))
    if (!document.querySelector(link.getAttribute("href"))) broken.push(link.getAttribute("href"));
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return broken.concat(ids.filter((id, at) => ids.indexOf(id) !== at));
}"""
# Links inside a sentence are exempt (WCAG 2.5.8, inline).
SMALL_TARGETS = """() => [
    ...document.querySelectorAll("a, button, input, select, textarea, summary"),
  ]
  .filter((element) => element.checkVisibility() && !element.closest("p, dd, td, li > span"))
  .map((element) => [element.outerHTML.slice(0, 90), element.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
  .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""


def faults(page: Page) -> list[str]:
    """Everything wrong with the page at the browser's present width; empty when sound."""
    found = axe_faults(page)
    found += [f"broken reference {one}" for one in page.evaluate(BROKEN_REFERENCES)]
    found += [f"small target {one}" for one in page.evaluate(SMALL_TARGETS)]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("scrolls sideways")
    if page.locator("h1:visible").count() != 1:
        found.append("not exactly one h1")
    told = page.locator("html").get_attribute("lang")
    named = re.match(r"/(fi|sv|en)/", urlsplit(page.url).path)
    if told not in LANGUAGES or (named and named[1] != told):
        found.append(f"says that its language is {told}")
    if page.title().startswith(("–", "-")) or not page.title():
        found.append("no title")
    return found


def axe_faults(page: Page) -> list[str]:
    """Axe's findings, each with its rule and the first offending element."""
    response = Axe().run(page, options=OPTIONS).response
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in response["violations"]]


def check_both_widths(page: Page) -> None:
    """Fail if the page has a fault on a wide or on a narrow screen."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found[width] = faults(page)
    assert found == {width: [] for width in WIDTHS}, f"{page.url}: {found}"

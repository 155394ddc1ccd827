"""What every page must hold: WCAG 2.2 AA by axe, reflow, targets and sound references."""

import re
import zlib
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.sync_api import Page

from tests.accessible import looked_at

# Given by name: axe's default set leaves out target-size.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1366, 320)
LANGUAGES = ("fi", "sv", "en")
# Axe is in no frame, and would wait half a second for an answer from each. A selector for each
# element that passed takes a third of the time, and nobody reads them.
OPTIONS = {
    "runOnly": {"type": "tag", "values": TAGS},
    "resultTypes": ["violations"],
    "iframes": False,
    "selectors": False,
}

FACTS = """() => ({
    broken: (%s)(),
    small: (%s)(),
    nameless: document.querySelectorAll("td[role=cell]:not([data-label], [colspan])").length,
    sideways: document.documentElement.scrollWidth > window.innerWidth,
    headings: [...document.querySelectorAll("h1")].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width && box.height && one.checkVisibility({ visibilityProperty: true });
      }).length,
    language: document.documentElement.lang,
    title: document.title,
    raw: document.body.innerText.match(/<[A-Z]\\w*: [^>]*>/g) || [],
  })"""
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

FACTS %= BROKEN_REFERENCES, SMALL_TARGETS
AXE = Path(__file__).with_name("axe.js").read_text("utf-8")


# How many states of each page were looked at in turn.
_looked: WeakKeyDictionary[Page, int] = WeakKeyDictionary()
# The pages, by their URL names, that axe looked at in this process, and the screens' widths.
_seen: set[tuple[str, int]] = set()
# The looks of text whose contrast axe found sufficient in this process.
_passed: set[str] = set()


def faults(page: Page) -> list[str]:
    """Everything wrong with the page at the browser's present width, apart from axe's findings."""
    facts = page.evaluate(FACTS)
    found = [f"broken reference {one}" for one in facts["broken"]]
    found += [f"small target {one}" for one in facts["small"]]
    found += [f"shows an object of the program: {one}" for one in facts["raw"]]
    if facts["nameless"]:
        found.append(f"{facts['nameless']} cells without the name of their column")
    if facts["sideways"]:
        found.append("scrolls sideways")
    if facts["headings"] != 1:
        found.append("not exactly one h1")
    told = facts["language"]
    named = re.match(r"/(fi|sv|en)/", urlsplit(page.url).path)
    if told not in LANGUAGES or (named and named[1] != told):
        found.append(f"says that its language is {told}")
    if facts["title"].startswith(("–", "-")) or not facts["title"]:
        found.append("no title")
    return found


def axe_faults(page: Page) -> list[str]:
    """Axe's findings, each with its rule and the first offending element."""
    found, passed = page.evaluate(AXE, [OPTIONS, sorted(_passed)])
    _passed.update(passed)
    return [str(one) for one in found]


def check_both_widths(page: Page) -> None:
    """Fail if the page has a fault on a wide or on a narrow screen; note that it was looked at."""
    _check(page, axe_at=WIDTHS)


def check_in_turn(page: Page) -> None:
    """The same for a test that goes the same way in several languages, Finnish among them.

    The layout is looked at on both screens in each language, since long words may break it. What
    axe finds, and takes most of the time for, hangs on the elements, which are the same: it looks
    at each state in Finnish, on one of the screens, which changes from state to state and from page
    to page; in another language at each page on the screens on which it has not seen it.
    """
    nth = _looked[page] = _looked.get(page, -1) + 1
    name = looked_at.name_at(page.url)
    page.wait_for_load_state()
    # Asked without a locator, for which Playwright would read its own script in every document.
    if page.evaluate("document.documentElement.lang") == LANGUAGES[0]:
        axe_at = [WIDTHS[(zlib.crc32(name.encode()) + nth) % len(WIDTHS)]]
    else:
        axe_at = [width for width in WIDTHS if (name, width) not in _seen]
    _check(page, axe_at=axe_at)


def _check(page: Page, *, axe_at: Collection[int]) -> None:
    looked_at.note(page.url)
    page.wait_for_load_state()  # without its style sheets everything has other sizes
    _seen.update((looked_at.name_at(page.url), width) for width in axe_at)
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found[width] = faults(page) + (axe_faults(page) if width in axe_at else [])
    assert found == {width: [] for width in WIDTHS}, f"{page.url}: {found}"

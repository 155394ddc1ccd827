"""Every public page and component is accessible in three languages on two screens."""

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import check_both_widths, check_in_turn

LANGUAGES = ["fi", "sv", "en"]
PUBLIC = [
    "",
    "eligibility/",
    "eligibility/?business_id=1",
    "eligibility/?business_id=0245437-2",
    "which-certificate/",
    "accessibility/",
    "privacy/",
    "contact/",
    "numbers/",
    "feedback/",
    "feedback/sent/",
]
GALLERY = ["components/", "form/", "question/", "console/", "sent/"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PUBLIC)
def test_public_page(watched: Page, gallery: str, language: str, path: str) -> None:
    """Nothing for axe to find, and the language is told."""
    watched.goto(f"{gallery}/{language}/{path}")
    assert watched.locator("html").get_attribute("lang") == language
    check_in_turn(watched)


@pytest.mark.parametrize("path", GALLERY)
def test_gallery_page(watched: Page, gallery: str, path: str) -> None:
    """The components in every tone, a form of every field, the console and the confirmation."""
    watched.goto(f"{gallery}/fi/gallery/{path}")
    check_both_widths(watched)


@pytest.mark.parametrize("kind", ["refused", "forbidden", "stale", "many", "unavailable", "fault"])
def test_error_page(page: Page, gallery: str, kind: str) -> None:
    """Failures are pages like the others."""
    page.goto(f"{gallery}/fi/gallery/refuse/{kind}/")
    check_both_widths(page)


def test_missing_page(page: Page, gallery: str) -> None:
    """So is an address that leads nowhere."""
    page.goto(f"{gallery}/fi/nowhere/")
    check_both_widths(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours(watched: Page, gallery: str, scheme: str) -> None:
    """Buttons and tags keep an edge in high contrast."""
    watched.emulate_media(forced_colors="active", color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    watched.goto(f"{gallery}/fi/gallery/components/")
    edge = watched.locator("main .button").first.evaluate("e => getComputedStyle(e).borderTopWidth")
    assert edge != "0px"
    link = watched.locator("main .button--link").first
    edge = link.evaluate("e => getComputedStyle(e).borderTopColor")
    assert edge == watched.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")


def test_skip_link_comes_first_and_leads_to_the_content(watched: Page, gallery: str) -> None:
    """A keyboard user passes the header with one key."""
    watched.goto(f"{gallery}/fi/")
    watched.keyboard.press("Tab")
    expect(watched.locator(".skip")).to_be_focused()
    watched.keyboard.press("Enter")
    expect(watched.locator("main")).to_be_focused()


def test_language_links_keep_the_page(watched: Page, gallery: str) -> None:
    """Whoever changes language stays where they were."""
    watched.goto(f"{gallery}/fi/eligibility/?business_id=0245437-2")
    watched.get_by_role("link", name="Svenska").click()
    expect(watched).to_have_url(f"{gallery}/sv/eligibility/?business_id=0245437-2")

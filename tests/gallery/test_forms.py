"""How a form behaves in the browser: empty, filled, in error, with and without scripts."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accessibility import check_both_widths

pytestmark = pytest.mark.django_db(transaction=True)
SEND = "main form .button"


def test_errors_are_listed_and_focused(watched: Page, gallery: str) -> None:
    """The summary takes the focus, each of its links leads to its field, the title says so."""
    watched.goto(f"{gallery}/fi/gallery/form/")
    watched.click(SEND)
    summary = watched.locator(".error-summary")
    expect(summary).to_be_focused()
    links = summary.get_by_role("link")
    assert links.count() == 8
    assert ":" in watched.title().split("–")[0]
    links.first.click()
    expect(watched.locator("#id_name")).to_be_focused()
    described = watched.locator("#id_email").get_attribute("aria-describedby")
    assert described == "id_email_helptext id_email_error"
    check_both_widths(watched)


def test_link_to_a_question_leads_to_its_first_answer(watched: Page, gallery: str) -> None:
    """A group of radios has no element of its own to focus."""
    watched.goto(f"{gallery}/fi/gallery/question/")
    watched.click(SEND)
    watched.locator(".error-summary a").click()
    expect(watched.locator("#id_type_0")).to_be_focused()
    check_both_widths(watched)


def test_filled_form_keeps_what_was_entered(watched: Page, gallery: str) -> None:
    """One missing answer costs nobody the others."""
    watched.goto(f"{gallery}/fi/gallery/form/")
    watched.fill("#id_name", "Matti Meikäläinen")
    watched.fill("#id_start", "31.12.2026")
    watched.fill("#id_hosts", "a.example.fi\nb.example.fi")
    watched.check("#id_purpose_1")
    check_both_widths(watched)
    watched.click(SEND)
    expect(watched.locator("#id_name")).to_have_value("Matti Meikäläinen")
    expect(watched.locator("#id_hosts")).to_have_value("a.example.fi\nb.example.fi")
    expect(watched.locator("#id_purpose_1")).to_be_checked()
    check_both_widths(watched)


def test_errors_stand_first_without_scripts(browser: Browser, gallery: str) -> None:
    """Without scripts the summary is the first thing in the content, and nothing useless shows."""
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{gallery}/fi/gallery/form/")
    page.click(SEND)
    page.locator(".error-summary a").first.click()
    expect(page).to_have_url(f"{gallery}/fi/gallery/form/#id_name")
    expect(page.locator("[data-needs-js]").first).to_be_hidden()
    page.close()


def test_file_can_be_dropped(watched: Page, gallery: str) -> None:
    """The drop zone fills the ordinary file input."""
    watched.goto(f"{gallery}/fi/gallery/form/")
    transfer = watched.evaluate_handle(
        "() => { const all = new DataTransfer();"
        " all.items.add(new File(['x'], 'a.csr')); return all; }"
    )
    watched.dispatch_event("[data-drop]", "drop", {"dataTransfer": transfer})
    assert watched.evaluate("document.querySelector('#id_file').files[0].name") == "a.csr"


def test_file_over_the_limit_is_refused_in_words(
    watched: Page, gallery: str, tmp_path: Path
) -> None:
    """The limit is told, not only that it was passed."""
    (tmp_path / "big.csr").write_bytes(b"x" * 65537)
    watched.goto(f"{gallery}/en/gallery/form/")
    watched.set_input_files("#id_file", tmp_path / "big.csr")
    watched.click(SEND)
    expect(watched.locator("#id_file_error")).to_contain_text("at most 64 kB")


def test_second_press_sends_nothing(watched: Page, gallery: str) -> None:
    """A double click makes one request."""
    sent: list[str] = []
    watched.route(
        "**/gallery/form/",
        lambda route: (
            sent.append(route.request.method) or route.continue_()
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    watched.goto(f"{gallery}/fi/gallery/form/")
    watched.dblclick(SEND)
    expect(watched.locator(".error-summary")).to_be_visible()
    assert sent == ["POST"]


def test_copy_button_copies_and_says_so(watched: Page, gallery: str) -> None:
    """The block is copied whole and the outcome is announced."""
    watched.context.grant_permissions(["clipboard-write"])
    watched.goto(f"{gallery}/en/gallery/components/")
    watched.locator("[data-copy=pem]").click()
    expect(watched.locator(".code [role=status]")).to_have_text("Copied.")
    # Pages may not read the clipboard (Permissions-Policy); a person pastes.
    watched.goto(f"{gallery}/en/gallery/form/")
    field = watched.locator("main textarea").first
    field.press("Control+V")
    expect(field).to_have_value(re.compile("^-----BEGIN CERTIFICATE REQUEST-----"))


@pytest.mark.browser_context_args  # the clock is that of the whole browser
def test_session_warning_offers_to_go_on(watched: Page, gallery: str) -> None:
    """Five minutes before the end a dialog asks; going on renews the session and starts anew."""
    watched.clock.install()
    watched.goto(f"{gallery}/en/gallery/sent/")
    dialog = watched.locator("dialog")
    watched.clock.fast_forward("54:00")
    expect(dialog).to_be_hidden()
    watched.clock.fast_forward("02:00")
    expect(dialog.get_by_role("heading", name="You will soon be logged out")).to_be_visible()
    with watched.expect_response(lambda answer: answer.request.method == "HEAD"):
        dialog.get_by_role("button", name="Continue").click()
    watched.clock.fast_forward("56:00")
    expect(dialog).to_be_visible()
    watched.clock.fast_forward("05:00")
    expect(dialog.get_by_role("heading", name="You have been logged out")).to_be_visible()

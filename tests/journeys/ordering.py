"""Ordering and reviewing in the browser, whichever the type and the language."""

import re

from playwright.sync_api import Page

from certportal.dev.builders.documents import pdf
from tests.journeys.steps import await_true

UNIT = "sote_unit:1.2.246.10.99000018.10.0"

EVIDENCE = "details[open] form[action*='/evidence/']"


def go_on(page: Page) -> None:
    """Press the main button of the page's form."""
    page.locator("main form[method=post] .actions button").first.click()


def begin(page: Page, base: str, type: str, *, language: str = "fi") -> str:
    """Begin an order of the type; return the address of its page."""
    page.goto(f"{base}/{language}/orders/new/")
    page.locator(f"input[name=type][value={type}]").check()
    go_on(page)
    page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}/$"))
    return page.url


def fill_in(
    page: Page, order: str, type: str, *, names: list[str], mailbox: str, unit: str = UNIT
) -> None:
    """Fill in every part but the certificate request."""
    choose_unit(page, order, unit)
    if type.endswith("server"):
        page.wait_for_url(re.compile("/part/purpose/"))
        page.locator("input[name=purpose][value=both]").check()
        go_on(page)
        page.wait_for_url(re.compile("/part/host_names/"))
        page.locator("[name=host_names]").fill("\n".join(names))
    else:
        page.wait_for_url(re.compile("/part/system/"))
        page.locator("[name=system_name]").fill(names[0])
        page.locator("[name=system_oid]").fill("1.2.246.10.99000018.12.1")
    go_on(page)
    if type == "system_signature":
        page.wait_for_url(re.compile("/part/conformity/"))
        give_conformity(page)
    fill_in_delivery(page, mailbox)


def choose_unit(page: Page, order: str, unit: str = UNIT) -> None:
    """Choose the unit of the register and confirm the names it brings."""
    page.goto(f"{order}part/unit/")
    page.locator(f"input[name=record][value='{unit}']").check()
    go_on(page)
    page.wait_for_url(re.compile("/names/"))
    go_on(page)


def fill_in_delivery(page: Page, mailbox: str) -> None:
    """Fill in validity and delivery, the last parts before the certificate request."""
    page.wait_for_url(re.compile("/part/validity/"))
    page.locator("[name=validity_months]").fill("12")
    page.locator("input[name=begins][value=at_once]").check()
    go_on(page)
    page.wait_for_url(re.compile("/part/delivery/"))
    page.locator("[name=mailbox]").fill(mailbox)
    page.locator("input[name=deliver_to][value=applicant]").check()
    go_on(page)
    page.wait_for_url(re.compile("/part/csr/"))


def give_conformity(page: Page, *, name: str = "todistus.pdf", data: bytes = b"") -> None:
    """Fill in the certificate of conformity and attach the document."""
    page.locator("[name=conformity_version]").fill("4.2")
    page.locator("input[name=conformity_class][value=A3]").check()
    page.locator("[name=conformity_number]").fill("VT-2025-0042")
    page.locator("[name=conformity_valid_until]").fill("31.12.2099")
    file = {"name": name, "mimeType": "application/pdf", "buffer": data or pdf()}
    page.locator("input[name=file]").set_input_files(file)  # type: ignore[arg-type]
    go_on(page)


def order_server(
    page: Page, base: str, csr: bytes, *, mailbox: str, language: str = "fi", unit: str = UNIT
) -> str:
    """Order a server certificate for erecept.example.fi, up to sending it; return its address."""
    order = begin(page, base, "server", language=language)
    fill_in(page, order, "server", names=["erecept.example.fi"], mailbox=mailbox, unit=unit)
    give_request(page, csr)
    return order


def give_request(page: Page, csr: bytes) -> None:
    """Upload the request and confirm the preview."""
    upload(page, csr)
    page.wait_for_url(re.compile(r"/csr/[0-9a-f-]{36}/"))
    go_on(page)
    page.wait_for_url(lambda url: "/csr/" not in url)


def upload(page: Page, csr: bytes) -> None:
    """Upload a file as the request; there is one input at a time, with scripts and without."""
    page.locator("input[name=how][value=file]").check()
    inputs = page.locator("input[name=file], textarea[name=text]")
    assert [one.get_attribute("name") for one in inputs.all() if one.is_visible()] == ["file"]
    file = {"name": "pyynto.csr", "mimeType": "application/octet-stream", "buffer": csr}
    page.locator("input[name=file]").set_input_files(file)  # type: ignore[arg-type]
    go_on(page)


def send(page: Page, order: str, *, reply: str = "") -> None:
    """Tick every declaration and send the order, or the answer with a reply in words."""
    page.goto(f"{order}check/")
    if reply:
        page.locator("[name=reply]").fill(reply)
    for box in page.locator("main input[type=checkbox]").all():
        box.check()
    go_on(page)
    page.wait_for_url(re.compile("/sent/"))


def case_of(base: str, order: str) -> str:
    """Return the address of the order's case."""
    return f"{base}/fi/console/{order.rstrip('/').rsplit('/', 1)[1]}/"


def take(page: Page, base: str, order: str) -> str:
    """As a reviewer take the case once it has come to review; return its address.

    A result of the DNS may come between looking and pressing: then one looks and presses again.
    """
    case = case_of(base, order)

    def is_taken() -> bool:
        if not offers(page, case, "claim"):
            return False
        with page.expect_navigation():
            page.locator("form[action$='/claim/'] button").click()
        return page.url == case

    await_true(is_taken, "the case never came to review", seconds=60)
    return case


def asks_for_evidence(page: Page, case: str) -> bool:
    """Whether the case, opened anew, wants evidence for a host name."""
    page.goto(case)
    return page.locator(EVIDENCE).count() > 0


def prove(page: Page, case: str) -> None:
    """Confirm the sender's right and each host name, and wait until it can be approved."""
    page.goto(case)
    confirm_right(page)
    page.goto(case)
    if page.locator(EVIDENCE).count():
        open_part(page, "hosts")
        form = page.locator(EVIDENCE)
        form.locator("input[name=evidence][value=registry]").check()
        with page.expect_navigation(url=case):
            form.locator("button:not([name])").click()

    def said() -> str:
        return f"never ready to be approved: {page.locator('main').inner_text()}"

    await_true(lambda: leads(page, case, "approve"), said, seconds=60)


def open_part(page: Page, part: str) -> None:
    """Follow the link to the part of the case; a narrow screen shows one at a time."""
    link = page.locator(f".parts a[href='#{part}']")
    if link.is_visible():
        link.click()


def confirm_right(page: Page) -> None:
    """Confirm that the sender may act for the organisation, if the case page asks for it."""
    if page.locator("#right a[href$='/right/']").count():
        open_part(page, "right")
        page.locator("#right a[href$='/right/']").click()
        page.locator("[name=note]").fill("Kaupparekisteriote 2.3.2026")
        go_on(page)
        page.wait_for_url(lambda url: "/right/" not in url)


def approve(page: Page, case: str) -> None:
    """Record evidence for each host name and approve the prepared certificate."""
    prove(page, case)
    page.locator("#decision a[href$='/approve/']").click()
    page.locator("main form[action$='/approve/'] button:not([name=then])").click()
    page.wait_for_url(case)


def ask(page: Page, case: str, part: str, reason: str) -> None:
    """As a reviewer ask for more information about one part."""
    page.goto(f"{case}ask/")
    page.locator(f"input[name=sections][value={part}]").check()
    page.locator("[name=reason]").fill(reason)
    go_on(page)
    page.locator("button[name=send]").click()
    page.wait_for_url(case)


def offers(page: Page, case: str, action: str) -> bool:
    """Whether the case, opened anew, has the button."""
    page.goto(case)
    return page.locator(f"form[action$='/{action}/'] button").count() > 0


def leads(page: Page, case: str, action: str) -> bool:
    """Whether the case, opened anew, has the link."""
    page.goto(case)
    return page.locator(f"#decision a[href$='/{action}/']").count() > 0

"""People at their browsers, who find the containers by the service's public names."""

import shutil
from collections.abc import Callable, Mapping

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.containers.service import HOST, IDENTITY_HOST, Service
from tests.journeys import ordering, steps
from tests.security_keys import SecurityKey, make_passkey

REVIEWERS = {"Riitta Ratkaisija": "riitta@example.fi", "Raimo Ratkaisija": "raimo@example.fi"}


def browser(playwright: Playwright, service: Service) -> Browser:
    """Start Debian's Chromium, which finds our names on this machine's ports.

    Not pytest-playwright's own fixture: its parameter would change the order of the tests.
    """
    names = f"MAP {HOST}:443 127.0.0.1:{service.https},"
    names += f"MAP {IDENTITY_HOST}:8443 127.0.0.1:{service.identity}"
    quiet = ["--disable-background-networking", "--disable-component-update", "--no-first-run"]
    return playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", *quiet, f"--host-resolver-rules={names}"],
    )


def context(chromium: Browser, service: Service) -> BrowserContext:
    """Return a browser of somebody's own, in which nobody has identified."""
    return chromium.new_context(base_url=service.base, ignore_https_errors=True, **steps.DESKTOP)


def make_reviewers(service: Service, visitor: Callable[[], Page]) -> None:
    """Let each reviewer identify once, and the operator make reviewers of them."""
    for name, address in REVIEWERS.items():
        page = visitor()
        steps.identify(page, name, base=service.base)
        steps.give_address(page, address, service.mails)
        service.manage("grant_reviewer", address)


def make_approvers(service: Service, seats: Mapping[str, Page]) -> dict[str, SecurityKey]:
    """Let each reviewer make a passkey, and the operator enrol it by the code they read out."""
    keys = {}
    for name, page in seats.items():
        keys[name] = SecurityKey()
        keys[name].plug_in(page)
        read_out = ["--fingerprint", make_passkey(page, service.base)]
        present = ["--operator", "Olli Operaattori", "--witness", "Ville Valvoja"]
        service.ceremony("enrol_approver", REVIEWERS[name], *read_out, *present)
    return keys


def revoke(page: Page, order: str) -> None:
    """Revoke the order's certificate, as its sender."""
    page.goto(f"{order}revoke/")
    page.locator("input[name=reason][value=key_compromise]").check()
    page.locator("[name=words]").fill("Avain on joutunut vääriin käsiin.")
    page.locator("input[name=understood]").check()
    ordering.go_on(page)
    page.wait_for_url(order)

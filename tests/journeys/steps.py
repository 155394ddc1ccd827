"""What people do in the browser, whichever the journey."""

import re
import threading
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from accounts.factors import app_codes
from accounts.models import BusinessId, Membership, Person
from accounts.services.rights.confirm import confirm_right
from certportal.foundation import clock
from certportal.foundation.actors import system

BUSINESS_ID = "9900001-8"
DESKTOP: dict[str, Any] = {
    "viewport": {"width": 1366, "height": 900},
    "timezone_id": "Europe/Helsinki",
    "accept_downloads": True,
}


def identify(page: Page, name: str, *, base: str, language: str = "fi") -> None:
    """Log in through the test provider as the named person."""
    page.goto(f"{base}/{language}/account/login/")
    page.locator("main a[href*='/account/login/start/']").click()
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url(re.compile(rf"{re.escape(base)}/(fi|sv|en)/"))


def come_in(
    page: Page, name: str, business_id: str | None, *, stack: Any, language: str = "fi"
) -> None:
    """Identify; at the first login also verify the address and found the account."""
    identify(page, name, base=stack.base, language=language)
    if "/account/email/" in page.url:
        give_address(page, f"{name.split()[0].lower()}@example.fi", stack.mails)
    if "/account/second-factor/" in page.url:
        confirm(page, stack.apps.setdefault(name, App()))
    if "/organisation/" in page.url:
        assert business_id is not None
        found_account(page, business_id)


class App:
    """Somebody's authenticator app and the sheet with their recovery codes."""

    def __init__(self) -> None:
        self.secret = ""
        self.used = 0
        self.sheet: list[str] = []

    def code(self) -> str:
        """Return a code that has not been used yet; from the sheet if the app has none to show."""
        step = max(app_codes.step_at(clock.now()), self.used + 1)
        if step > app_codes.step_at(clock.now()) + app_codes.LEEWAY:
            return self.sheet.pop()
        self.used = step
        return app_codes.code_at(self.secret, step)


def confirm(page: Page, app: App) -> None:
    """Prove the second factor; at the first login set the app up and keep the recovery codes."""
    if "/set-up/" in page.url:
        app.secret = page.locator("#secret").inner_text().replace(" ", "")
    page.locator("input[name=code]").fill(app.code())
    page.locator("form:has(input[name=code]) button").click()
    page.wait_for_url(lambda url: "/set-up/" not in url and not url.endswith("/second-factor/"))
    if "/recovery-codes/" in page.url:
        app.sheet = [one.replace(" ", "") for one in page.locator(".recovery li").all_inner_texts()]
        page.locator("main .actions a.button").click()
    page.wait_for_url(lambda url: "/second-factor/" not in url)


def give_address(page: Page, address: str, mails: Path) -> None:
    """At the first login: give the address and type the code that comes by mail."""
    earlier = len(mails_to(address, mails))
    page.locator("input[name=email]").fill(address)
    page.locator("main form button").click()
    page.wait_for_url(re.compile("/account/email/code/"))
    mail = await_mail(address, mails, later_than=earlier)
    page.locator("input[name=code]").fill(code_in(mail))
    page.locator("main form button").click()
    page.wait_for_url(lambda url: "/account/email/" not in url)


def found_account(page: Page, business_id: str = BUSINESS_ID) -> None:
    """Found the customer account of the organisation with this business ID."""
    page.locator("input[name=business_id]").fill(business_id)
    page.locator("main form button").click()
    page.locator("input[name=basis][value=mandate]").check()
    page.locator("[name=detail]").fill("Tietohallintopäällikkö")
    page.locator("main form button").click()
    page.wait_for_url(lambda url: "/organisation/" not in url)


def administrator(code: str) -> Person:
    """Return the administrator of the account, whose right a reviewer has confirmed."""
    theirs = Membership.objects.filter(organisation=BusinessId.holder(code), ended_at=None)
    right = theirs.filter(role=Membership.Role.ADMINISTRATOR).earliest("begun_at")
    if right.is_unconfirmed:
        now = clock.now()
        confirm_right(right.pk, note="kaupparekisteri", by=None, actor=system("test"), now=now)
    return right.person


def mails_to(address: str, mails: Path) -> list[EmailMessage]:
    """Return the mails to the address, the oldest first."""
    files = sorted((file.stat().st_mtime_ns, file) for file in mails.glob("*.eml"))
    read = [_mail(file, written) for written, file in files]
    return [mail for to, mail in read if address in to]


@cache
def _mail(file: Path, _written: int) -> tuple[str, EmailMessage]:
    """Return to whom a mail is and what it says, read once however often somebody looks.

    A message parses a header each time it is asked for it.
    """
    mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    return str(mail["To"]), mail


def await_mail(
    address: str, mails: Path, *, later_than: int = 0, seconds: float = 60
) -> EmailMessage:
    """Return the newest mail to the address once there are more than `later_than`."""
    more = f"no mail to {address}"
    await_true(lambda: len(mails_to(address, mails)) > later_than, more, seconds=seconds)
    return mails_to(address, mails)[-1]


def await_true(
    condition: Callable[[], bool], complaint: str | Callable[[], str], *, seconds: float = 60
) -> None:
    """Look again and again until the condition holds; AssertionError after `seconds`."""
    pause = threading.Event()
    for _look in range(int(seconds * 10)):
        if condition():
            return
        pause.wait(0.1)
    raise AssertionError(complaint() if callable(complaint) else complaint)


def files_of_certificate(page: Page) -> Locator:
    """Return the links to the certificate's files on an order's page."""
    return page.locator("a[download][href*='/files/']")


def code_in(mail: EmailMessage) -> str:
    """Return the code that a mail carries, in two groups of four digits."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"\b[0-9]{4} [0-9]{4}\b", body.get_content())
    assert found is not None
    return found[0]

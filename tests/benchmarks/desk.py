"""What a reviewer's common case costs the hand: clicks, pages, scrolling and key presses.

A server order with host names, in a browser of 1366 by 900 pixels, JavaScript on: take the next
case, record the evidence, approve and take the next in one press. Then the second person of one.
Both once with the mouse and once with the keyboard alone, and for several numbers of host names.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import override_settings
from django.test.testcases import LiveServerThread
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from accounts.models import Person
from applications import services
from applications.models import Application
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests import begun
from tests.applications.console.conftest import Desk
from tests.benchmarks.harness import Figure, figure, own_database
from tests.gallery.conftest import WHOLE

PHARMACY = "9900001-8"
WIDTH, HEIGHT = 1366, 900
HOSTS = (1, 2, 20)
"""How many host names the orders have: the cost is to be the same for each."""
MOST_STOPS = 120
PATIENCE = 300_000
"""Milliseconds to wait for a page: what is counted does not depend on how busy the machine is."""
NEXT = "main form[action$='/approve/'] button[name=then]"
HOLDS = "([target, wanted]) => document.querySelector(target)?.contains(wanted)"
IS_DEFAULT = """button => {
    const focused = document.activeElement;
    return focused.matches("form input") && focused.form.querySelector("button") === button;
}"""
"""Whether Enter in the field that has the focus presses the button: the first one of its form."""
STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"


class Hand:
    """A reviewer at a browser who counts what they do."""

    def __init__(self, page: Page, *, by_keyboard: bool) -> None:
        self.page, self.by_keyboard = page, by_keyboard
        self.clicks = self.loads = self.pixels = self.presses = 0
        page.on("load", lambda _page: setattr(self, "loads", self.loads + 1))

    def press(self, selector: str) -> None:
        """Press a button or link, and wait for the page that comes.

        To follow a skip link is to go to another place of the same page.
        """
        with self.page.expect_navigation(url=lambda url: "#" not in url, wait_until="load"):
            self._use(self.page.locator(selector).first)

    def tick(self, selector: str) -> None:
        """Choose the first of some radio buttons: one click, or coming there and the space bar."""
        wanted = self.page.locator(selector).first
        if self.by_keyboard:
            self._reach(wanted)
            self.presses += 1
            self.page.keyboard.press("Space")
            return
        self._scroll_to(wanted)
        self.clicks += 1
        wanted.check()

    def _use(self, wanted: Locator) -> None:
        if self.by_keyboard:
            if not wanted.evaluate(IS_DEFAULT):
                self._reach(wanted)
            self.presses += 1
            self.page.keyboard.press("Enter")
            return
        self._scroll_to(wanted)
        self.clicks += 1
        wanted.click()

    def _scroll_to(self, wanted: Locator) -> None:
        before = self.page.evaluate("scrollY")
        wanted.scroll_into_view_if_needed()
        self.pixels += abs(self.page.evaluate("scrollY") - before)

    def _reach(self, wanted: Locator) -> None:
        """Press Tab until the element has the focus; skip links are used where they lead to it."""
        element = wanted.element_handle()
        for _stop in range(MOST_STOPS):
            if self.page.evaluate("one => document.activeElement === one", element):
                return
            self.page.keyboard.press("Tab")
            self.presses += 1
            target = self.page.evaluate(
                "() => document.activeElement.matches('.skip') && document.activeElement.hash"
            )
            leads = target not in {False, "#main"}
            if leads and self.page.evaluate(HOLDS, [target, element]):
                self.page.keyboard.press("Enter")
                self.presses += 1
        raise AssertionError("Tab never comes there")


def run() -> list[Figure]:
    """Return what each person's way costs; the floors are what the issue allows."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright runs a loop in this thread
    found: list[Figure] = []
    with own_database(), _served() as base, sync_playwright() as playwright, _settings():
        browser = playwright.chromium.launch(**WHOLE)
        matti = people.make_founder("Matti Meikäläinen", PHARMACY, now=clock.now())
        riitta, raimo = (people.make_reviewer(name) for name in ("Riitta Yksi", "Raimo Kaksi"))
        for by_keyboard, hosts in product((False, True), HOSTS):
            for _ in range(2):
                waiting(matti, hosts)
            about = f"{hosts} host names" if hosts > 1 else "1 host name"
            hand = _sit_down(browser, base, riitta, by_keyboard=by_keyboard)
            first(hand)
            found += _figures(f"first person, {about}", hand, clicks=4, loads=3)
            hand = _sit_down(browser, base, raimo, by_keyboard=by_keyboard)
            second(hand)
            found += _figures(f"second person, {about}", hand, clicks=3, loads=2)
        browser.close()
    return found


def first(hand: Hand) -> None:
    """Take the next case, record the evidence, approve and take the next."""
    hand.press("form[action$='/take-next/'] button")
    orders.drain()
    hand.tick("#hosts details[open] input[name=evidence]")
    hand.press("#hosts details[open] button[name=approve]")
    hand.press(NEXT)


def second(hand: Hand) -> None:
    """Take the next case as the second person, approve and take the next."""
    hand.press("form[action$='/take-next/'] button")
    hand.press(NEXT)
    orders.drain()


def _figures(who: str, hand: Hand, *, clicks: int, loads: int) -> Iterator[Figure]:
    """Yield what it cost; `clicks` and `loads` are what the issue allows."""
    if hand.by_keyboard:
        yield figure(f"{who}, key presses without a mouse", hand.presses, "presses", 25)
        return
    yield figure(f"{who}, clicks", hand.clicks, "clicks", clicks)
    yield figure(f"{who}, pages loaded", hand.loads, "pages", loads)
    yield figure(f"{who}, scrolled", hand.pixels, "px")


def waiting(matti: Person, hosts: int) -> Application:
    """Return an order for so many host names in the queue, promised for tomorrow."""
    order = orders.with_csr(matti)
    names = [f"{'erecept' if nth == 0 else f'palvelin{nth}'}.example.fi" for nth in range(hosts)]
    seen = orders.Handler(matti, order).seen
    services.save_section(order.pk, "host_names", {"host_names": names}, **seen)
    order.refresh_from_db()
    orders.submit(matti, order)
    orders.drain()
    soon = clock.day(clock.now()) + timedelta(days=1)
    Application.objects.filter(pk=order.pk).update(due_on=soon)
    return order


def _sit_down(browser: Browser, base: str, person: Person, *, by_keyboard: bool) -> Hand:
    """Open the queue as the person; the page they begin at is not counted."""
    desk = Desk(person)
    desk.confirm()
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    session = desk.client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    with translation.override("fi"):
        page.goto(base + reverse("console:queue"))
    return Hand(page, by_keyboard=by_keyboard)


@contextmanager
def _settings() -> Iterator[None]:
    """Registers and CAs in memory, two persons for production."""
    from django.conf import settings

    with tempfile.TemporaryDirectory() as folder, override_settings():
        settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
        settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
        begun.put_sample(now=clock.now())
        begun.put_hierarchy(settings, Path(folder))
        yield


@contextmanager
def _served() -> Iterator[str]:
    """Serve the pages and their styles from a thread."""
    from django.conf import settings

    storages: dict[str, Any] = settings.STORAGES | {"staticfiles": {"BACKEND": STATIC}}
    with override_settings(STORAGES=storages, ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False):
        thread = LiveServerThread("localhost", StaticFilesHandler)
        thread.daemon = True
        thread.start()
        thread.is_ready.wait()
        if thread.error:
            raise thread.error
        try:
            yield f"http://localhost:{thread.port}"
        finally:
            thread.terminate()
            thread.join()

"""The tour in pictures: `./portal tour` makes docs/tour.md from the service as it runs.

It is a journey like the others, by the same steps, but asserts nothing and is no part of the suite.
"""

import io
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from PIL import Image
from playwright.sync_api import Page

from applications import services
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from tests.journeys import ordering, requests, steps

DOCS = Path(__file__).parents[2] / "docs"
HEAD = """# A tour in pictures

One order from the start page to the certificate and its revocation, as `./portal tour` took it:
the applicant's pages in Finnish, the narrow ones (320 px) in Swedish, the reviewer's at 1366 px and
two of them at 1920 px. Names, register and business ID are invented.
"""
WIDE, WIDER, NARROW = (1366, 900), (1920, 1080), (320, 700)


@dataclass
class Tour:
    """Takes pictures one after another, and writes the page that shows them."""

    base: str
    parts: list[str] = field(default_factory=lambda: [HEAD])
    taken: int = 0

    def chapter(self, title: str) -> None:
        """Begin a part of the tour."""
        self.parts.append(f"## {title}\n")

    def show(
        self,
        page: Page,
        name: str,
        caption: str,
        *,
        address: str = "",
        size: tuple[int, int] = WIDE,
        language: str = "",
    ) -> None:
        """Take a picture of the page, or of another address in another language."""
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if address or language:
            target = address or page.url
            page.goto(re.sub(r"/fi/", f"/{language or 'fi'}/", target, count=1))
        self.taken += 1
        file = f"{self.taken:02}-{name}.webp"
        picture = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
        picture.save(DOCS / "tour" / file, quality=60, method=6)
        self.parts.append(f"{caption}\n\n![{caption}](tour/{file})\n")
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})

    def narrow(self, page: Page, name: str, caption: str, address: str = "") -> None:
        """Take a picture of it as a Swedish telephone shows it."""
        self.show(page, name, caption, address=address or page.url, size=NARROW, language="sv")

    def write(self) -> None:
        """Write docs/tour.md."""
        (DOCS / "tour.md").write_text("\n".join(self.parts), encoding="utf-8")


OTHERS = (
    # Who, the business ID, the unit, the type, the name in it, and how many days ago it was sent.
    ("Kirsi Klinikka", "9900008-5", "1.2.246.10.99000085.10.0", "server", "klinikka.example.fi", 7),
    (
        "Liisa Lääkäri",
        "9900011-4",
        "1.2.246.10.99000114.10.0",
        "system_signature",
        "Potilaskertomus",
        6,
    ),
    ("Kaisa Kiireinen", "9900002-6", "1.2.246.10.99000026.10.0", "server", "resepti.example.fi", 5),
    (
        "Kirsi Klinikka",
        "9900008-5",
        "1.2.246.10.99000085.10.0",
        "test_server",
        "testi.example.fi",
        4,
    ),
    (
        "Kaisa Kiireinen",
        "9900002-6",
        "1.2.246.10.99000026.10.0",
        "test_server",
        "koe.example.fi",
        3,
    ),
    (
        "Liisa Lääkäri",
        "9900011-4",
        "1.2.246.10.99000114.10.0",
        "server",
        "vastaanotto.example.fi",
        2,
    ),
    (
        "Kirsi Klinikka",
        "9900008-5",
        "1.2.246.10.99000085.10.0",
        "system_signature",
        "Klinikka Plus",
        1,
    ),
)


@pytest.fixture
def others(
    stack: Any, database: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> list[Application]:
    """Orders of others that have been sent in the last days, and checked."""
    settings.PORTAL_DATA = stack.data
    now, founders, sent = clock.now, {}, []
    for person, code, unit, kind, named, days in OTHERS:
        monkeypatch.setattr(clock, "now", lambda days=days: now() - timedelta(days=days))
        if code not in founders:
            founders[code] = people.make_founder(person, code, now=clock.now())
        order = orders.draft(founders[code], kind, unit=unit)
        part: tuple[str, dict[str, Any]] = "host_names", {"host_names": [named]}
        csr = orders.openssl_csr(named)
        if kind == "system_signature":
            part = "system", {"system_name": named, "system_oid": order.system_oid}
            csr = orders.csr_with("-subj", f"/C=FI/CN={named}")
        act(founders[code], services.save_section, order, *part)
        orders.upload(founders[code], order, csr)
        orders.submit(founders[code], order)
        sent.append(order)
    monkeypatch.undo()
    keys = [order.pk for order in sent]
    checked = Application.objects.filter(pk__in=keys, status=Status.IN_REVIEW)
    steps.await_true(lambda: checked.count() == len(sent), "not all were checked", seconds=60)
    return sent


def test_tour(stack, browser, others, matti, riitta, raimo, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Take the pictures anew."""
    folder = DOCS / "tour"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    tour = Tour(stack.base)
    visitor = browser.new_page(base_url=stack.base)
    before(tour, visitor)
    order = apply(tour, matti, requests.openssl(tmp_path, "erecept.example.fi").csr)
    case = review(tour, riitta, order)
    after(tour, matti, order)
    oversee(tour, riitta, visitor, case)
    visitor.close()
    tour.write()


def before(tour: Tour, visitor: Page) -> None:
    """Show what somebody sees who has not come in."""
    tour.chapter("Before coming in")
    start = f"{tour.base}/fi/"
    tour.show(
        visitor, "start", "The start page says what one can order, and for whom.", address=start
    )
    tour.narrow(visitor, "start-narrow", "The same on a telephone, in Swedish.", start)


def apply(tour: Tour, matti: Page, csr: bytes) -> str:
    """Fill in an order and send it; return its address."""
    tour.chapter("Ordering")
    order = ordering.begin(matti, tour.base, "server")
    tour.show(matti, "parts", "An order is made of parts, in the order in which one knows them.")
    ordering.fill_in(
        matti, order, "server", names=["erecept.example.fi"], mailbox="tekniikka@example.fi"
    )
    tour.show(matti, "request", "The certificate request is attached, or a technician brings it.")
    ordering.upload(matti, csr)
    matti.wait_for_url(re.compile(r"/csr/[0-9a-f-]{36}/"))
    tour.show(matti, "request-read", "What the request says is shown beside what is ordered.")
    ordering.go_on(matti)
    matti.wait_for_url(lambda url: "/csr/" not in url)
    tour.show(matti, "check", "Everything on one page before it is sent.", address=f"{order}check/")
    tour.narrow(matti, "check-narrow", "The same page, narrow.", f"{order}check/")
    ordering.send(matti, order)
    tour.show(matti, "sent", "Sent: by which day it is decided, and what comes next.")
    return order


def review(tour: Tour, riitta: Page, order: str) -> str:
    """Take the case, look at it and approve it; return its address."""
    tour.chapter("Reviewing")
    case = ordering.take(riitta, tour.base, order)
    queue = f"{tour.base}/fi/console/"
    tour.show(riitta, "queue", "The queue: the promised day first.", address=queue)
    tour.show(riitta, "queue-wide", "The queue at 1920 px.", address=queue, size=WIDER)
    tour.show(riitta, "case", "A case: the checklist left, the evidence right.", address=case)
    tour.show(riitta, "case-wide", "The case at 1920 px.", address=case, size=WIDER)
    ordering.prove(riitta, case)
    riitta.goto(case)
    riitta.locator("#decision a[href$='/approve/']").click()
    tour.show(riitta, "approve", "What is approved are these bytes, and no others.")
    riitta.locator("main form[action$='/approve/'] button:not([name=then])").click()
    riitta.wait_for_url(case)
    return case


def after(tour: Tour, matti: Page, order: str) -> None:
    """Show what the applicant has once the certificate is there."""
    tour.chapter("After delivery")

    def delivered() -> bool:
        matti.goto(order)
        return steps.files_of_certificate(matti).count() > 0

    steps.await_true(delivered, "no certificate came", seconds=60)
    home = f"{tour.base}/fi/home/"
    tour.show(matti, "order", "The order, with its certificate first.", address=order)
    tour.show(matti, "home", "The account: what needs me, what is under way.", address=home)
    tour.narrow(matti, "home-narrow", "The account, narrow.", home)
    certificates = f"{tour.base}/fi/certificates/"
    tour.show(matti, "certificates", "All certificates with their last days.", address=certificates)


def oversee(tour: Tour, riitta: Page, visitor: Page, case: str) -> None:
    """Show what the authority looks at besides cases."""
    tour.chapter("The authority")
    console = f"{tour.base}/fi/console/"
    tour.show(riitta, "numbers", "How the promise is kept.", address=f"{console}numbers/")
    tour.show(riitta, "events", "Every act is an event.", address=f"{console}events/")
    tour.show(riitta, "revoke", "A certificate is revoked for good.", address=f"{case}revoke/")
    authorities = f"{tour.base}/fi/authorities/"
    tour.show(visitor, "authorities", "What everybody may check.", address=authorities)

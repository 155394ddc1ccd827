"""A supplier with three customers: consents, requests for all of them at once, the end of one."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.conf import LazySettings
from playwright.sync_api import expect

from applications.models import Application
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests import suppliers
from tests.journeys import ordering, steps

SUPPLIER = "9900022-9"
HOSTS = ("apteekki.example.fi", "klinikka.example.fi", "vastaanotto.example.fi")
CLINIC, PRACTICE = "1.2.246.10.99000085.10.0", "1.2.246.10.99000114.10.0"


@pytest.fixture
def kalle(seat):
    """The supplier's technician's browser, the supplier's account founded."""
    return seat("Kalle Konsultti", SUPPLIER)


@pytest.fixture
def waiting(stack, matti, kalle, database, settings: LazySettings):
    """Orders of three customers that wait for their requests; two of them have consented."""
    settings.PORTAL_DATA = stack.data
    supplier = steps.administrator(SUPPLIER)
    pharmacist = steps.administrator(steps.BUSINESS_ID)
    made = [orders.waiting_for_contact(pharmacist, host=HOSTS[0])]
    for name, code, unit, host in (
        ("Kirsi Klinikka", "9900008-5", CLINIC, HOSTS[1]),
        ("Liisa Lääkäri", "9900011-4", PRACTICE, HOSTS[2]),
    ):
        founder = people.make_founder(name, code, now=clock.now())
        suppliers.consent(founder, supplier)
        made.append(orders.waiting_for_contact(founder, unit=unit, host=host))
    return made


def give_consent(page, base: str) -> None:
    """As the customer's administrator let the supplier act."""
    page.goto(f"{base}/fi/account/members/")
    page.locator("main a[href$='/suppliers/']").click()
    page.locator("input[name=business_id]").fill(SUPPLIER)
    ordering.go_on(page)
    page.wait_for_url(re.compile(f"/suppliers/{SUPPLIER}/"))
    until = clock.day(clock.now()) + timedelta(days=365)
    page.locator("input[name=until]").fill(f"{until:%d.%m.%Y}")
    ordering.go_on(page)
    page.wait_for_url(re.compile("/account/suppliers/$"))


def packed() -> bytes:
    """Return a ZIP archive of a request for each order."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for host in HOSTS:
            bundle.writestr(f"{host}.csr", orders.openssl_csr(host))
    return archive.getvalue()


def has_left_waiting(order: Application) -> bool:
    order.refresh_from_db()
    return order.status not in {"awaiting_csr", "checking"}


def test_from_the_consent_to_the_certificate_and_the_end(stack, matti, kalle, riitta, waiting):
    base, desk = stack.base, f"{stack.base}/fi/customers/"
    give_consent(matti, base)
    steps.await_mail("kalle@example.fi", stack.mails)

    kalle.goto(f"{base}/fi/home/")
    kalle.locator(f"nav a[href='{desk.removeprefix(base)}']").click()
    for order in waiting:
        expect(kalle.locator("main .todo")).to_contain_text(order.number)
    kalle.locator("main a.button[href$='/requests/']").click()
    archive = {"name": "pyynnot.zip", "mimeType": "application/zip", "buffer": packed()}
    kalle.locator("input[name=requests]").set_input_files(archive)
    ordering.go_on(kalle)
    expect(kalle.locator("main td .tag--success")).to_have_count(len(HOSTS))

    mine = waiting[0]
    order = f"{base}/fi/orders/{mine.pk}/"
    steps.await_true(lambda: has_left_waiting(mine), "never checked", seconds=60)
    ordering.approve(riitta, ordering.take(riitta, base, order))
    page = f"{base}/fi/technical/{mine.pk}/"
    steps.await_true(
        lambda: kalle.goto(page) and steps.files_of_certificate(kalle).count() > 0,
        "the certificate never came",
        seconds=60,
    )
    kalle.goto(f"{desk}certificates/")
    expect(kalle.locator("main tbody")).to_contain_text(HOSTS[0])

    matti.goto(order)
    matti.locator("#history summary, details summary").last.click()
    expect(matti.locator("main")).to_contain_text("Kalle Konsultti, Esimerkki Kanta-välitys Oy")

    matti.goto(f"{base}/fi/account/suppliers/")
    matti.locator("main a[href$='/end/']").click()
    ordering.go_on(matti)
    matti.wait_for_url(re.compile("/account/suppliers/$"))
    assert kalle.goto(page).status == 404
    kalle.goto(desk)
    expect(kalle.locator("main")).not_to_contain_text(mine.number)
    expect(kalle.locator("main tbody tr")).to_have_count(2)

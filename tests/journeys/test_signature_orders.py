"""System signatures in the browser: with and without the certificate of conformity, and by an
intermediary in its own name."""

import re
import subprocess

from certportal.dev.builders.documents import pdf
from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package

HOSPITAL = "sote_unit:1.2.246.10.99000093.10.100"


def system(page, name: str, oid: str) -> None:
    """Fill in the information system."""
    page.locator("[name=system_name]").fill(name)
    page.locator("[name=system_oid]").fill(oid)
    ordering.go_on(page)


def test_a_private_provider_with_and_without_the_certificate_of_conformity(
    stack, matti, riitta, tmp_path
):
    mailbox = "yksityinen@example.fi"
    request = requests.openssl(tmp_path, "Apteekki Plus", kind="ec")
    order = ordering.begin(matti, stack.base, "system_signature")
    ordering.fill_in(matti, order, "system_signature", names=["Apteekki Plus"], mailbox=mailbox)
    ordering.give_request(matti, request.csr)
    matti.goto(f"{order}part/conformity/")
    matti.locator("form[action$='/remove/'] button").click()
    matti.goto(f"{order}check/")
    assert matti.locator("main .notice a[href$='/part/conformity/']").count() == 1
    assert matti.locator("main form[method=post]").count() == 0

    matti.goto(f"{order}part/conformity/")
    ordering.give_conformity(matti, data=b"<html>ei mikaan pdf</html>")
    assert matti.locator("[name=conformity_number]").input_value() == "VT-2025-0042"
    assert matti.locator(".field--error input[name=file]").count() == 1
    ordering.give_conformity(matti, data=pdf("Todistus 42"), name="../\u202etodistus.pdf")
    matti.wait_for_url(lambda url: "/part/conformity/" not in url)
    ordering.send(matti, order)

    case = ordering.take(riitta, stack.base, order)
    frame = riitta.locator("iframe.paper")
    shown = riitta.request.get(stack.base + frame.get_attribute("src"))
    assert shown.headers["content-type"] == "application/pdf"
    assert "Todistus 42" in text_of(shown.body())
    original = riitta.request.get(
        stack.base + riitta.locator("main a", has_text="Lataa alkuperäinen").get_attribute("href")
    )
    assert original.body() == pdf("Todistus 42")
    ordering.approve(riitta, case)
    Package.of(steps.await_mail(mailbox, stack.mails), tmp_path).check(request)


def text_of(paper: bytes) -> str:
    return subprocess.run(["pdftotext", "-", "-"], input=paper, capture_output=True).stdout.decode()


def test_the_receipt_comes_by_mail_and_from_the_account(stack, matti, tmp_path):
    csr = requests.openssl(tmp_path, "erecept.example.fi").csr
    order = ordering.order_server(matti, stack.base, csr, mailbox="k@example.fi")
    ordering.send(matti, order)
    matti.goto(order)
    matti.locator("details:has(a[href*='/receipts/']) > summary").click()
    receipt = matti.locator("main a[href*='/receipts/']")
    with matti.expect_download() as download:
        receipt.click()  # it may have to wait a moment for the worker
    paper = download.value.path().read_bytes()
    number = re.search(r"SV-\d{4}-\d+", matti.locator("main").inner_text())[0]
    text = text_of(paper)
    assert number in text
    assert "Matti Meikäläinen" in text

    def mailed() -> bool:
        return any(
            part.get_filename() == f"{number}_receipt.pdf" and part.get_content() == paper
            for mail in steps.mails_to("matti@example.fi", stack.mails)
            for part in mail.iter_attachments()
        )

    steps.await_true(mailed, "the receipt never came")


def test_a_public_provider_is_not_asked(stack, seat, riitta, tmp_path):
    maija = seat("Maija Mallikas", "9900009-3")
    mailbox = "julkinen@example.fi"
    request = requests.openssl(tmp_path, "Sairaalajarjestelma", kind="ec")
    order = ordering.begin(maija, stack.base, "system_signature")
    maija.goto(f"{order}part/unit/?q=Järvirannan+keskussairaala")
    maija.locator(f"input[name=record][value='{HOSPITAL}']").check()
    ordering.go_on(maija)
    maija.wait_for_url(re.compile("/names/"))
    ordering.go_on(maija)
    maija.goto(order)
    assert maija.locator("a[href$='/part/conformity/']").count() == 0
    maija.goto(f"{order}part/system/")
    system(maija, "Sairaalajarjestelma", "1.2.246.10.99000093.12.1")
    ordering.fill_in_delivery(maija, mailbox)
    ordering.give_request(maija, request.csr)
    ordering.send(maija, order)
    case = ordering.take(riitta, stack.base, order)
    assert riitta.locator("iframe.paper").count() == 0
    ordering.approve(riitta, case)
    Package.of(steps.await_mail(mailbox, stack.mails), tmp_path).check(request)


def test_an_intermediary_orders_in_its_own_name(stack, seat, riitta, raimo, tmp_path):
    valma = seat("Kalle Konsultti", "9900022-9")
    mailbox = "valittaja@example.fi"
    request = requests.openssl(tmp_path, "Liityntapiste", kind="ec")
    order = ordering.begin(valma, stack.base, "system_signature")
    valma.goto(f"{order}part/unit/")
    assert "Esimerkki Kanta-välitys Oy" in valma.locator("main").inner_text()
    assert valma.locator("input[name=record]").count() == 0
    valma.goto(f"{order}part/system/")
    system(valma, "Liityntapiste", "1.2.246.10.99000229.12.1")
    ordering.fill_in_delivery(valma, mailbox)
    ordering.give_request(valma, request.csr)
    valma.goto(f"{order}part/technical/")
    assert valma.locator("[name=technical_organisation]").input_value() == "Kanta-välittäjä"
    assert valma.locator("[name=technical_organisation]").is_disabled()
    ordering.send(valma, order)
    case = ordering.take(riitta, stack.base, order)
    ordering.approve(riitta, case)
    ordering.approve(raimo, case)  # an intermediary's first certificate takes two
    package = Package.of(steps.await_mail(mailbox, stack.mails), tmp_path)
    assert "Esimerkki Kanta-välitys Oy" in package.shows("-subject")

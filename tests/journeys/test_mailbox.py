"""An e-mail certificate: the mailbox proves itself by a mailed code, then the two files come."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package


def ask_for_code(page: Page, address: str) -> None:
    page.locator("[name=certified_email]").fill(address)
    page.locator("main form:has([name=certified_email]) .actions button").click()
    page.wait_for_selector("[name=code]")


def type_code(page: Page, code: str) -> None:
    page.locator("[name=code]").fill(code)
    page.locator("main form:has([name=code]) .actions button").click()


@pytest.mark.parametrize("kind", ["2048", "ec"])
def test_from_the_mailed_code_to_the_two_files(stack, matti, riitta, tmp_path, kind):
    certified, mailbox = f"kirjaamo-{kind}@example.fi", f"yllapito-{kind}@example.fi"
    request = requests.openssl(tmp_path, certified, kind=kind)
    order = ordering.begin(matti, stack.base, "email")
    ordering.choose_unit(matti, order)
    matti.wait_for_url(re.compile("/part/mailbox_proof/"))

    ask_for_code(matti, certified)
    mail = steps.await_mail(certified, stack.mails)
    code = steps.code_in(mail)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**8:08}"
    type_code(matti, wrong)
    expect(matti.locator(".error-summary")).to_be_visible()
    type_code(matti, code)

    ordering.fill_in_delivery(matti, mailbox)
    matti.wait_for_url(re.compile("/part/csr/"))
    ordering.give_request(matti, request.csr)
    ordering.send(matti, order)
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))

    package = Package.of(steps.await_mail(mailbox, stack.mails), tmp_path)
    package.check(request)
    assert f"email:{certified}" in package.shows("-text")
    assert f"CN=kirjaamo-{kind}@example.fi" in package.shows("-subject").replace(" = ", "=")
    matti.goto(order)
    assert steps.files_of_certificate(matti).count() == 6

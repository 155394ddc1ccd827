"""Revoked in the browser; openssl sees it in list and status at the certificate's addresses."""

import re
import subprocess
import urllib.request

import pytest
from cryptography import x509
from playwright.sync_api import expect

from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package
from tests.journeys.requests import run

MAILBOX = "sulku@example.fi"
WORDS = "Avain jäi vanhalle levylle."


@pytest.fixture(scope="module")
def delivered(stack, matti, riitta, tmp_path_factory):
    """An order whose certificate has come by mail: its address and the package."""
    folder = tmp_path_factory.mktemp("revocation")
    request = requests.openssl(folder, "erecept.example.fi", kind="ec")
    order = ordered(stack, matti, riitta, request, MAILBOX)
    return order, Package.of(steps.await_mail(MAILBOX, stack.mails), folder)


def ordered(stack, matti, riitta, request, mailbox):
    """Order a certificate and have it approved; return the order's address."""
    order = ordering.order_server(matti, stack.base, request.csr, mailbox=mailbox)
    before = len(steps.mails_to("matti@example.fi", stack.mails))
    ordering.send(matti, order)
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))
    steps.await_mail("matti@example.fi", stack.mails, later_than=before)  # the receipt
    return order


def list_address(package):
    """Return where the certificate says that its revocation list is."""
    found = x509.load_der_x509_certificate(package.der.read_bytes())
    points = found.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (name,) = points[0].full_name
    return name.value


def listed(package, folder):
    """Fetch the list and return what openssl says of it."""
    with urllib.request.urlopen(list_address(package), timeout=30) as answer:
        (folder / "list.crl").write_bytes(answer.read())
    return run("openssl", "crl", "-in", folder / "list.crl", "-inform", "DER", "-noout", "-text")


def status(package, folder):
    """Return what openssl is told at the address for status that the certificate names."""
    (address,) = package.shows("-ocsp_uri").split()
    issuer = address.replace("/ocsp/", "/ca/") + ".crt"
    with urllib.request.urlopen(issuer, timeout=30) as answer:
        (folder / "issuer.crt").write_bytes(answer.read())
    known = ["-issuer", folder / "issuer.crt", "-CAfile", package.chain]
    return run("openssl", "ocsp", *known, "-cert", package.pem, "-url", address).decode()


def test_from_the_account_to_the_list_and_the_mails(stack, matti, delivered, tmp_path):
    order, package = delivered
    serial = package.shows("-serial").strip().partition("=")[2]
    assert list_address(package).startswith(stack.base)
    assert serial not in listed(package, tmp_path).decode()
    assert ": good" in status(package, tmp_path)
    before = {who: len(steps.mails_to(who, stack.mails)) for who in (MAILBOX, "matti@example.fi")}

    matti.goto(order)
    matti.locator("main a[href$='/revoke/']").click()
    ordering.go_on(matti)  # neither reason nor confirmation: nothing happens
    expect(matti.locator("main .field--error")).to_have_count(2)
    matti.locator("input[name=reason][value=key_compromise]").check()
    matti.locator("[name=words]").fill(WORDS)
    matti.locator("input[name=understood]").check()
    ordering.go_on(matti)
    matti.wait_for_url(order)
    expect(matti.locator("main")).to_contain_text(WORDS)

    steps.await_true(
        lambda: serial in listed(package, tmp_path).decode(), "never on the list", seconds=60
    )
    text = listed(package, tmp_path).decode()
    assert "Key Compromise" in text.partition(serial)[2]
    steps.await_true(lambda: ": revoked" in status(package, tmp_path), "still good", seconds=60)
    assert "Reason: keyCompromise" in status(package, tmp_path)
    for address, earlier in before.items():
        mail = steps.await_mail(address, stack.mails, later_than=earlier)
        assert serial.lower() in mail.get_body(("plain",)).get_content().lower()
        assert WORDS not in mail.get_body(("plain",)).get_content()


def test_afterwards_the_account_says_so_and_offers_it_no_more(stack, matti, delivered):
    order, _package = delivered
    matti.goto(order)
    expect(matti.locator("main .notice--error")).to_be_visible()
    assert matti.locator("main a[href$='/revoke/']").count() == 0
    assert steps.files_of_certificate(matti).count() == 5
    matti.goto(f"{stack.base}/en/certificates/")
    expect(matti.locator("main table")).to_contain_text("Revoked")


def test_the_revoked_order_is_the_template_of_a_new_one(matti, delivered):
    order, _package = delivered
    matti.goto(order)
    matti.locator("main a[href$='/again/']").click()
    ordering.go_on(matti)
    matti.wait_for_url(lambda url: "/orders/" in url and "/again/" not in url)
    assert matti.url != order
    expect(matti.locator("main")).to_contain_text("erecept.example.fi")


def test_at_night_by_the_private_key_alone(stack, matti, riitta, browser, tmp_path):
    """From the foot of the start page, by somebody who cannot log in, as the pages say."""
    mailbox = "yolla@example.fi"
    request = requests.openssl(tmp_path, "erecept.example.fi", kind="2048")
    order = ordered(stack, matti, riitta, request, mailbox)
    package = Package.of(steps.await_mail(mailbox, stack.mails), tmp_path)
    serial = package.shows("-serial").strip().partition("=")[2]

    tekla = browser.new_page(base_url=stack.base)
    tekla.goto("/fi/")
    tekla.locator("footer a[href$='#revoke']").click()
    expect(tekla.locator("#revoke")).to_be_in_viewport()
    tekla.locator("main a[href$='/revoke-by-key/']").click()
    tekla.locator("[name=text]").fill(package.pem.read_text())
    ordering.go_on(tekla)
    tekla.wait_for_url(re.compile("/revoke-by-key/[^/]{43}/$"))
    tekla.locator("[name=text]").fill(signed(tekla, request.key, tmp_path))
    ordering.go_on(tekla)
    expect(tekla.locator("main .notice--success")).to_be_visible()
    assert tekla.context.cookies() == []
    tekla.close()

    steps.await_true(
        lambda: serial in listed(package, tmp_path).decode(), "never on the list", seconds=60
    )
    assert "Key Compromise" in listed(package, tmp_path).decode().partition(serial)[2]
    steps.await_true(lambda: ": revoked" in status(package, tmp_path), "still good", seconds=60)
    steps.await_mail(mailbox, stack.mails, later_than=1)
    matti.goto(order)
    expect(matti.locator("main .notice--error")).to_be_visible()


def signed(page, key, folder):
    """Follow the page's commands beside the key; return the signature they print."""
    (folder / "key.pem").write_bytes(key.read_bytes())
    commands = page.locator("#commands").inner_text()
    done = subprocess.run(["sh", "-ec", commands], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()

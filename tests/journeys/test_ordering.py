"""From identification to the certificate in the mail, each type of certificate."""

import pytest

from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package

SYSTEM = "Apteekki Plus"
ORDERS = [
    ("server", "erecept.example.fi", requests.openssl, "ec"),
    ("server", "varasto.example.fi", requests.gnutls, "2048"),
    ("test_server", "testi.example.fi", requests.gnutls, "ec"),
    ("system_signature", SYSTEM, requests.openssl, "2048"),
    ("test_system_signature", SYSTEM, requests.openssl, "ec"),
]


@pytest.fixture(scope="module")
def chains(stack, browser, tmp_path_factory):
    """Return the chain files that the page of authorities offers, by environment."""
    folder = tmp_path_factory.mktemp("chains")
    page = browser.new_page(base_url=stack.base)
    page.goto("/fi/authorities/")
    found = {"test": folder / "test.pem", "production": folder / "production.pem"}
    for link in page.locator("main a[href$='.pem']").all():
        address = link.get_attribute("href")
        kind = "test" if "test" in address else "production"
        with found[kind].open("ab") as chain:
            chain.write(page.request.get(address).body())
    page.close()
    return found


@pytest.mark.parametrize(
    ("type", "name", "tool", "kind"), ORDERS, ids=lambda value: getattr(value, "__name__", value)
)
def test_from_order_to_mail(stack, matti, riitta, tmp_path, chains, type, name, tool, kind):
    request = tool(tmp_path, name, kind=kind)
    mailbox = f"{type}-{kind}@example.fi".replace("_", "-")
    order = ordering.begin(matti, stack.base, type)
    ordering.fill_in(matti, order, type, names=[name], mailbox=mailbox)
    ordering.give_request(matti, request.csr)
    ordering.send(matti, order)
    case = ordering.take(riitta, stack.base, order)
    ordering.approve(riitta, case)

    package = Package.of(steps.await_mail(mailbox, stack.mails), tmp_path)

    package.check(request)
    own, other = ("test", "production") if "test" in type else ("production", "test")
    assert package.verifies_against(chains[own])
    assert not package.verifies_against(chains[other])
    assert "Helsingin VI apteekki" in package.shows("-subject").encode().decode("unicode_escape")
    assert name in package.shows("-subject" if name == SYSTEM else "-text")
    matti.goto(order)
    for link in matti.locator("a[download]").all():
        assert matti.request.get(link.get_attribute("href")).ok
    assert steps.files_of_certificate(matti).count() == 6

"""A record in the DNS, found by the worker, is the evidence on which a certificate is given."""

import pytest
from playwright.sync_api import expect

from tests.dns_servers import name_servers
from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package

HOST, ZONE = "erecept.example.fi", "example.fi"
MAILBOX = "nimipalvelu@example.fi"


@pytest.fixture(scope="module")
def name_server(stack):
    """Real name servers with signed zones, whose validating resolver the service asks."""
    with name_servers() as running:
        address, port = running.resolver
        stack.restart("web", "default", extra={"DOMAIN_RESOLVERS": f"{address}:{port}"})
        yield running
        stack.restart("web", "default", extra={})


def add_domain(page, order):
    """Go from the order's host names to the domains and add one; return the record to publish."""
    page.goto(f"{order}part/host_names/")
    page.locator("main a[href$='/domains/']").click()
    page.locator("input[type=text][name=name]").fill(HOST)
    page.locator("main form:has(input[type=text][name=name]) button").click()
    section = page.locator("main section", has=page.locator("h2", has_text=HOST))
    place = section.locator("code[id^=place-]").inner_text()
    return f'{place}. TXT "{section.locator("code[id^=record-]").inner_text()}"'


def test_from_the_record_to_the_certificate(stack, name_server, matti, riitta, tmp_path):
    request = requests.openssl(tmp_path, HOST)
    order = ordering.order_server(matti, stack.base, request.csr, mailbox=MAILBOX)
    record = add_domain(matti, order)
    assert record.startswith(f"_sote-validation.{HOST}. ")
    name_server.publish(ZONE, record)
    ordering.send(matti, order)

    case = ordering.take(riitta, stack.base, order)
    item = riitta.locator("#checklist .marks__item--done", has_text=HOST)
    steps.await_true(
        lambda: riitta.goto(case) and item.count() == 1, "the record was never found", seconds=30
    )
    assert not ordering.asks_for_evidence(riitta, case)
    expect(riitta.locator("#hosts")).to_contain_text("Palvelun löytämä")
    ordering.approve(riitta, case)
    Package.of(steps.await_mail(MAILBOX, stack.mails), tmp_path).check(request)

    matti.goto(f"{stack.base}/fi/orders/domains/")
    expect(matti.locator("main h2 .tag--success")).to_have_count(1)

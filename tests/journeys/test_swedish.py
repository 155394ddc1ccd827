"""Linnea reads Swedish: every page she opens and every mail she gets is Swedish."""

import re

from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package

UNIT = "sote_unit:1.2.246.10.99000042.10.0"


def test_every_page_and_mail_is_swedish(stack, seat, riitta, tmp_path):
    linnea = seat("Linnea Lindqvist", "9900004-2", language="sv", locale="sv-FI")
    opened = []
    linnea.on("framenavigated", lambda frame: opened.append(frame.url))
    request = requests.openssl(tmp_path, "erecept.example.fi", kind="2048")
    mailbox = "teknik@example.fi"

    order = ordering.order_server(
        linnea, stack.base, request.csr, mailbox=mailbox, language="sv", unit=UNIT
    )
    ordering.send(linnea, order)
    assert linnea.locator("h1").inner_text() == "Beställningen har skickats"
    ordering.approve(riitta, ordering.take(riitta, stack.base, order))
    package = steps.await_mail(mailbox, stack.mails)
    linnea.goto(order)

    assert [url for url in opened if not url.startswith(f"{stack.base}/sv/")] == []
    assert linnea.locator("html").get_attribute("lang") == "sv"
    assert re.search(r"\b[0-9]{1,2}\.[0-9]{1,2}\.20[0-9]{2}\b", linnea.locator("main").inner_text())
    Package.of(package, tmp_path).check(request)
    words = package.get_body(("plain",)).get_content()
    assert "Certifikatet kan nu installeras" in words
    assert re.search(r"\b[0-9]{1,2}\.[0-9]{1,2}\.20[0-9]{2}\b", words)
    mails = [
        *steps.mails_to("linnea@example.fi", stack.mails),
        *steps.mails_to(mailbox, stack.mails),
    ]
    assert {mail["Content-Language"] for mail in mails} == {"sv"}

"""A reviewer asks for more; the applicant answers the part asked about; the certificate comes."""

from playwright.sync_api import expect

from certportal.dev.builders.documents import pdf
from tests.journeys import ordering, requests, steps
from tests.journeys.package import Package

QUESTION = "Lisätkää nimi toinen.example.fi."


def test_asked_answered_compared_and_approved(stack, matti, riitta, tmp_path):
    request = requests.gnutls(tmp_path, "erecept.example.fi")
    mailbox = "taydennys@example.fi"
    order = ordering.order_server(matti, stack.base, request.csr, mailbox=mailbox)
    before = len(steps.mails_to("matti@example.fi", stack.mails))
    ordering.send(matti, order)
    case = ordering.take(riitta, stack.base, order)
    steps.await_mail("matti@example.fi", stack.mails, later_than=before)  # the receipt
    earlier = len(steps.mails_to("matti@example.fi", stack.mails))
    ordering.ask(riitta, case, "host_names", QUESTION)

    mail = steps.await_mail("matti@example.fi", stack.mails, later_than=earlier)
    assert QUESTION in mail.get_body(("plain",)).get_content()
    matti.goto(order)
    expect(matti.locator("main")).to_contain_text(QUESTION)
    answer_part(matti, order, "erecept.example.fi\ntoinen.example.fi")
    assert matti.goto(f"{order}part/validity/").status == 409
    attach(matti, order)
    ordering.send(matti, order, reply="Ohessa todistus verkkotunnuksesta.")
    matti.goto(order)
    for said in (QUESTION, "Ohessa todistus verkkotunnuksesta.", "todistus.pdf"):
        expect(matti.locator("main")).to_contain_text(said)

    # She has the case still, and it is prepared again by itself once the new name is proven.
    steps.await_true(
        lambda: ordering.asks_for_evidence(riitta, case),
        "the answer never came back to review",
        seconds=60,
    )
    for said in ("toinen.example.fi", "Ohessa todistus verkkotunnuksesta.", "todistus.pdf"):
        expect(riitta.locator("main")).to_contain_text(said)
    ordering.approve(riitta, case)
    package = Package.of(steps.await_mail(mailbox, stack.mails), tmp_path)
    package.check(request)
    assert "DNS:toinen.example.fi" in package.shows("-text")


def answer_part(page, order, names):
    """Change the host names, the part that was opened again."""
    page.goto(f"{order}part/host_names/")
    page.locator("[name=host_names]").fill(names)
    ordering.go_on(page)


def attach(page, order):
    """Attach a document for the reviewer."""
    page.goto(f"{order}answer-documents/")
    file = {"name": "todistus.pdf", "mimeType": "application/pdf", "buffer": pdf("Todistus")}
    page.locator("input[name=file]").set_input_files(file)
    ordering.go_on(page)
    expect(page.locator("main")).to_contain_text("todistus.pdf")

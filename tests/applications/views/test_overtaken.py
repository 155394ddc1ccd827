"""Somebody is faster than the applicant: what the applicant wrote stands on the page."""

from datetime import timedelta

import pytest

from accounts.access import actor_for
from applications import services
from applications.workflow import ApplicationEvent, Status
from certportal.dev.builders import documents, orders
from certportal.dev.builders.acts import do
from certportal.dev.builders.orders import CONTACT
from certportal.foundation import clock, events
from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits
from tests.applications.views.conformity import FIELDS, upload

WRITTEN = "Huoltokatko on lauantaina kello 8–12."


@pytest.fixture
def add(web, address):
    """Return how to add information to an order, seen at the version."""

    def add(order, version):
        form = address("applications:add_information", order.pk)
        return web.post(form, {"version": version, "text": WRITTEN})

    return add


def test_information_is_kept_while_a_reviewer_takes_the_case(add, matti, riitta):
    case = orders.in_review(matti)
    seen = case.version
    services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    page = add(case, seen)
    assert page.status_code == 409
    assert "has changed since you opened the page" in page.text
    assert WRITTEN in page.text
    assert page.context["lately"] is None  # a reviewer's act is not for the applicant to read
    assert not case.additions.exists()
    assert add(case, page.context["form"]["version"].value()).status_code == 302
    assert case.additions.get().text == WRITTEN


def test_information_that_comes_too_late_can_still_be_copied(add, matti):
    case = orders.in_review(matti)
    services.withdraw(case.pk, **orders.Handler(matti, case).seen)
    page = add(case, case.version)
    assert page.status_code == 409
    assert page.context["lately"].who == "Matti Meikäläinen"
    assert WRITTEN in page.text
    assert not case.additions.exists()


def test_what_was_refused_meanwhile_changed_nothing(add, matti, stranger, now):
    case = orders.in_review(matti)
    services.withdraw(case.pk, **orders.Handler(matti, case).seen)
    events.record(ApplicationEvent.ACCESS_REFUSED, case, actor_for(stranger), now, refused=True)
    assert add(case, case.version).context["lately"].who == "Matti Meikäläinen"


@pytest.mark.parametrize(("page_of", "field"), [("answer_hearing", "text"), ("check", "reply")])
def test_matti_answers_the_hearing_after_riitta_has_rejected_the_order(
    web, address, matti, riitta, page_of, field
):
    case = orders.claimed(matti, riitta)
    ends = clock.day(clock.now()) + timedelta(days=14)
    hearing = {"is_hearing": True, "material": "Ote.", "sections": ["validity"], "deadline": ends}
    do(riitta, services.request_info, case, reason="Nimi on toisen.", **hearing)
    case.refresh_from_db()
    seen = case.version
    case.requests.update(deadline=clock.day(clock.now()) - timedelta(days=1))
    do(riitta, services.reject, case, reasons="Nimi on toisen.")
    page = web.post(address(f"applications:{page_of}", case.pk), {"version": seen, field: WRITTEN})
    assert page.status_code == 409
    assert "Its status is: Rejected." in page.text and "try again" not in page.text
    assert "ejected" in page.context["lately"].text
    assert "The decision says how to request an administrative review" in page.text
    assert f"{WRITTEN}</textarea>" in page.text and "so that you can copy it" in page.text
    assert "Send the answer<" not in page.text and "Add to the order<" not in page.text
    assert not case.additions.exists()


@pytest.fixture
def no_more(monkeypatch):
    """Whatever is counted has been done too often today."""

    def spend(*_args, **_given):
        raise TooMany("Liian monta.", retry_after=60)

    for name in ("spend", "spend_by"):
        monkeypatch.setattr(limits, name, spend)


def test_information_is_kept_where_too_much_was_given(add, matti, request):
    case = orders.in_review(matti)
    request.getfixturevalue("no_more")
    page = add(case, case.version)
    assert (page.status_code, page["Retry-After"]) == (429, "60")
    assert WRITTEN in page.text


def test_another_technical_contact_is_kept_where_too_many_were_named(web, address, matti, request):
    order = orders.waiting_for_contact(matti)
    order.refresh_from_db()
    request.getfixturevalue("no_more")
    typed = {"technical_name": "Uuno Uusi", "technical_email": "uuno@example.fi"}
    typed |= {"technical_language": "fi", "version": order.version}
    page = web.post(address("applications:rename_contact", order.pk), typed)
    assert page.status_code == 429
    assert 'value="Uuno Uusi"' in page.text


def test_what_the_certificate_of_conformity_says_is_kept_where_too_much_was_uploaded(
    web, address, matti, request
):
    draft = orders.draft(matti, "system_signature")
    request.getfixturevalue("no_more")
    typed = FIELDS | {"conformity_number": "VT-2026-9", "file": upload(documents.pdf("B"))}
    typed |= {"version": draft.version, "attached": draft.attachments.get().pk}
    page = web.post(address("applications:part", draft.pk, "conformity"), typed)
    assert page.status_code == 429
    assert 'value="VT-2026-9"' in page.text


@pytest.mark.parametrize("holds_key", [False, True])
def test_the_request_is_kept_where_nobody_said_how_it_is_given(web, address, matti, holds_key):
    """A page cannot keep a file, so the request in it is shown as text; a private key never is."""
    draft = orders.draft(matti)
    content, key = orders.openssl_csr(), b"-----BEGIN PRIVATE KEY-----\nMIIB\n"
    file = upload(content + key if holds_key else content, name="pyynto.csr")
    given = {"file": file, "version": draft.version}
    page = web.post(address("applications:part", draft.pk, "csr"), given)
    shown = page.context["form"]
    kept = "" if holds_key else content.decode().strip()
    assert (shown["text"].value() or "").strip() == kept
    assert (shown["how"].value() or "") == ("" if holds_key else "text")


def test_a_file_that_came_after_too_many_is_not_read(web, address, matti, request):
    draft = orders.draft(matti)
    request.getfixturevalue("no_more")
    given = {"how": "file", "file": upload(orders.openssl_csr(), name="pyynto.csr")}
    given |= {"version": draft.version}
    page = web.post(address("applications:part", draft.pk, "csr"), given)
    assert page.status_code == 429
    assert not page.context["form"]["text"].value()
    assert page.context["form"]["how"].value() == "file"


def test_the_mailbox_is_kept_where_too_many_codes_were_sent(web, address, matti, request):
    draft = orders.draft(matti, "email")
    draft.refresh_from_db()
    request.getfixturevalue("no_more")
    typed = {"certified_email": "toinen@example.fi", "version": draft.version}
    page = web.post(address("applications:part", draft.pk, "mailbox_proof"), typed)
    assert page.status_code == 429
    assert 'value="toinen@example.fi"' in page.text


def test_what_the_certificate_of_conformity_says_is_kept(web, address, matti, maija):
    draft = orders.draft(matti, "system_signature")
    seen = draft.version
    handler = orders.Handler(maija, draft)
    services.save_section(draft.pk, "conformity", {"conformity_version": "5.0"}, **handler.seen)
    typed = FIELDS | {"conformity_number": "VT-2026-9", "version": seen}
    file = upload(documents.pdf("B"), "uusi.pdf")
    typed |= {"file": file, "attached": draft.attachments.get().pk}
    page = web.post(address("applications:part", draft.pk, "conformity"), typed)
    assert page.status_code == 409
    assert 'value="VT-2026-9"' in page.text
    assert "5.0" in page.text
    draft.refresh_from_db()
    assert draft.conformity_number == "VT-2025-0042"
    assert draft.attachments.get(removed_at=None).name == "uusi.pdf"
    assert page.context["form"].attached.name == "uusi.pdf"


def test_another_technical_contact_is_kept(web, address, matti):
    order = orders.draft(matti)
    orders.name_contact(matti, order, CONTACT)
    handler = orders.Handler(matti, order)
    services.save_section(order.pk, "csr", {"csr_by": "technical_contact"}, **handler.seen)
    orders.submit(matti, order)
    seen = order.version
    services.resend_link(order.pk, **orders.Handler(matti, order).seen)
    typed = {"technical_name": "Uuno Uusi", "technical_email": "uuno@example.fi"}
    typed |= {"technical_language": "fi", "version": seen}
    page = web.post(address("applications:rename_contact", order.pk), typed)
    assert page.status_code == 409
    assert 'value="Uuno Uusi"' in page.text
    order.refresh_from_db()
    assert (order.status, order.technical_name) == (
        Status.AWAITING_CSR,
        CONTACT["technical_name"],
    )

"""Approving exact bytes, rejecting with reasons, taking up again."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core import mail

from accounts.register.models import RegisterRecord
from applications import services
from applications.errors import ReasonsMissing
from applications.models import Application, Decision
from applications.rules.certificate_order import certificate_order
from certportal.dev.builders import hierarchy, orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import services as authority
from issuance.models import Certificate
from issuance.services.ceremony import generations
from tests.applications.console.conftest import Desk
from tests.applications.console.listed import ready
from tests.tables import rewrite


def shown(desk, application):
    """Return what the confirmation page carries in its hidden fields."""
    form = desk.open("approve", application.pk).context["form"]
    return {name: form[name].value() for name in form.fields}


def approve(desk, application, data):
    return desk.client.post(desk.url("approve", application.pk), data)


def test_the_confirmation_shows_the_hash_of_the_bytes(ready, desk):
    answer = desk.open("approve", ready.pk)
    assert orders.prepared(ready).tbs_sha256 in answer.text
    assert "You approve exactly this content." in answer.text


def test_an_approved_certificate_is_issued_and_delivered(ready, desk, riitta):
    answer = approve(desk, ready, shown(desk, ready))
    assert answer.status_code == 302
    orders.drain()
    ready.refresh_from_db()
    assert ready.status == "delivered"
    decision = ready.decisions.get()
    assert (decision.kind, decision.reviewer) == (Decision.Kind.APPROVED, riitta)


def test_two_reviewers_approving_at_once_make_one_certificate(ready, desk, other_desk):
    first, second = shown(desk, ready), shown(other_desk, ready)
    assert approve(desk, ready, first).status_code == 302
    assert approve(other_desk, ready, second).status_code == 409
    orders.drain()
    assert Certificate.objects.filter(reference=ready.pk).count() == 1


def test_who_approves_too_late_reads_who_was_faster_and_not_what_followed(
    ready, desk, other_desk, riitta
):
    first, second = shown(desk, ready), shown(other_desk, ready)
    approve(desk, ready, first)
    orders.drain()
    Desk(people.make_auditor("Anneli Auditoija")).open("case", ready.pk)
    answer = approve(other_desk, ready, second)
    assert answer.status_code == 409
    faster = answer.context["faster"]
    assert (faster.text, faster.who) == ("The certificate was approved", str(riitta))


def test_a_double_click_makes_one_certificate(ready, desk):
    data = shown(desk, ready)
    answers = [approve(desk, ready, data).status_code for _ in range(2)]
    assert answers == [302, 409]
    orders.drain()
    assert Certificate.objects.filter(reference=ready.pk).count() == 1


def test_where_two_are_wanted_the_second_reviewer_completes(ready, desk, other_desk, settings):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    approve(desk, ready, shown(desk, ready))
    ready.refresh_from_db()
    assert ready.status == "in_review"
    page = desk.open("case", ready.pk)
    assert "approve" not in page.context["offers"]
    approved = f"You approved the certificate of {ready.number}."
    assert f"{approved} Another reviewer must approve it too." in page.text
    assert "Another reviewer must approve it too." in desk.open("case", ready.pk).text
    assert "Approvals: 1 of 2" in page.text
    assert "approve" in other_desk.open("case", ready.pk).context["offers"]
    approve(other_desk, ready, shown(other_desk, ready))
    ready.refresh_from_db()
    assert ready.status == "approved"


def test_bytes_other_than_the_prepared_ones_are_not_approved(ready, desk):
    answer = approve(desk, ready, shown(desk, ready) | {"tbs_sha256": "0" * 64})
    assert answer.status_code == 409
    assert "The certificate has changed since you looked at it." in answer.text
    ready.refresh_from_db()
    assert ready.status == "in_review"


def test_bytes_of_another_case_are_not_approved(ready, desk, matti, riitta):
    other = orders.claimed(matti, riitta)
    theirs = shown(desk, other)
    bytes_of_other = {name: theirs[name] for name in ("prepared_id", "tbs_sha256")}
    assert approve(desk, ready, shown(desk, ready) | bytes_of_other).status_code == 409
    ready.refresh_from_db()
    assert ready.status == "in_review"
    assert not orders.prepared(other).approvals.exists()


@pytest.mark.parametrize("field", ["csr_sha256", "submission_sha256"])
def test_bytes_prepared_late_from_what_was_replaced_are_not_approved(ready, desk, field):
    now = clock.now()
    order = certificate_order(ready, now=now)
    if field == "csr_sha256":
        der = x509.load_pem_x509_csr(orders.openssl_csr()).public_bytes(Encoding.DER)
        order = replace(order, csr_der=der, csr_sha256=hashlib.sha256(der).hexdigest())
    else:
        sent = order.submission + b" "
        digest = hashlib.sha256(sent).hexdigest()
        order = replace(order, submission=sent, submission_sha256=digest)
    late = authority.prepare(order, now=now)
    assert late.is_open
    assert approve(desk, ready, shown(desk, ready)).status_code == 409
    ready.refresh_from_db()
    assert ready.status == "in_review"


@pytest.mark.parametrize("minutes", [16, 60 * 24])
def test_who_confirmed_long_ago_confirms_again(ready, desk, minutes):
    desk.confirm(clock.now() - timedelta(minutes=minutes))
    page = desk.open("approve", ready.pk)
    back = desk.url("approve", ready.pk).replace("/", "%2F")
    assert f"/account/second-factor/?next={back}" in page.text
    data = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    assert approve(desk, ready, data).status_code == 403
    ready.refresh_from_db()
    assert ready.status == "in_review"
    refused = Event.objects.get(action="issuance.approved")
    assert (refused.refused, refused.data["reason"]) == (True, "ReauthenticationTooOld")


def test_without_evidence_the_page_says_what_is_missing(case, desk):
    page = desk.open("approve", case.pk)
    assert "You cannot approve this certificate now." in page.text
    assert f"{desk.url('case', case.pk)}#" in page.text, "each check leads to its evidence"
    assert "Record for each host name" in page.text
    assert "This is exactly what will be signed." not in page.text
    answer = approve(desk, case, shown(desk, case))
    assert answer.status_code == 400
    assert "Record for each host name" in answer.text


def test_what_was_prepared_before_the_unit_was_renamed_is_not_what_will_be_signed(ready, desk):
    assert "This is exactly what will be signed." in desk.open("case", ready.pk).text
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), long_name="Helsingin uusi apteekki")
    page = desk.open("case", ready.pk).text
    assert "This is exactly what will be signed." not in page
    assert "Something has changed since this was prepared: it cannot be approved." in page


def test_what_a_ca_was_to_sign_that_issues_no_more_is_not_approved(ready, desk):
    data = shown(desk, ready)
    place = hierarchy.Place("production", "ec", 2)
    hierarchy.add_ca(place, state="standby")
    generations.start_generation(place.stem, actor=system("test"), now=clock.now())
    page = desk.open("case", ready.pk).text
    assert "This is exactly what will be signed." not in page
    assert "The certificate authority that was to sign this certificate issues no more." in page
    assert "in force, known since" in page, "the register is not to blame"
    assert approve(desk, ready, data).status_code == 400
    desk.press("claim", ready)
    orders.drain()
    assert "This is exactly what will be signed." in desk.open("case", ready.pk).text


def test_an_approval_without_its_hash_is_refused(ready, desk):
    answer = desk.press("approve", ready)
    assert answer.status_code == 409


def test_rejecting_needs_reasons(case, desk):
    answer = desk.press("reject", case, reasons="  ")
    assert answer.status_code == 200
    assert "(optional)" not in answer.text
    assert "Write the reasons, so that the applicant understands." in answer.text
    assert case.status == "in_review"


def test_no_way_around_the_page_rejects_asks_or_reopens_without_a_word(case, riitta):
    for service, name in (("reject", "reasons"), ("reopen", "reasons"), ("request_info", "reason")):
        given = {name: " \n", "person": riitta} | orders.Handler(riitta, case).seen
        if service == "request_info":
            given |= {"sections": ["unit"], "deadline": date(2099, 1, 1)}
        if service == "reject":
            given |= orders.UNHEARD
        with pytest.raises(ReasonsMissing):
            getattr(services, service)(case.pk, **given)


def test_the_applicant_reads_the_reasons(case, desk):
    desk.reject(case, "Verkkotunnus kuuluu toiselle.")
    assert case.status == "rejected"
    orders.drain()
    assert any("Verkkotunnus kuuluu toiselle." in one.body for one in mail.outbox)
    answer = desk.open("case", case.pk)
    assert answer.context["offers"] == {"reopen"}
    assert "Verkkotunnus kuuluu toiselle." in answer.text


def test_a_template_fills_the_reasons(case, desk):
    given = {"reasons": "Ei.", "template": ready("No right")}
    words = desk.press("reject", case, **given).context["form"]["reasons"].value()
    assert words.startswith("Ei.\n\n") and len(words) > 60
    unknown = desk.press("reject", case, **given | {"template": "999"})
    assert unknown.context["form"]["reasons"].value() == "Ei."
    assert case.status == "in_review"


def test_an_open_question_must_run_out_before_rejection(case, desk):
    tomorrow = (clock.day(clock.now()) + timedelta(days=1)).isoformat()
    question = {"reason": "Korjaa.", "sections": ["contact"], "deadline": tomorrow, "send": "1"}
    desk.press("ask", case, **question)
    assert "reject" not in desk.open("case", case.pk).context["offers"]
    assert "cannot be rejected by you now" in desk.open("reject", case.pk).text
    assert desk.reject(case, "Ei vastausta.").status_code == 400
    case.requests.update(deadline=clock.day(clock.now()) - timedelta(days=1))
    assert "reject" in desk.open("case", case.pk).context["offers"]
    assert desk.reject(case, "Ei vastausta.").status_code == 302
    assert case.status == "rejected"


def test_a_rejected_case_is_taken_up_again_with_a_reason(case, desk, riitta):
    desk.reject(case, "Virhe.")
    assert desk.press("reopen", case, reasons="").status_code == 200
    desk.press("reopen", case, reasons="Oikaisuvaatimus hyväksyttiin.")
    assert case.status == "checking"
    orders.drain()
    case.refresh_from_db()
    assert (case.status, case.reviewer) == ("in_review", riitta)


def test_the_application_withdrawn_meanwhile_is_not_approved(ready, desk, matti):
    data = shown(desk, ready)
    services.withdraw(ready.pk, **orders.Handler(matti, ready).seen)
    answer = approve(desk, ready, data)
    assert answer.status_code == 409
    assert Application.objects.get(pk=ready.pk).status == "withdrawn"

"""The case: what the reviewer decides on."""

from dataclasses import replace
from datetime import timedelta

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import override

from accounts.access import actor_for
from accounts.register.models import RegisterRecord
from applications import services
from applications.rules.certificate_order import certificate_order
from applications.views.shared import history
from applications.workflow import Action, event_of
from certportal.dev.builders import orders
from certportal.foundation import clock
from issuance import services as authority
from issuance.certificate.text import certificate_text
from tests.tables import rewrite


def row(answer, label):
    return next(one for one in answer.context["rows"] if one.label == label).cells


def test_an_unclaimed_case_offers_only_to_take_it(waiting, desk):
    answer = desk.open("case", waiting.pk)
    assert answer.context["environment"] == "test"  # that of the service, for its bar
    assert "Matti Meikäläinen has sent no other orders." in answer.text
    assert answer.context["offers"] == {"claim"}
    assert answer.context["stage"].id == "none"
    assert waiting.number in answer.text


def test_looking_does_not_prepare_a_certificate(waiting, desk):
    desk.open("case", waiting.pk)
    orders.drain()
    assert orders.prepared(waiting) is None


def test_between_claim_and_worker_the_certificate_is_being_prepared(waiting, desk):
    desk.press("claim", waiting)
    answer = desk.open("case", waiting.pk)
    assert answer.context["stage"].id == "preparing"
    page = desk.url("case", waiting.pk)
    # With a fragment, a browser already on the page would only scroll.
    assert f'href="{page}">Look again<' in answer.text
    assert "approve" not in answer.context["offers"]


def test_nothing_is_said_to_agree_before_there_is_a_certificate(matti, cas, desk):
    order = orders.in_review(matti, "system_signature")
    desk.press("claim", order)
    missing = "The application has not been compared with a certificate."
    page = desk.open("case", order.pk).text
    assert missing in page
    assert "register and certificate agree" not in page
    orders.drain()
    assert missing not in desk.open("case", order.pk).text


def test_a_void_certificate_is_not_taken_for_one_that_was_compared(case, desk):
    assert desk.open("case", case.pk).context["is_compared"]
    desk.press("release", case)
    assert orders.prepared(case).specimen_der
    assert not desk.open("case", case.pk).context["is_compared"]


def test_a_case_that_comes_again_shows_nothing_of_its_void_certificate(case, matti, riitta, desk):
    assert row(desk.open("case", case.pk), "Host names")[3].value
    orders.ask(riitta, case, clock.day(clock.now()) + timedelta(days=14))
    orders.resubmit(matti, case)
    assert orders.prepared(case).specimen_der
    answer = desk.open("case", case.pk)
    assert {one.cells[3].verdict for one in answer.context["rows"]} == {"later", "silent"}
    assert not answer.context["is_compared"]
    orders.drain()
    shown = desk.open("case", case.pk).context
    assert shown["is_compared"] == orders.prepared(case).is_open


def test_the_lint_of_a_void_certificate_is_none_of_the_next(ready, desk):
    def lint():
        (item,) = [
            one for one in desk.open("case", ready.pk).context["checklist"] if one.label == "Lint"
        ]
        return item.mark

    assert lint() == "done"
    desk.press("release", ready)
    assert lint() == "todo"


def test_the_prepared_certificate_is_shown_field_by_field_and_as_text(case, desk):
    answer = desk.open("case", case.pk)
    prepared = orders.prepared(case)
    facts = dict(answer.context["facts"])
    assert facts["Serial number (hexadecimal)"] == prepared.serial
    assert facts["SHA-256 of the bytes to be signed"] == prepared.tbs_sha256
    assert facts["Host names (SAN)"] == "erecept.example.fi, varmuus.example.fi"
    assert facts["Extended key usage"] == "serverAuth, clientAuth"
    number, practice, notice = facts["Certificate policy"].split("; ")
    assert number == "1.3.6.1.4.1.32473.1.2"
    assert practice.endswith("/ca/") and practice in notice
    assert facts["Basic constraints"] == "CA:FALSE"
    assert answer.context["specimen_text"] == certificate_text(bytes(prepared.tbs))
    assert "X509v3 Key Usage: critical" in answer.text
    assert "-----BEGIN CERTIFICATE-----" in answer.context["specimen_pem"]
    assert answer.context["stage"].id == "ready"


def test_the_address_of_a_mailbox_is_shown_as_every_name_is(matti, cas, riitta, desk):
    application = orders.claimed(matti, riitta, "email")
    facts = dict(desk.open("case", application.pk).context["facts"])
    assert facts["Email addresses (SAN)"] == orders.MAILBOX
    assert "Host names (SAN)" not in facts


def test_the_comparison_names_what_differs_in_words(case, desk):
    answer = desk.open("case", case.pk)
    asked, ordered, _registered, certified = row(answer, "Host names")
    assert (asked.value, asked.verdict) == ("erecept.example.fi", "differs")
    assert ordered.value == certified.value == "erecept.example.fi, varmuus.example.fi"
    assert (ordered.verdict, certified.verdict) == ("same", "")
    assert row(answer, "Purpose of use")[1].verdict == "same"
    assert [cell.verdict for cell in row(answer, "Name (CN)")[:2]] == ["same", "same"]
    assert row(answer, "Organisation (O)")[2].verdict == "same"
    assert "the certificate does not follow the request" in answer.text


def test_the_comparison_names_what_the_request_wants_to_be_used_for(matti, cas, riitta, desk):
    only_server = ("-subj", "/CN=erecept.example.fi", "-addext", "extendedKeyUsage=serverAuth")
    case = orders.claimed(matti, riitta, csr=orders.csr_with(*only_server))
    asked, ordered, _registered, certified = row(desk.open("case", case.pk), "Purpose of use")
    assert (asked.value, asked.verdict) == ("serverAuth", "differs")
    assert ordered.verdict == "same"
    assert set(certified.value.split(", ")) == {"serverAuth", "clientAuth"}


def test_a_system_signature_shows_unit_and_oid(matti, cas, riitta, desk):
    application = orders.claimed(matti, riitta, "test_system_signature")
    answer = desk.open("case", application.pk)
    cells = row(answer, "System's OID")
    assert cells[1].value == cells[3].value == "1.2.246.10.99000018.12.1"
    assert row(answer, "Unit (OU)")[3].value
    assert "This is a test certificate" in answer.text


def test_evidence_is_missing_until_recorded(case, riitta, desk):
    answer = desk.open("case", case.pk)
    assert "approve" not in answer.context["offers"]
    assert answer.context["obstacles"]
    orders.give_evidence(riitta, case)
    assert "approve" in desk.open("case", case.pk).context["offers"]


def test_what_is_missing_stands_in_the_order_of_the_checklist(seppo, cas, riitta, desk):
    case = orders.claimed(seppo, riitta)
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), status="passive")
    page = desk.open("case", case.pk)
    missing = [item.label for item in page.context["checklist"] if item.mark in {"todo", "wrong"}]
    assert missing[:3] == ["Authority to act", "Register", "erecept.example.fi"]
    words = zip(("may act", "register", "host name"), page.context["obstacles"], strict=True)
    assert not [obstacle for word, obstacle in words if word not in obstacle]


def test_findings_of_the_checks_are_worded(case, desk):
    answer = desk.open("case", case.pk)
    assert case.findings
    assert [words.title for _finding, words in answer.context["findings"]]
    assert case.findings[0]["rule"] in answer.text


def test_void_attempts_stay_visible_with_their_reason(case, desk):
    desk.press("release", case)
    answer = desk.open("case", case.pk)
    (past,) = answer.context["past_attempts"]
    assert past.why == "the reviewer gave the case back"
    assert past.attempt.tbs_sha256 in answer.text


def test_who_had_approved_a_void_attempt_is_shown(ready, desk, other_desk, settings):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 2}
    prepared = orders.prepared(ready)
    seen = {"prepared_id": prepared.pk, "tbs_sha256": prepared.tbs_sha256}
    desk.press("approve", ready, **seen)
    desk.press("release", ready)
    (past,) = other_desk.open("case", ready.pk).context["past_attempts"]
    assert past.approvers == [desk.person]
    assert past.attempt.approvals.count() == 1


def test_a_refused_attempt_stays_visible_after_a_better_one(case, desk, riitta):
    attempt = orders.prepared(case)
    services.release(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    order = replace(certificate_order(case, now=clock.now()), validity_months=99)
    authority.prepare(order, now=clock.now())
    desk.press("claim", case)
    orders.drain()
    refused, void = desk.open("case", case.pk).context["past_attempts"]
    assert refused.why == "The certificate authority refused to make it."
    assert [finding.rule for finding, _words in refused.findings][:1] == ["ca.validity"]
    assert void.attempt == attempt


def test_that_the_authority_refuses_a_certificate_is_said_where_one_decides(case, desk):
    order = replace(certificate_order(case, now=clock.now()), validity_months=99)
    authority.prepare(order, now=clock.now())
    decision = desk.open("case", case.pk).text.split('id="decision"')[1].split("</section>")[0]
    assert "The certificate authority refuses to make this certificate." in decision


def test_what_is_approved_stands_with_its_text_on_the_page_to_approve(ready, desk):
    page = desk.open("approve", ready.pk)
    prepared = orders.prepared(ready)
    assert page.text.count(prepared.tbs_sha256) >= 2
    assert "Made from the bytes to be signed" in page.text


def test_history_names_people_and_puts_the_newest_first(case, desk, matti):
    lines = desk.open("case", case.pk).context["history"]
    assert (lines[0].text, lines[0].who) == ("A reviewer took the case", "Riitta Ratkaisija")
    assert lines[-1].who == "Matti Meikäläinen"
    assert all("application." not in line.text for line in lines)
    for text in ("Yksi.", "Toinen."):
        given = {"text": text, "person": matti}
        services.add_information(case.pk, **given, **orders.Handler(matti, case).seen)
    assert desk.open("case", case.pk).context["history"][0].text.endswith(", 2 times")


def test_every_event_of_an_order_has_words(matti, cas):
    application = orders.in_review(matti, "email")
    assert not [line.text for line in history.history(application) if "_" in line.text]
    assert all(event_of(action).label for action in Action)


def test_the_last_two_submissions_are_compared(case, matti, desk):
    asked = {"reason": "Korjaa.", "sections": ["contact", "technical"], "deadline": "31.12.2099"}
    desk.press("ask", case, **asked, send="1")
    values = {"contact_name": "Maija Mallikas", "contact_email": "maija@example.fi"}
    services.save_section(case.pk, "contact", values, **orders.Handler(matti, case).seen)
    deputy = {"deputy_name": "Veera Vara", "deputy_email": "veera@example.com"}
    services.save_section(case.pk, "technical", deputy, **orders.Handler(matti, case).seen)
    seen = orders.Handler(matti, case).seen
    services.resubmit(case.pk, **orders.signature(matti), **seen)
    changes = desk.open("case", case.pk).context["changes"]
    named = {one.label: (one.before, one.after) for one in changes}
    assert named["Contact person"] == ("Matti Meikäläinen", "Maija Mallikas")
    assert named["Deputy of the technical contact"] == ("none", "Veera Vara")
    assert "Host names" not in named


def test_what_was_signed_is_told_in_words(case, desk):
    signed = dict(desk.open("case", case.pk).context["frozen"])
    assert signed["Type of certificate"] == "Server certificate"
    assert signed["Who gets the certificate"] == "The contact person of the order"
    assert "I have the right to order certificates" in signed["Declarations"]


def test_earlier_orders_and_certificates_are_remembered(matti, cas, riitta, desk):
    old = orders.delivered(matti, riitta)
    new = orders.in_review(matti)
    answer = desk.open("case", new.pk)
    (before,) = answer.context["earlier"].rows
    assert (before[0].number, before[1].label) == (old.number, "Delivered")
    (certificate,) = answer.context["certificates"].rows
    assert (certificate[0].reference, certificate[1].label) == (old.pk, "Valid")


def test_an_order_whose_certificate_is_revoked_is_nowhere_called_delivered(
    matti, cas, riitta, desk
):
    old, new = orders.delivered(matti, riitta), orders.in_review(matti)
    given = {"actor": actor_for(matti), "person": matti, "now": clock.now()}
    services.revoke(old.pk, reason="cessation_of_operation", words="", **given)
    ((_order, standing),) = desk.open("case", new.pk).context["earlier"].rows
    assert standing.label == "Revoked"
    page = desk.open("case", old.pk)
    assert page.context["standing"].label == "Revoked"
    revoked = page.context["certificate"].revoked_at
    with override("en"):
        assert date_format(localtime(revoked), "SHORT_DATETIME_FORMAT") in page.text
    queue = desk.open("queue", q=old.number).context["rows"]
    assert [row.standing.label for row in queue] == ["Revoked"]
    assert ";Revoked;" in desk.open("queue_csv", q=old.number).getvalue().decode()


def test_a_case_of_ones_own_organisation_is_for_others(waiting, riitta, pharmacy, desk, now):
    from accounts.models import Membership

    Membership.objects.create(
        person=riitta, organisation=pharmacy, role="applicant", basis="invitation", begun_at=now
    )
    answer = desk.open("case", waiting.pk)
    assert answer.context["offers"] == set()
    assert "You belong to this organisation" in answer.text
    assert desk.press("claim", waiting).status_code == 403


def test_an_attempt_too_old_can_be_prepared_again(ready, desk, now):
    from datetime import timedelta

    from issuance.models import PreparedCertificate

    rewrite(PreparedCertificate.objects, expires_at=now - timedelta(minutes=1))
    answer = desk.open("case", ready.pk)
    assert answer.context["stage"].id == "expired"
    assert "approve" not in answer.context["offers"]
    desk.press("claim", ready)
    orders.drain()
    assert orders.prepared(ready).attempt == 2
    assert "approve" in desk.open("case", ready.pk).context["offers"]


def test_what_is_over_is_not_told_as_if_it_were_ahead(matti, riitta, cas, desk):
    order = orders.delivered(matti, riitta)
    page = desk.open("case", order.pk).text
    assert "The certificate was made from these bytes." in page
    assert "can be approved and issued until" not in page
    assert "The certificate to be issued" not in page
    case = orders.claimed(matti, riitta)
    assert "can be approved and issued until" in desk.open("case", case.pk).text
    services.reject(
        case.pk, reasons="Ei", **orders.UNHEARD, person=riitta, **orders.Handler(riitta, case).seen
    )
    page = desk.open("case", case.pk).text
    assert "No certificate was made." in page
    assert "when a reviewer takes the case" not in page


def told(page):
    """Return what the checklist says and how each line is marked."""
    return {item.label: (str(item.mark), item.text) for item in page.context["checklist"]}


def test_a_rejected_case_asks_for_no_work_any_more(case, desk):
    assert told(desk.open("case", case.pk))["erecept.example.fi"] == ("todo", "evidence is missing")
    desk.reject(case, "Verkkotunnus kuuluu toiselle.")
    page = desk.open("case", case.pk)
    lines = told(page)
    assert lines["erecept.example.fi"] == ("not_done", "no evidence was recorded")
    assert lines["Automatic checks"] == ("told", "1 finding")
    assert lines["Lint"] == ("not_done", "No certificate was made.")
    assert {mark for mark, _text in lines.values()} <= {"done", "not_needed", "not_done", "told"}
    assert "Checklist when the case was closed" in page.text
    for asked in ("yet", "Look at this", "To do", "to be issued"):
        assert asked not in page.text.partition("<main")[2].partition("</main>")[0], asked


def test_the_checklist_of_a_certificate_keeps_the_right_that_ended_later(matti, riitta, cas, desk):
    order = orders.delivered(matti, riitta)
    matti.memberships.update(confirmed_until=clock.day(clock.now()) - timedelta(days=1))
    assert told(desk.open("case", order.pk))["Authority to act"][0] == "done"
    matti.memberships.update(basis="unverified", confirmed_at=None, basis_note="")
    assert told(desk.open("case", order.pk))["Authority to act"] == (
        "done",
        "confirmed when the certificate was approved",
    )

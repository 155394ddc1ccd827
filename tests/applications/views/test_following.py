"""Following a sent order: whose turn, what is asked, the history, the certificate."""

import re
from datetime import timedelta

import pytest
from cryptography import x509
from django.test import Client
from django.urls import reverse

from applications import services
from applications.errors import MayNotAct
from applications.models import Application
from applications.views.account import history as account_history
from applications.views.shared import history, tracking
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.web.forms import LONGEST_TEXT
from issuance import services as authority

REPLY = "Haltija on Esimerkki Oy."
DECLARED = {"authority": "on", "domains": "on", "truth": "on", "binding": "on"}


@pytest.fixture
def asked(matti, riitta, cas):
    """An order whose host names Riitta has asked about."""
    case = orders.claimed(matti, riitta)
    deadline = clock.day(clock.now()) + timedelta(days=14)
    services.request_info(
        case.pk,
        sections=["host_names"],
        reason="Poistakaa nimi varmuus.example.fi.",
        deadline=deadline,
        person=riitta,
        **orders.Handler(riitta, case).seen,
    )
    case.refresh_from_db()
    return case


def page_of(web, address, order, **more):
    return web.get(address("applications:order", order.pk, **more))


def test_the_page_says_who_has_the_turn_and_until_when(web, address, matti):
    case = orders.in_review(matti)
    page = page_of(web, address, case)
    assert "Waiting for a reviewer." in page.text
    assert "We will handle the order by" in page.text
    assert "The order was submitted" in page.text


def test_an_order_is_with_a_reviewer_or_the_next_to_be_taken_never_both(
    web, address, matti, riitta, cas
):
    case = orders.in_review(matti)
    page = page_of(web, address, case).text
    assert "The order is the next to be taken by a reviewer." in page
    assert "With a reviewer" not in page
    services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    page = page_of(web, address, case).text
    assert "With a reviewer. You don&#x27;t need to do anything." in page
    assert "taken by a reviewer" not in page
    assert "Waiting for a reviewer" not in page


def test_a_late_promise_is_admitted_in_words(matti, now):
    case = orders.in_review(matti)
    words = tracking.promise_words(case, now=now + timedelta(days=30))
    assert "late" in words or "myöhässä" in words


def test_the_reviewers_question_stands_in_their_words_with_the_open_parts(web, address, asked):
    page = page_of(web, address, asked)
    assert "Poistakaa nimi varmuus.example.fi." in page.text
    assert "Waiting for your reply" in page.text
    assert address("applications:part", asked.pk, "host_names") in page.text
    assert address("applications:part", asked.pk, "contact") not in page.text
    closed = web.get(address("applications:part", asked.pk, "contact"))
    assert closed.status_code == 409


def test_answering_changes_the_part_and_sends_the_order_back(web, address, asked, riitta):
    part = address("applications:part", asked.pk, "host_names")
    saved = web.post(part, {"version": asked.version, "host_names": "erecept.example.fi"})
    assert saved["Location"] == address("applications:check", asked.pk)
    asked.refresh_from_db()
    web.post(saved["Location"], {"version": asked.version} | DECLARED)
    asked.refresh_from_db()
    assert asked.status == Status.CHECKING
    assert asked.reviewer == riitta
    assert asked.submissions.count() == 2


def test_information_is_added_unasked(web, address, matti):
    case = orders.in_review(matti)
    form = address("applications:add_information", case.pk)
    assert "Write what you want to add." in web.post(form, {"version": case.version}).text
    web.post(form, {"version": case.version, "text": "Huoltokatko on lauantaina."})
    assert "Huoltokatko on lauantaina." in page_of(web, address, case).text


def test_a_reviewers_words_are_marked_with_the_language_of_the_case(web, address, asked):
    """WCAG 3.1.2: the page may be read in another language than the case is handled in."""
    reason = asked.requests.get().reason
    assert (
        f'<div lang="{asked.language}"><p>{reason}</p></div>' in page_of(web, address, asked).text
    )


def test_answering_is_one_act(web, address, asked, riitta, matti):
    """Question, reply and reopened parts on one page; one press sends them all."""
    check = address("applications:check", asked.pk)
    assert f'href="{check}"' in page_of(web, address, asked).text
    shown = web.get(check).text
    reason = asked.requests.get().reason
    assert shown.index("Answer by") < shown.index(reason) < shown.index("id_reply")
    undeclared = web.post(check, {"version": asked.version, "reply": "Haltija on Esimerkki Oy."})
    assert "Haltija on Esimerkki Oy." in undeclared.text
    given = {"version": asked.version, "reply": "Haltija on Esimerkki Oy."} | DECLARED
    sent = web.post(check, given, follow=True).text
    assert "Your answer has been sent" in sent
    asked.refresh_from_db()
    assert (asked.status, asked.reviewer) == (Status.CHECKING, riitta)
    (reply,) = asked.additions.all()
    assert (reply.text, reply.person) == ("Haltija on Esimerkki Oy.", matti)
    page = page_of(web, address, asked).text
    thread = page[page.index('id="thread"') :]
    assert thread.index(reason) < thread.index("Haltija on Esimerkki Oy.")


def test_only_the_reopened_parts_stand_open_in_the_answer(web, address, asked):
    shown = web.get(address("applications:check", asked.pk)).text
    rest = shown.index("The rest of the order, which cannot be changed now")
    open_, closed = shown[:rest], shown[rest:]
    for part in asked.requests.get().fields:
        assert address("applications:part", asked.pk, part) in open_
    assert "?from=check" not in closed


def test_a_reply_is_kept_when_somebody_was_faster(web, address, asked):
    check = address("applications:check", asked.pk)
    given = {"version": asked.version - 1, "reply": "Haltija on Esimerkki Oy."} | DECLARED
    answer = web.post(check, given)
    assert answer.status_code == 409
    assert "Haltija on Esimerkki Oy." in answer.text
    assert not asked.additions.exists()


def identified(web, ago: timedelta) -> None:
    session = web.session
    session["identified_at"] = (clock.now() - ago).isoformat()
    session.save()


def test_a_reply_outlasts_an_identification_that_is_too_old(web, address, asked):
    check = address("applications:check", asked.pk)
    identified(web, timedelta(hours=2))
    given = {"version": asked.version, "reply": REPLY} | DECLARED
    assert web.post(check, given).status_code == 403
    assert not asked.additions.exists()
    identified(web, timedelta(0))
    assert REPLY in web.get(check).text
    web.post(check, given)
    assert asked.additions.get().text == REPLY
    assert asked.requests.get().reply_draft == ""


def test_a_reply_is_kept_while_other_things_are_done(web, address, asked, maija):
    """Saved by its button or with a declaration missing, it stands there for a colleague too."""
    check = address("applications:check", asked.pk)
    kept = web.post(check, {"version": asked.version, "reply": REPLY, "keep": "1"}, follow=True)
    assert "Your reply has been saved" in kept.text
    theirs = people.log_in(Client(), maija)
    assert REPLY in theirs.get(check).text
    theirs.post(check, {"version": asked.version, "reply": "Haltija on Maija."})
    assert "Haltija on Maija." in web.get(check).text
    assert not asked.additions.exists()


@pytest.mark.parametrize("written", ["Liitän otteen.", ""])
def test_a_reply_that_a_colleague_saved_is_neither_overwritten_nor_left_out(
    web, address, asked, maija, written
):
    check, theirs = address("applications:check", asked.pk), people.log_in(Client(), maija)
    opened = theirs.get(check).context["form"]
    web.post(check, {"version": asked.version, "reply": REPLY, "keep": "1"})
    given = {one.name: one.value() or "" for one in opened} | DECLARED
    page = theirs.post(check, given | {"reply": written})
    assert (page.status_code, asked.additions.exists()) == (409, False)
    both = f"{REPLY}\n\n{written}".strip()
    shown = {one.name: one.value() or "" for one in page.context["form"]}
    assert (shown["reply"], asked.requests.get().reply_draft) == (both, both)
    assert theirs.post(check, shown | DECLARED).status_code == 302
    assert asked.additions.get().text == both


def test_ones_own_draft_is_replaced(web, address, asked):
    check = address("applications:check", asked.pk)
    page = web.post(check, {"version": asked.version, "reply": REPLY})  # nothing is declared
    assert page.status_code == 200
    for words in ("Haltija on Maija.", ""):
        shown = {one.name: one.value() or "" for one in page.context["form"]}
        page = web.post(check, shown | {"reply": words, "keep": "1"}, follow=True)
        assert asked.requests.get().reply_draft == words


def test_no_reviewer_reads_a_reply_that_was_not_sent(web, address, asked, riitta):
    check = address("applications:check", asked.pk)
    web.post(check, {"version": asked.version, "reply": REPLY, "keep": "1"})
    desk = people.log_in(Client(), riitta)
    assert REPLY not in desk.get(reverse("console:case", args=[asked.pk])).text
    services.cancel_request(asked.pk, person=riitta, **orders.Handler(riitta, asked).seen)
    assert asked.requests.get().reply_draft == ""


def test_a_reply_to_a_question_that_was_taken_back_meanwhile_is_shown(web, address, asked, riitta):
    check, version = address("applications:check", asked.pk), asked.version
    services.cancel_request(asked.pk, person=riitta, **orders.Handler(riitta, asked).seen)
    page = web.post(check, {"version": version, "reply": REPLY} | DECLARED)
    assert (page.status_code, REPLY in page.text) == (409, True)
    seen = page.context["form"]["version"].value()
    web.post(address("applications:add_information", asked.pk), {"version": seen, "text": REPLY})
    assert asked.additions.get().text == REPLY


def test_a_reply_of_several_lines_is_known_again_when_it_is_sent_twice(web, address, asked):
    check = address("applications:check", asked.pk)
    given = {"version": asked.version, "reply": "Kylla\u0308.\r\nLiite tulee."} | DECLARED
    assert web.post(check, given).url == address("applications:sent", asked.pk)
    assert asked.additions.get().text == "Kyllä.\nLiite tulee."
    assert web.post(check, given).url == address("applications:sent", asked.pk)


def test_a_private_key_in_a_reply_that_was_not_sent_is_not_shown_again(web, address, asked, riitta):
    check, version = address("applications:check", asked.pk), asked.version
    services.cancel_request(asked.pk, person=riitta, **orders.Handler(riitta, asked).seen)
    key = "-----BEGIN PRIVATE KEY-----\nMIIsalaisuus\n-----END PRIVATE KEY-----"
    page = web.post(check, {"version": version, "reply": key} | DECLARED, follow=True)
    assert "This is a private key" in page.text
    assert "MIIsalaisuus" not in page.text


def test_a_stranger_keeps_no_reply(address, asked, stranger, matti):
    with pytest.raises(MayNotAct):
        services.keep_reply(asked.pk, text=REPLY, person=stranger)
    matti.memberships.update(ended_at=clock.now())
    with pytest.raises(MayNotAct):
        services.keep_reply(asked.pk, text=REPLY, person=matti)


def test_while_a_question_waits_the_reply_is_written_with_the_answer(web, address, asked):
    form, check = (
        address(f"applications:{name}", asked.pk) for name in ("add_information", "check")
    )
    assert web.get(form).url == check
    assert web.post(form, {"version": asked.version, "text": ""}).url == check


def test_what_was_being_added_when_the_question_came_becomes_the_reply(web, address, asked):
    form = address("applications:add_information", asked.pk)
    answer = web.post(form, {"version": asked.version - 1, "text": REPLY}, follow=True)
    assert answer.redirect_chain[0][0] == address("applications:check", asked.pk)
    assert "kept below as your reply" in answer.text and REPLY in answer.text
    assert not asked.additions.exists()
    long = "Pitkä" * LONGEST_TEXT
    too_long = web.post(form, {"version": asked.version, "text": long}).text
    assert "Shorten the text" in too_long and long in too_long


def test_an_order_that_the_checks_returned_is_answered_in_words_too(web, address, matti):
    order = orders.submitted(matti)
    order.host_names.filter(position=0).update(name="ei_kelpaa")
    orders.drain()
    order.refresh_from_db()
    assert order.status == Status.INFO_REQUESTED
    given = {"version": order.version, "reply": REPLY} | DECLARED
    web.post(address("applications:check", order.pk), given)
    assert order.additions.get().text == REPLY


def test_an_order_is_withdrawn_after_being_asked(web, address, matti):
    case = orders.in_review(matti)
    form = address("applications:withdraw", case.pk)
    assert "Do you want to withdraw" in web.get(form).text
    web.post(form, {"version": case.version})
    case.refresh_from_db()
    assert case.status == Status.WITHDRAWN
    assert web.get(form).status_code == 409


def test_a_stale_button_withdraws_nothing(web, address, matti):
    case = orders.in_review(matti)
    answer = web.post(address("applications:withdraw", case.pk), {"version": case.version - 1})
    assert answer.status_code == 409
    case.refresh_from_db()
    assert case.status == Status.IN_REVIEW


def test_a_returned_request_is_explained_with_a_way_on(web, address, matti, now):
    order = orders.submitted(matti)
    key = order.csr.spki_sha256
    authority.block_key(key, "key_compromise", actor=system("test"), now=now)
    orders.drain()
    page = page_of(web, address, order)
    assert "What needs fixing" in page.text
    assert address("applications:give_csr", order.pk) in page.text


def test_reviewers_are_not_named_in_the_history(web, address, asked):
    page = page_of(web, address, asked)
    assert "Riitta" not in page.text
    assert "Matti Meikäläinen" in page.text


def test_a_long_history_has_pages_from_the_newest_to_the_first(
    web, address, matti, riitta, cas, monkeypatch
):
    order, place = orders.delivered(matti, riitta), "applications:order"
    answer = web.get(address(place, order.pk))
    whole = answer.context["history"]
    assert 'rel="next"' not in answer.text
    assert re.search(r'<details id="history"\s*>', answer.text)
    monkeypatch.setattr(history, "MOST", 3)
    monkeypatch.setattr(account_history, "MOST", 3)
    lines, answer = [], web.get(address(place, order.pk))
    while len(lines) < len(whole):
        lines += answer.context["history"]
        if older := answer.context["older"]:
            older_page = f'href="?before={older}#history" rel="next"'
            assert older_page in " ".join(answer.text.split())
            answer = web.get(address(place, order.pk), {"before": older})
            assert re.search(r'<details id="history"\s+open>', answer.text)
    assert lines == whole and answer.context["older"] is None
    assert 'rel="next"' not in answer.text and 'rel="first"' in answer.text


@pytest.mark.parametrize("kind", ["der", "pem", "chain", "p7b", "ca"])
def test_the_certificate_is_downloaded_in_every_form(web, address, matti, riitta, cas, kind):
    order = orders.delivered(matti, riitta)
    answer = web.get(address("applications:download", order.pk, kind))
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{order.number}_')
    assert answer["X-Content-Type-Options"] == "nosniff"
    if kind == "der":
        assert x509.load_der_x509_certificate(answer.content)


def test_the_certificates_numbers_are_shown_both_ways(web, address, matti, riitta, cas):
    order = orders.delivered(matti, riitta, "test_server")
    page = page_of(web, address, order)
    number = x509.load_der_x509_certificate(
        web.get(address("applications:download", order.pk, "der")).content
    ).serial_number
    assert f"{number:030X}" in page.text
    assert str(number) in page.text
    assert "TEST" in page.text


def test_nothing_is_due_of_an_order_that_was_delivered(web, matti, riitta, cas, address):
    orders.delivered(matti, riitta)
    page = web.get(address("applications:orders") + "?stage=ended")
    [row] = page.context["rows"]
    assert row.order.due_on is not None  # what was promised stays on the order
    assert row.due is None
    assert "working days left" not in page.text


def test_a_warning_is_nothing_that_the_applicant_must_mend(web, address, matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    warning = {"rule": "subject.not_host", "severity": "warning", "params": {"value": "x y"}}
    Application.objects.filter(pk=case.pk).update(findings=[warning])
    seen = orders.Handler(riitta, case).seen
    services.request_info(
        case.pk,
        reason="Kumpi?",
        sections=["unit"],
        deadline=clock.day(seen["now"]),
        person=riitta,
        **seen,
    )
    page = web.get(address("applications:order", case.pk)).text
    assert "Kumpi?" in page
    assert "What needs fixing" not in page


def test_a_private_key_written_to_the_reviewer_is_refused_and_not_shown(web, matti, address):
    case = orders.in_review(matti)
    key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----"
    form = address("applications:add_information", case.pk)
    page = web.post(form, {"version": case.version, "text": f"Tässä avain: {key}"})
    assert "This is a private key" in page.text
    assert "MIGHAgEA" not in page.text
    assert not case.additions.exists()

"""Taking a case, evidence, questions to the applicant."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from lxml import html as lxml_html

from accounts.services.people import preferences
from applications import services
from applications.errors import NotPossible
from applications.models import Application, InformationRequest
from applications.services.reviewer.may_act import ChangesUnsent, DeadlineOpen
from certportal.dev.builders import mails, orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock, working_days
from certportal.foundation.mail import sending
from tests.applications.console.listed import ready
from tests.tables import rewrite

QUESTION = {"reason": "Korjaa yhteystiedot.", "sections": ["contact", "delivery"]}


def day(distance):
    """Return the day so far from today, and of those to come a working day, where terms end."""
    on = clock.day(clock.now()) + timedelta(days=distance)
    return working_days.working_day(on) if distance > 0 else on


def ask(desk, case, **values):
    data = QUESTION | {"deadline": day(14).isoformat(), "send": "1"} | values
    return desk.press("ask", case, **data)


@pytest.fixture
def asked(case, desk):
    """A case with an open question."""
    ask(desk, case)
    return case


def test_the_faster_reviewer_gets_the_case(waiting, desk, other_desk, riitta):
    seen = waiting.version
    assert desk.press("claim", waiting, version=seen).status_code == 302
    late = other_desk.press("claim", waiting, version=seen)
    assert late.status_code == 409
    assert waiting.reviewer == riitta
    assert "has changed since you opened the page" in late.text


def test_a_case_of_another_cannot_be_taken_even_with_the_present_version(case, other_desk, riitta):
    assert other_desk.press("claim", case).status_code == 409
    assert case.reviewer == riitta


def test_a_released_case_is_free_again(case, desk, other_desk, raimo):
    desk.press("release", case)
    assert case.reviewer is None
    other_desk.press("claim", case)
    assert case.reviewer == raimo


def test_a_button_without_a_version_does_nothing(case, desk, riitta):
    answer = desk.client.post(desk.url("release", case.pk))
    assert answer.status_code == 409
    case.refresh_from_db()
    assert case.reviewer == riitta


def test_evidence_is_recorded_with_who_and_where(case, desk, riitta):
    host = case.host_names.first()
    desk.press("evidence", case, host.pk, evidence="registry", note="Traficom 25.11.")
    host.refresh_from_db()
    assert (host.evidence, host.evidenced_by) == ("registry", riitta)
    answer = desk.open("case", case.pk)
    assert "Domain register" in answer.text
    assert "Traficom 25.11." in answer.text


def test_evidence_without_a_kind_is_asked_for_again(case, desk):
    host = case.host_names.first()
    answer = desk.press("evidence", case, host.pk, note="I looked")
    assert answer.status_code == 200
    assert "Choose an option: Evidence" in answer.text
    assert 'value="I looked"' in answer.text


def test_evidence_for_a_host_of_another_case_is_not_found(case, matti, desk):
    other = orders.in_review(matti)
    foreign = other.host_names.first().pk
    assert desk.press("evidence", case, foreign, evidence="dns").status_code == 404
    own = case.host_names.first().pk
    answer = desk.press("evidence", case, own, several=1, hosts=[foreign], evidence="dns")
    assert answer.context["form"].errors["hosts"]
    assert not other.host_names.exclude(evidence="").exists()


def test_evidence_for_all_host_names_is_one_act_that_leads_to_the_approval(case, desk):
    page = desk.open("case", case.pk)
    form = page.context["missing_form"]
    hosts = form["hosts"].value()
    assert hosts == [host.pk for host in case.host_names.all()]
    answer = desk.press(
        "evidence", case, hosts[0], several=1, hosts=hosts, evidence="registry", approve="1"
    )
    assert answer.url == desk.url("approve", case.pk)
    assert not case.host_names.filter(evidence="").exists()


def test_what_was_seen_of_the_same_names_before_is_offered(ready, matti, desk, riitta):
    again = orders.claimed(matti, riitta)
    form = desk.open("case", again.pk).context["missing_form"]
    assert form["evidence"].value() == "registry"


@pytest.mark.parametrize("end", ["rejected", "revoked"])
def test_what_was_seen_for_an_order_that_came_to_nothing_is_not_offered(
    ready, matti, desk, riitta, end
):
    if end == "rejected":
        words = "Verkkotunnus ei ole hakijan."
        act(riitta, services.reject, ready, reasons=words, **orders.UNHEARD)
    else:
        orders.press_approve(riitta, ready)
        orders.drain()
        act(matti, services.revoke, ready, reason="affiliation_changed", words="Luovuimme siitä.")
    again = orders.claimed(matti, riitta)
    form = desk.open("case", again.pk).context["missing_form"]
    assert not form["evidence"].value()


def test_a_template_fills_the_question_in_the_applicants_language(case, desk):
    assert desk.open("ask", case.pk).context["form"]["deadline"].value() == day(14)
    answer = desk.press(
        "ask", case, template=ready("No evidence"), reason="", deadline=day(14).isoformat()
    )
    assert answer.context["form"]["reason"].value()
    assert 'lang="sv"' in answer.text


def test_a_template_leaves_what_was_typed(case, desk):
    typed = QUESTION | {"deadline": day(9).isoformat(), "template": ready("request must be made")}
    form = desk.press("ask", case, **typed).context["form"]
    words = form["reason"].value()
    assert words.startswith("Korjaa yhteystiedot.\n\n") and len(words) > 60
    assert form["sections"].value() == QUESTION["sections"]
    assert form["deadline"].value() == day(9).isoformat()
    assert case.status == "in_review"


def test_the_question_is_previewed_before_it_is_sent(case, desk):
    data = QUESTION | {"deadline": day(14).isoformat(), "preview": "1"}
    answer = desk.press("ask", case, **data)
    assert "Korjaa yhteystiedot." in answer.context["mail"]
    assert case.number in answer.context["mail"]
    assert f"/{case.language}/orders/{case.pk}/" in answer.context["mail"]
    assert case.status == "in_review"
    assert not InformationRequest.objects.exists()


def test_the_preview_is_in_the_language_that_the_contact_person_has_chosen(case, matti, desk):
    preferences.choose(matti, "sv", None, actor=orders.actor_for(matti), now=clock.now())
    data = QUESTION | {"deadline": day(14).isoformat(), "preview": "1"}
    answer = desk.press("ask", case, **data)
    days = (day(14) - clock.day(clock.now())).days
    asked = f"Vi begär komplettering av beställningen inom {days} dagar: "
    assert answer.context["mail"].startswith(asked)
    assert "Korjaa yhteystiedot." in answer.context["mail"]
    assert '<div class="card" lang="sv">' in answer.text


def test_what_is_asked_in_the_language_of_the_case_is_marked_so_in_a_mail_of_another(
    case, matti, desk
):
    """WCAG 2.2, 3.1.2: a screen reader reads the reviewer's words as Finnish."""
    ask(desk, case)
    preferences.choose(matti, "sv", None, actor=orders.actor_for(matti), now=clock.now())
    mail.outbox.clear()
    written = mails.about_order("information_wanted", case, "applicant", now=clock.now())
    sending.send(written, item_id="1")
    (sent,) = mail.outbox
    assert "\nKorjaa yhteystiedot.\n" in sent.body
    (page, _kind) = sent.alternatives[0]
    whole = lxml_html.document_fromstring(page)
    assert whole.get("lang") == "sv"
    (words,) = whole.xpath("//*[@lang='fi']")
    assert words.text_content().strip() == "Korjaa yhteystiedot."


def test_the_applicant_reads_what_was_previewed(case, desk):
    data = QUESTION | {"deadline": day(14).isoformat(), "preview": "1"}
    shown = desk.press("ask", case, **data).context["mail"].split()
    ask(desk, case)
    mail = mails.about_order("information_wanted", case, "applicant", now=clock.now())
    assert " ".join(mail.text.split()) in " ".join(shown)


def test_what_a_mail_asks_for_is_called_so(case, desk, matti):
    ask(desk, case)
    mail = mails.about_order("information_wanted", case, "applicant", now=clock.now())
    assert "Mitä pyydämme ja miksi:\nKorjaa yhteystiedot." in mail.text


def test_a_mail_about_many_host_names_lists_the_first_ten(matti, cas):
    order = orders.draft(matti)
    names = [f"kanta{nth:02}.example.fi" for nth in range(12)]
    act(matti, services.save_section, order, "host_names", {"host_names": names})
    at = clock.now() + timedelta(days=340)
    for more in (2, 0):
        order = Application.objects.get(pk=order.pk)
        mail = mails.about_order("draft_warning", order, "applicant", now=at)
        assert names[9] in mail.text and names[10] not in mail.text
        assert (f"{names[9]} ja 2 muuta\n" in mail.text) is bool(more)
        act(matti, services.save_section, order, "host_names", {"host_names": names[:10]})


@pytest.mark.parametrize(("name", "field"), [("ask", "reason"), ("note", "text")])
def test_as_many_characters_as_the_browser_lets_in_are_taken(case, desk, name, field):
    page = desk.open(name, case.pk)
    most = page.context["form"].fields[field].max_length
    assert f'maxlength="{most}"' in page.text
    typed = "\r\n".join(["x" * 60] * (most // 61))
    typed += "y" * (most - len(typed.replace("\r\n", "\n")))
    values = {"deadline": day(14).isoformat(), "sections": ["contact"], "send": "1", field: typed}
    assert desk.press(name, case, **values).status_code == 302


def test_from_the_preview_one_can_go_back_to_editing(case, desk):
    data = QUESTION | {"deadline": day(14).isoformat(), "edit": "1"}
    answer = desk.press("ask", case, **data)
    assert "Korjaa yhteystiedot.</textarea>" in answer.text
    assert not InformationRequest.objects.exists()


def test_a_sent_question_reopens_the_parts_and_is_mailed(case, desk):
    assert ask(desk, case).status_code == 302
    assert case.status == "info_requested"
    question = case.requests.get()
    assert (question.fields, question.deadline) == (["contact", "delivery"], day(14))
    orders.drain()
    sent = next(one for one in mail.outbox if "Korjaa yhteystiedot." in one.body)
    assert sent.to == ["matti@example.fi"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"reason": " "}, "Write what is missing or wrong."),
        ({"sections": []}, "Choose at least one part, or name a document."),
        ({"deadline": "yesterday"}, "Enter a day that exists, in the form 31.12.2026."),
        ({"deadline": "1.1.2020"}, "Choose a day after today."),
    ],
)
def test_an_unfinished_question_is_not_sent(case, desk, values, words):
    answer = ask(desk, case, **values)
    assert answer.status_code == 200
    assert "(optional)" not in answer.text
    assert words in answer.text
    assert case.status == "in_review"


def test_a_term_lasts_through_a_day_off_to_the_next_working_day(case, desk, riitta):
    """Act 150/1930, 5 §. Christmas Eve of 2099 is a Thursday; New Year's Day a Friday."""
    eve, monday = "2099-12-24", date(2099, 12, 28)
    asked = QUESTION | {"deadline": eve}
    assert "28.12.2099" in desk.press("ask", case, **asked, preview="1").context["mail"]
    desk.press("ask", case, **asked, send="1")
    assert case.requests.get().deadline == monday
    refused = {"reasons": "Ei vastausta.", "person": riitta, **orders.UNHEARD}
    seen = orders.Handler(riitta, case).seen | {"now": datetime(2099, 12, 28, 9, tzinfo=UTC)}
    with pytest.raises(DeadlineOpen):
        services.reject(case.pk, **refused, **seen)
    desk.press("extend", case, deadline="2100-01-01")
    assert case.requests.get().deadline == date(2100, 1, 4)


def test_more_time_can_only_be_later(asked, desk):
    refused = desk.press("extend", asked, deadline=day(14).isoformat())
    assert refused.status_code == 200
    desk.press("extend", asked, deadline=day(30).isoformat())
    assert asked.requests.get().deadline == day(30)


def test_more_time_is_given_ahead_however_long_the_term_has_been_over(asked, desk, riitta):
    """A day in the past would give no time, and the promise would go on from there, late."""
    asked.requests.update(deadline=day(-30))
    assert "Choose a day after today." in desk.press("extend", asked, deadline=day(-9)).text
    assert desk.press("extend", asked, deadline=day(0)).status_code == 200
    given = {"deadline": day(-9), "person": riitta, **orders.Handler(riitta, asked).seen}
    with pytest.raises(NotPossible):
        services.extend_deadline(asked.pk, **given)
    assert desk.press("extend", asked, deadline=day(30)).status_code == 302
    assert asked.requests.get().deadline == day(30)


def test_more_time_without_a_question_is_refused(case, desk):
    assert desk.press("extend", case, deadline=day(30).isoformat()).status_code == 409


def test_a_question_can_be_taken_back(asked, desk):
    desk.press("cancel_request", asked)
    assert asked.status == "in_review"
    assert asked.requests.get().cancelled
    assert asked.due_on is not None


def test_the_queue_shows_the_deadline_of_an_open_question(asked, desk):
    (shown,) = desk.open("queue", status="info_requested").context["rows"]
    assert (shown.due.day, shown.due.label) == (day(14), "answer due")


def test_names_too_long_are_shortened_by_the_reviewer(case, desk, sample):
    from accounts.register.models import RegisterRecord

    long = "Esimerkkilän kaupungin sosiaali- ja terveystoimen vastaanottopalvelut sekä apteekki"
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), long_name=long, abbreviation="")
    form = desk.open("case", case.pk).context["names_form"]
    offered = [value for value, _label in form.fields["organisation"].choices]
    assert all(long.startswith(value) and len(value) <= 64 for value in offered)
    assert "unit" not in form.fields  # a server certificate does not carry the unit
    values = {name: offered[1] for name in form.fields if name != "version"}
    desk.press("names", case, **values)
    assert case.organisation_chosen == offered[1]
    orders.drain()
    assert dict(desk.open("case", case.pk).context["facts"])["Subject: O"] == offered[1]


def test_a_spelling_that_was_not_offered_is_refused(case, desk):
    answer = desk.press("names", case, organisation="Something Else Ltd")
    assert answer.status_code == 409
    assert Application.objects.get(pk=case.pk).organisation_chosen == ""


def test_choosing_names_voids_what_was_prepared_at_once(case, desk, sample):
    from accounts.register.models import RegisterRecord

    long = "Esimerkkilän kaupungin sosiaali- ja terveystoimen vastaanottopalvelut sekä apteekki"
    rewrite(RegisterRecord.objects.filter(oid=orders.UNIT), long_name=long, abbreviation="")
    form = desk.open("case", case.pk).context["names_form"]
    desk.press(
        "names", case, **{name: form[name].value() for name in form.fields if name != "version"}
    )
    assert orders.prepared(case).void_reason == "names_chosen"
    assert "approve" not in desk.open("case", case.pk).context["offers"]


def test_a_question_is_not_taken_back_once_the_applicant_has_changed_the_order(case, desk, matti):
    ask(desk, case, sections=["host_names"])
    names = {"host_names": ["toinen.example.fi"]}
    services.save_section(case.pk, "host_names", names, **orders.Handler(matti, case).seen)
    refused = desk.press("cancel_request", case)
    assert refused.status_code == 409
    assert "The applicant has changed the order and not sent it yet" in refused.text
    assert case.status == "info_requested"


def test_nor_once_another_request_was_chosen(case, desk, matti):
    ask(desk, case, sections=["csr"])
    orders.upload(matti, case, orders.openssl_csr())
    refused = desk.press("cancel_request", case)
    assert refused.status_code == 409
    assert "The order has another certificate request by now" in refused.text


def test_answers_that_were_never_sent_are_not_certified(case, desk, matti, riitta):
    ask(desk, case, sections=["validity"])
    months = {"validity_months": 6, "start": None}
    services.save_section(case.pk, "validity", months, **orders.Handler(matti, case).seen)
    case.requests.update(deadline=day(-1))
    desk.reject(case, "Ei vastausta.")
    desk.press("reopen", case, reasons="Oikaisuvaatimus.")
    orders.drain()
    desk.press("claim", case)
    orders.drain()
    with pytest.raises(ChangesUnsent):
        orders.approve(riitta, case)

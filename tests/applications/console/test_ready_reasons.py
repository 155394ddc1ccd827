"""The library of reasons: written in versions, chosen, counted when sent, ended."""

from datetime import timedelta
from functools import partial
from importlib import import_module

import pytest
from django.apps import apps
from django.db import transaction

from applications import services
from applications.models import ReadyReason, ReadyReasonVersion
from applications.services.reviewer.ready_reasons import count_used
from applications.views.console.case.reasons import MOST_USED, UsedField
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.services.errors import NotReviewer
from tests.applications.at_once import Beside
from tests.applications.console.listed import ready
from tests.portal import refused_words
from tests.tables import unkept

WORDS = {
    "title_fi": "Sähköposti ei toimi",
    "text_fi": "Ilmoita toimiva sähköpostiosoite.",
    "title_sv": "E-posten fungerar inte",
    "text_sv": "Ange en e-postadress som fungerar.",
    "title_en": "The mailbox does not work",
    "text_en": "Give a mailbox that works.",
}


def write(desk, **more):
    """Write a new reason for requests; return it."""
    desk.client.post(desk.url("new_ready_reason"), WORDS | {"use": "asking"} | more)
    return ReadyReason.objects.latest("pk")


def rewrite(desk, reason, number, **more):
    place = desk.url("ready_reason", reason.pk)
    return desk.client.post(place, WORDS | {"number": number} | more)


def question(**more):
    deadline = clock.day(clock.now()) + timedelta(days=14)
    asked = {"sections": ["contact"], "deadline": deadline.isoformat(), "reason": "Korjaa."}
    asked["wanted"] = ""
    return asked | more


def test_a_double_click_writes_one_reason(desk):
    first, again = write(desk), write(desk)
    assert again == first
    assert first.versions.count() == 1
    desk.client.post(desk.url("end_ready_reason", first.pk), {"number": 1})
    assert write(desk) != first, "that one is offered no more"
    assert write(desk, use="rejecting").use == "rejecting"


@pytest.mark.django_db(transaction=True)
def test_so_do_two_presses_at_once(riitta):
    words = {code: {"title": "Sähköposti", "text": "Ei toimi."} for code in ("fi", "sv", "en")}
    press = partial(act, riitta, services.write_reason, ReadyReason.Use.ASKING, words)
    with transaction.atomic():
        press()
        beside = Beside(press)
    assert beside.end() is None
    written = ReadyReasonVersion.objects.filter(words=words)
    reasons = [each.reason_id for each in written]
    with unkept():  # the library stays from test to test
        written.delete()
        ReadyReason.objects.filter(pk__in=reasons).delete()
    assert len(reasons) == 1


def test_the_library_begins_with_eight_reasons_in_three_languages(desk):
    offered = [reason.versions.first() for reason in ReadyReason.objects.all()]
    assert len(offered) == 8
    assert all({*one.words} == {"fi", "sv", "en"} for one in offered)
    for code in ("fi", "sv", "en"):
        texts = [text for one in offered for text in one.words[code].values()]
        assert [*refused_words.wrong(code, texts)] == []
    page = desk.open("ready_reasons").text
    assert "No evidence for a host name" in page
    assert "No answer in time" in page


def test_words_mended_by_an_upgrade_leave_what_a_reviewer_wrote(desk):
    upgrade = import_module("applications.migrations.0049_ready_reason_words")
    before = ReadyReasonVersion.objects.count()
    (old,) = (text for text in upgrade.MENDED if text.startswith("Pyytämäämme"))
    reason = write(desk, text_fi=old)
    first = ReadyReason.objects.create(use="rejecting")
    first.versions.create(number=1, words=reason.versions.get().words, at=clock.now())
    upgrade.mend(apps, None)
    assert ReadyReasonVersion.objects.count() == before + 3
    assert reason.versions.get().text_in("fi") == old
    assert first.versions.first().text_in("fi") == upgrade.MENDED[old]


def test_a_reason_that_a_reviewer_wrote_is_offered_in_the_applicants_language(desk, case):
    reason = write(desk)
    assert "The mailbox does not work" in desk.open("ask", case.pk).text
    assert "The mailbox does not work" not in desk.open("reject", case.pk).text
    page = desk.press("ask", case, **question(template=reason.pk))
    assert page.context["form"]["reason"].value() == f"Korjaa.\n\n{WORDS['text_fi']}"


def test_a_change_is_a_new_version_and_the_old_one_stays(desk, other_desk):
    reason = write(desk)
    rewrite(other_desk, reason, 1, text_fi="Korjaa sähköpostiosoite.")
    newest, first = reason.versions.all()
    assert (newest.number, newest.person) == (2, other_desk.person)
    assert newest.text_in("fi") == "Korjaa sähköpostiosoite."
    assert (first.person, first.text_in("fi")) == (desk.person, WORDS["text_fi"])
    page = desk.open("ready_reason", reason.pk).text
    assert WORDS["text_fi"] in page
    assert str(other_desk.person) in page
    written = Event.objects.filter(action="ready_reason.written", object_id=str(reason.pk))
    assert [one.data["version"] for one in written.order_by("pk")] == [1, 2]


def test_the_same_words_make_no_version(desk):
    reason = write(desk)
    rewrite(desk, reason, 1)
    assert reason.versions.count() == 1


def test_who_changes_it_second_loses_nothing_of_what_they_wrote(desk, other_desk):
    reason = write(desk)
    rewrite(desk, reason, 1, text_en="Give another mailbox.")
    late = rewrite(other_desk, reason, 1, text_en="Give a mailbox that somebody reads.")
    assert late.status_code == 409
    assert "Give a mailbox that somebody reads." in late.text
    assert "Give another mailbox." in late.text
    again = {one.name: one.value() for one in late.context["form"]}
    assert other_desk.client.post(desk.url("ready_reason", reason.pk), again).status_code == 302
    assert [one.number for one in reason.versions.all()] == [3, 2, 1]


@pytest.mark.parametrize("lacking", sorted(WORDS))
def test_every_language_needs_its_words(desk, lacking):
    before = ReadyReason.objects.count()
    answer = desk.client.post(desk.url("new_ready_reason"), WORDS | {"use": "asking", lacking: " "})
    assert lacking in answer.context["form"].errors
    assert ReadyReason.objects.count() == before


def test_an_ended_reason_is_offered_no_more_and_can_be_read(desk, case):
    reason = write(desk)
    answer = desk.client.post(desk.url("end_ready_reason", reason.pk), {"number": 1})
    assert answer.url == desk.url("ready_reasons")
    assert "The mailbox does not work" not in desk.open("ask", case.pk).text
    assert "offered no more" in desk.open("ready_reason", reason.pk).text
    typed = rewrite(desk, reason, 1, text_en="Give a mailbox that somebody reads.")
    assert typed.status_code == 409
    assert "This reason is offered no more." in typed.text
    assert "Give a mailbox that somebody reads." in typed.text
    assert desk.url("new_ready_reason") in typed.text
    assert "not saved yet" not in typed.text
    late = desk.client.post(desk.url("end_ready_reason", reason.pk), {"number": 1})
    assert late.status_code == 409
    assert Event.objects.filter(action="ready_reason.ended").count() == 1


def test_it_counts_how_often_a_reason_was_sent(desk, case):
    key = ready("No evidence")
    typed = desk.press("ask", case, **question(template=key)).context["form"]
    given = {one.name: one.value() for one in typed}
    shown = desk.client.post(desk.url("ask", case.pk), given | {"preview": "1"})
    assert f'name="used" value="{key}"' in shown.text
    assert ReadyReason.objects.get(pk=key).used == 0
    desk.client.post(desk.url("ask", case.pk), given | {"send": "1"})
    case.refresh_from_db()
    assert case.status == "info_requested"
    assert ReadyReason.objects.get(pk=key).used == 1


def test_a_rejection_counts_its_reasons(desk, case):
    key = ready("Not in the register")
    desk.reject(case, "Ei rekisterissä.", used=f"{key}")
    assert case.status == "rejected"
    assert ReadyReason.objects.get(pk=key).used == 1


def test_keys_that_nobody_could_have_chosen_keep_nothing_from_being_sent(desk, case):
    key = ready("No evidence")
    used = f"1;2 -1 {'9' * 30} \0 {f'{key} ' * 30}"
    desk.press("ask", case, **question(send="1", used=used))
    assert case.status == "info_requested"
    assert ReadyReason.objects.get(pk=key).used == 1


def test_so_many_reasons_are_counted_and_no_more():
    read = UsedField(required=False).clean(" ".join(map(str, range(1, 100))))
    assert read == list(range(1, MOST_USED + 1))


def test_only_reviewers_write_change_or_end_a_reason(desk, matti):
    reason = write(desk)
    by = {"person": matti, "actor": orders.actor_for(matti), "now": clock.now()}
    words = reason.versions.get().words
    with pytest.raises(NotReviewer):
        services.write_reason(ReadyReason.Use.ASKING, words, **by)
    with pytest.raises(NotReviewer):
        services.rewrite_reason(reason.pk, {}, number=1, **by)
    with pytest.raises(NotReviewer):
        services.end_reason(reason.pk, number=1, **by)
    assert reason.versions.count() == 1
    assert ReadyReason.objects.latest("pk") == reason


def test_applicants_find_no_library(matti, web_of, desk):
    web = web_of(matti)
    for name, args in (("ready_reasons", []), ("new_ready_reason", []), ("ready_reason", [1])):
        assert web.get(desk.url(name, *args)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_send_the_same_reasons_at_once(own_reasons, sample):
    second, first = (ReadyReason.objects.create(pk=key, use="asking") for key in (902, 901))
    with transaction.atomic():
        count_used([first.pk])
        late = partial(count_used, [first.pk, second.pk])
        beside = Beside(transaction.atomic(late))
        count_used([second.pk])
    assert beside.end() is None
    assert {one.used for one in ReadyReason.objects.filter(pk__in=[first.pk, second.pk])} == {2}

"""Reviewers look after accounts: rights confirmed and withdrawn, memberships and accounts ended."""

from datetime import date, timedelta

import pytest

from accounts.access import FRESH, actor_for, current_membership
from accounts.models import AccountDecision, Invitation, Membership, Organisation
from accounts.right_to_act import is_shown
from accounts.services.organisations import administrator_requests as recovering
from accounts.services.organisations import found as founding
from accounts.services.organisations import invite as inviting
from accounts.services.organisations import join as joining
from accounts.services.organisations import membership
from accounts.services.organisations import oversight as overseeing
from accounts.services.organisations.administrator_requests import MayNotDecide
from accounts.services.rights import confirm as confirming
from accounts.services.rights.documents import Paper, hand_in
from applications import services
from applications.errors import NotPossible
from applications.services.reviewer.may_act import RightMissing
from certportal.dev.builders import orders, people
from certportal.dev.builders.documents import pdf
from certportal.dev.builders.mails import written
from certportal.foundation import clock
from certportal.foundation.models import Event, OutboxItem
from issuance.models import Certificate, PreparedCertificate
from tests.applications.console.conftest import Desk
from tests.conftest import PHARMACY

REASONS = "Kaupparekisterin mukaan hän ei edusta apteekkia."


def told(kind="account_decided"):
    """Return the keys of those to whom a mail of this kind is on its way."""
    return sorted(one.payload["to"] for one in OutboxItem.objects.filter(payload__kind=kind))


def mails(now):
    """Return the mails about decisions by their reader's address."""
    found = OutboxItem.objects.filter(payload__kind="account_decided")
    found_mails = [written(one, now=now) for one in found]
    return {one.to: one for one in found_mails if one is not None}


def given(reviewer, **more):
    return {
        "reasons": REASONS,
        "person": reviewer,
        "actor": actor_for(reviewer),
        "now": clock.now(),
    } | more


def right(person):
    return person.memberships.get(ended_at=None)


@pytest.fixture
def seppo(sample, now):
    """Seppo has founded the pharmacy's account on his word alone, and handed in a paper."""
    person = people.make_person("Seppo Sivullinen", now=now)
    statement = founding.Statement(Membership.Basis.MANDATE, "proviisori")
    made = founding.found(person, PHARMACY, statement, actor=actor_for(person), now=now)
    hand_in(person, made, Paper(pdf("Sepon"), "seppo.pdf"), actor=actor_for(person), now=now)
    return person


@pytest.fixture
def contested(seppo, now):
    """Pekka, the pharmacist, has asked to be made administrator of the account."""
    person = people.make_person("Pekka Proviisori", now=now)
    paper = Paper(pdf("Pekan"), "pekka.pdf")
    account = right(seppo).organisation
    return recovering.ask(
        person, account, reason="Omistan.", paper=paper, actor=actor_for(person), now=now
    )


def test_both_documents_meet_on_one_page_and_the_stranger_goes(desk, contested, seppo, web_of, now):
    page = desk.open("administrator", contested.pk).text
    for words in ("seppo.pdf", "pekka.pdf", "Seppo Sivullinen", "proviisori", "Omistan."):
        assert words in page
    assert page.count("<iframe") == 2
    decision = {"decision": "alone", "reasons": REASONS}
    desk.client.post(desk.url("administrator", contested.pk), decision)

    pekka = contested.person
    assert right(pekka).role == Membership.Role.ADMINISTRATOR
    assert not seppo.memberships.filter(ended_at=None).exists()
    assert AccountDecision.objects.get().kind == AccountDecision.Kind.MEMBERSHIP_ENDED
    assert told() == sorted([str(seppo.pk), str(pekka.pk)])
    letter = mails(now)[seppo.email]
    assert REASONS in letter.text
    assert "Pekka" not in letter.text
    assert web_of(pekka).get("/en/account/members/invite/").status_code == 200


def test_the_founder_may_be_the_one_confirmed(desk, contested, seppo, riitta):
    place = desk.url("confirm_member", right(seppo).pk)
    assert place in desk.open("administrator", contested.pk).text
    page = desk.client.get(place).text
    assert "Somebody else asks" in page
    assert "pekka.pdf" not in page  # shown on the page of the request, to which this one leads
    assert desk.url("administrator", contested.pk) in page
    assert desk.client.post(place, {"note": "Kaupparekisteri"}).status_code == 302
    assert is_shown(right(seppo))
    assert right(seppo).confirmed_by == riitta
    assert "end the memberships" not in desk.open("administrator", contested.pk).text


@pytest.fixture
def on_his_word(seppo, riitta):
    """Seppo's right, confirmed by Riitta on his word alone, for ten days."""
    day = clock.day(clock.now()) + timedelta(days=10)
    given = {"note": "Soitin.", "until": day, "by": riitta, "actor": actor_for(riitta)}
    return confirming.confirm_right(right(seppo).pk, **given, now=clock.now())


def written_day(day):
    return f"{day.day}.{day.month}.{day.year}"


def as_the_browser_sends(form):
    """Return what is posted of a form that nobody has touched."""
    shown = {field.name: field.value() for field in form if field.value() is not False}
    return {
        name: written_day(value) if isinstance(value, date) else value or ""
        for name, value in shown.items()
    }


def test_the_last_day_that_is_over_stands_in_nobodys_way(desk, on_his_word, pass_days):
    pass_days(11)
    desk = Desk(desk.person)
    desk.confirm()
    place = desk.url("confirm_member", on_his_word.pk)
    sent = as_the_browser_sends(desk.client.get(place).context["form"]) | {"note": "Ote."}
    assert "Choose an end date" in desk.client.post(place, sent).text
    del sent["word_alone"]
    assert desk.client.post(place, sent).status_code == 302
    assert is_shown(Membership.objects.get(pk=on_his_word.pk))


def test_a_right_on_the_word_alone_is_bettered_on_the_account(desk, on_his_word, raimo):
    place = Desk(raimo).url("confirm_member", on_his_word.pk)
    assert place in desk.open("account", on_his_word.organisation_id).text
    other = Desk(raimo)
    other.confirm()
    page = other.client.get(place)
    assert "Recorded then: Soitin." in page.text
    sent = as_the_browser_sends(page.context["form"])
    del sent["word_alone"]
    assert (sent["note"], sent["ends_on"]) == ("", written_day(on_his_word.confirmed_until))
    same = other.client.post(place, sent | {"note": " Soitin. "})
    assert "The note is the same as when" in same.text
    assert other.client.post(place, sent | {"note": "Kaupparekisterin ote"}).status_code == 302
    on_his_word.refresh_from_db()
    assert (on_his_word.confirmed_until, on_his_word.confirmed_by) == (None, raimo)
    assert on_his_word.basis_note == "Kaupparekisterin ote"
    event = Event.objects.filter(action="membership.right_confirmed").latest("id")
    assert (event.actor, event.data["until"]) == (f"person:{raimo.pk}", "")
    assert place not in desk.open("account", on_his_word.organisation_id).text


def test_it_is_renewed_there_and_two_reviewers_still_approve(desk, on_his_word, seppo, cas):
    place, day = desk.url("confirm_member", on_his_word.pk), on_his_word.confirmed_until
    later = day + timedelta(days=100)
    given = {"note": "Soitin taas.", "word_alone": "on"}
    far = desk.client.post(place, given | {"ends_on": "1.1.2099"})
    assert "Choose an end date" in far.text
    assert far.context["form"]["note"].value() == "Soitin taas."
    assert desk.client.post(place, given | {"ends_on": written_day(later)}).status_code == 302
    on_his_word.refresh_from_db()
    assert on_his_word.confirmed_until == later
    assert place in desk.open("account", on_his_word.organisation_id).text
    case = orders.claimed(seppo, desk.person)
    assert desk.open("case", case.pk).context["approvals"].wanted == 2


def test_what_only_a_former_members_word_shows_is_bettered_too(desk, on_his_word, seppo, now):
    """Whom he invited rests on it. Nobody does once they have left as well."""
    place = desk.url("confirm_member", on_his_word.pk)
    liisa = people.make_member("Liisa Liittynyt", on_his_word.organisation)
    Membership.objects.filter(pk=on_his_word.pk).update(ended_at=now)
    assert place in desk.open("account", on_his_word.organisation_id).text
    liisa.memberships.update(ended_at=now)
    assert place not in desk.open("account", on_his_word.organisation_id).text


def test_a_member_betters_nothing_of_the_own_account(desk, on_his_word, riitta, now):
    Membership.objects.create(
        person=riitta,
        organisation=on_his_word.organisation,
        role=Membership.Role.APPLICANT,
        basis=Membership.Basis.INVITATION,
        begun_at=now,
    )
    place = desk.url("confirm_member", on_his_word.pk)
    page = desk.client.get(place).text
    assert "another reviewer must confirm the right" in page
    assert 'name="note"' not in page
    assert desk.client.post(place, {"note": "Tunnen hänet."}).status_code == 403
    on_his_word.refresh_from_db()
    assert on_his_word.is_weak


def test_the_case_tells_of_a_rival_before_the_right_is_confirmed(desk, seppo, contested, cas):
    case = orders.claimed(seppo, desk.person)
    page = desk.open("right", case.pk).text
    assert "Somebody else asks" in page
    assert desk.url("account", case.organisation_id) in desk.open("case", case.pk).text


def test_an_account_is_found_by_name_and_business_id(desk, pharmacy, seppo_elsewhere):
    place = desk.url("account", pharmacy.pk)
    assert desk.url("accounts") in desk.open("queue").text
    for query in ("apteekki", PHARMACY, PHARMACY.replace("-", "")):
        assert place in desk.open("accounts", q=query).text
    page = desk.open("accounts", q="ei tällaista").text
    assert "No account fits" in page
    page = desk.open("accounts").text
    assert page.index(str(seppo_elsewhere.pk)) < page.index(str(pharmacy.pk))
    page = desk.client.get(place).text
    assert "Matti Meikäläinen" in page
    assert "kaupparekisteri" in page


@pytest.fixture
def seppo_elsewhere(sample, now):
    """An account on somebody's word, of other clinics."""
    person = people.make_person("Saara Sivullinen", now=now)
    statement = founding.Statement(Membership.Basis.MANDATE, "johtaja")
    return founding.found(person, "9900008-5", statement, actor=actor_for(person), now=now)


def test_a_membership_is_ended_with_reasons_and_all_concerned_are_told(
    desk, maija, matti, pharmacy, web_of, now
):
    hers = web_of(maija)
    place = desk.url("end_membership", right(maija).pk)
    assert place in desk.open("account", pharmacy.pk).text
    key = right(maija).pk
    assert "Write the reasons" in desk.client.post(place, {"reasons": " "}).text
    assert right(maija)
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 302

    assert current_membership(maija, pharmacy.pk) is None
    assert hers.get("/en/home/").status_code == 302  # the open session has ended
    assert told() == sorted([str(maija.pk), str(matti.pk)])
    letters = mails(now)
    assert "Maija" in letters[matti.email].text
    assert REASONS in letters[maija.email].text
    event = Event.objects.get(action="membership.ended_by_authority")
    assert event.object_id == str(key)
    assert REASONS not in str(event.data)
    assert REASONS in desk.open("account", pharmacy.pk).text
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 409


def test_the_page_tells_what_the_membership_carries_before_it_ends(
    desk, maija, matti, riitta, pharmacy, cas, now
):
    draft, waiting = orders.draft(maija), orders.in_review(maija)
    done, other = orders.delivered(maija, riitta), orders.submitted(matti)
    maija.memberships.update(role=Membership.Role.ADMINISTRATOR)
    invite = {"role": "applicant", "language": "fi", "by": maija, "actor": actor_for(maija)}
    inviting.invite(pharmacy, "uuno@example.fi", **invite, now=clock.now())

    page = desk.open("end_membership", right(maija).pk).text

    assert waiting.number in page
    assert "erecept.example.fi" in page  # the certificate in force
    assert desk.url("case", done.pk) in page
    assert "1 draft" in page
    assert "uuno@example.fi" in page
    for one in (draft, other):
        assert one.number not in page


def test_what_was_approved_on_the_member_s_word_comes_back_to_review(
    desk, maija, matti, riitta, cas
):
    case, other = orders.claimed(maija, riitta), orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    orders.approve(riitta, other)

    services.end_membership(right(maija).pk, **given(riitta))

    for one, status in ((case, "in_review"), (other, "approved")):
        one.refresh_from_db()
        assert one.status == status
    assert PreparedCertificate.objects.filter(reference=case.pk, state="void").exists()
    orders.drain()
    assert [one.reference for one in Certificate.objects.all()] == [other.pk]


def test_the_last_administrator_goes_too_and_anybody_may_ask_at_once(
    matti, riitta, kalle, pharmacy
):
    now = clock.now()
    with pytest.raises(membership.LastAdministrator):
        membership.remove(right(matti).pk, actor=actor_for(matti), now=now)
    services.end_membership(right(matti).pk, **given(riitta))
    assert recovering.may_ask(kalle, pharmacy, now=now)


def test_a_confirmation_is_withdrawn_and_what_rests_on_it_falls(
    desk, matti, maija, teemu, riitta, pharmacy, web_of, cas, now
):
    invite = {"role": "applicant", "language": "fi", "by": matti, "actor": actor_for(matti)}
    waiting = inviting.invite(pharmacy, "uuno@example.fi", **invite, now=clock.now())
    case = orders.claimed(maija, riitta)
    orders.approve(riitta, case)
    place = desk.url("withdraw_right", right(matti).pk)
    assert place in desk.open("account", pharmacy.pk).text
    page = desk.client.get(place).text
    for words in ("Maija", "Teemu", case.number, "uuno@example.fi"):
        assert words in page

    assert desk.client.post(place, {"reasons": REASONS}).status_code == 302

    assert right(matti).basis == Membership.Basis.UNVERIFIED
    for person in (matti, maija, teemu):
        assert not is_shown(right(person))
    waiting.refresh_from_db()
    assert waiting.state(clock.now()) == Invitation.State.REVOKED
    assert told() == sorted(str(one.pk) for one in (matti, maija, teemu))
    assert "/account/right/" in mails(now)[matti.email].text
    case.refresh_from_db()
    assert case.status == "in_review"
    assert web_of(matti).get("/en/account/members/invite/").status_code == 403
    assert case.number not in web_of(matti).get("/en/home/").text
    assert case.number in web_of(maija).get("/en/home/").text
    orders.drain()
    with pytest.raises((RightMissing, NotPossible)):
        orders.approve(riitta, case)
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 409


def test_a_right_that_falls_at_the_moment_of_approval_signs_nothing(matti, riitta, cas):
    case = orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    # As if the withdrawal had been committed while the approval was under way.
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED)
    orders.drain()
    case.refresh_from_db()
    assert case.status == "in_review"
    assert not Certificate.objects.exists()


def test_who_has_a_right_of_their_own_keeps_it(matti, maija, riitta, pharmacy, now):
    maija.memberships.update(basis=Membership.Basis.REVIEWER_DECISION, role="administrator")
    services.withdraw_right(right(matti).pk, **given(riitta))
    assert is_shown(right(maija))
    assert told() == sorted([str(matti.pk), str(maija.pk)])
    letter = mails(now)[maija.email]
    assert "Matti" in letter.text
    assert "no longer confirmed" not in letter.subject


def test_an_account_is_closed(desk, matti, maija, riitta, pharmacy, kalle, web_of, cas, now):
    joining.ask(kalle, PHARMACY, actor=actor_for(kalle), now=now)
    done, opened = orders.delivered(matti, riitta), orders.in_review(maija)
    place = desk.url("close_account", pharmacy.pk)
    assert place in desk.open("account", pharmacy.pk).text
    page = desk.client.get(place).text
    for words in (opened.number, "Matti", "Maija", desk.url("case", done.pk)):
        assert words in page
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 302

    assert not pharmacy.memberships.filter(ended_at=None).exists()
    assert not pharmacy.business_ids.filter(valid_to=None).exists()
    assert told() == sorted(str(one.pk) for one in (matti, maija, kalle))
    assert mails(now)[matti.email].subject
    assert Event.objects.get(action="organisation.closed").actor == f"person:{riitta.pk}"
    assert Certificate.objects.get().state == Certificate.State.ISSUED
    assert desk.open("case", opened.pk).status_code == 200
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 409
    # Whoever acts for the organisation founds a new account.
    statement = founding.Statement(Membership.Basis.MANDATE, "proviisori")
    again = founding.found(kalle, PHARMACY, statement, actor=actor_for(kalle), now=clock.now())
    assert again.pk != pharmacy.pk
    assert done.number not in web_of(kalle).get("/en/home/").text


def test_links_of_technical_contacts_end_with_the_account(pharmacy, matti, riitta, cas):
    order = orders.delivered(matti, riitta)  # whose link opens it for a month
    order.refresh_from_db()
    link = order.contact_links.create(
        holder="technical_contact",
        email=order.technical_email or "tekniikka@example.fi",
        token_hash="x" * 64,
        made_at=clock.now(),
    )
    services.close_account(pharmacy.pk, **given(riitta))
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert Event.objects.filter(action="application.links_ended").exists()


def test_an_account_that_somebody_asks_for_is_not_closed(contested, riitta):
    with pytest.raises(overseeing.RequestsWait):
        services.close_account(contested.organisation_id, **given(riitta))
    assert Organisation.objects.get().business_ids.filter(valid_to=None).exists()


def test_two_accounts_are_merged_from_the_account_s_page(desk, pharmacy, kalle):
    place = f"{desk.url('succession')}?former={PHARMACY}"
    assert place in desk.open("account", pharmacy.pk).text
    assert PHARMACY in desk.client.get(place).text


@pytest.mark.parametrize("days", [None, 364])
def test_nobody_decides_where_they_belong_or_did_within_the_year(
    desk, riitta, maija, matti, pharmacy, days
):
    now = clock.now()
    ended = now - timedelta(days=days) if days else None
    joined = {"basis": "invitation", "role": "applicant", "begun_at": now - timedelta(days=800)}
    riitta.memberships.create(organisation=pharmacy, ended_at=ended, **joined)
    for act, key in (
        (services.end_membership, right(maija).pk),
        (services.withdraw_right, right(matti).pk),
        (services.close_account, pharmacy.pk),
    ):
        with pytest.raises(MayNotDecide):
            act(key, **given(riitta))
    place = desk.url("end_membership", right(maija).pk)
    assert "another reviewer must decide" in desk.client.get(place).text
    assert desk.client.post(place, {"reasons": REASONS}).status_code == 403
    page = desk.open("account", pharmacy.pk).text
    assert place not in page


def test_nobody_else_decides_and_nobody_else_sees(matti, maija, kalle, pharmacy, web_of):
    for person in (matti, kalle):
        with pytest.raises(MayNotDecide):
            services.close_account(pharmacy.pk, **given(person))
        browser = web_of(person)
        for place in (
            "/en/console/accounts/",
            f"/en/console/accounts/{pharmacy.pk}/",
            f"/en/console/accounts/{pharmacy.pk}/close/",
            f"/en/console/accounts/members/{right(maija).pk}/end/",
            f"/en/console/accounts/members/{right(matti).pk}/withdraw/",
            f"/en/console/accounts/members/{right(matti).pk}/confirm/",
        ):
            assert browser.get(place).status_code == 404
            assert browser.post(place, {"reasons": REASONS}).status_code == 404


def test_the_second_factor_is_proven_again_first(desk, maija):
    desk.confirm(clock.now() - FRESH - timedelta(minutes=1))
    place = desk.url("end_membership", right(maija).pk)
    assert "/second-factor/" in desk.client.post(place, {"reasons": REASONS}).url
    assert right(maija)


def test_the_reasons_are_blanked_in_time(maija, riitta):
    services.end_membership(right(maija).pk, **given(riitta))
    services.erase_expired(now=clock.now() + timedelta(days=366 * 5))
    assert AccountDecision.objects.get().reasons == ""

"""A page of a case in the wrong state says how the case stands, and blames nobody."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership
from applications import services, workflow
from applications.models import Application
from applications.workflow import Action, Role
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock

OF_ACTION = {
    "set_aside": Action.SET_ASIDE,
    "hand_over": Action.HAND_OVER,
    "take_over": Action.TAKE_OVER,
    "ask": Action.REQUEST_INFO,
    "extend": Action.EXTEND_DEADLINE,
    "approve": Action.APPROVE,
    "hear": Action.HEAR,
    "reject": Action.REJECT,
    "reopen": Action.REOPEN,
}
"""The pages of a case on which a reviewer acts, by name."""


def reviewed(_case, _desk, _matti):
    """Riitta has the case."""


def heard(case, desk, _matti):
    orders.hear(desk.person, case, clock.day(clock.now()) + timedelta(days=14))


def rejected(case, desk, _matti):
    desk.reject(case, "Ei oikeutta.")


def withdrawn(case, _desk, matti):
    services.withdraw(case.pk, **orders.Handler(matti, case).seen)


@pytest.mark.parametrize("stand", [reviewed, heard, rejected, withdrawn])
def test_every_page_of_what_cannot_be_done_says_how_the_case_stands(case, desk, matti, stand):
    desk.confirm()
    stand(case, desk, matti)
    case.refresh_from_db()
    wrong = []
    for name, action in OF_ACTION.items():
        if workflow.may(action, case.status, Role.REVIEWER):
            continue
        page = desk.open(name, case.pk)
        said = f"Its status is: {case.status_words}." in page.text
        headed = "State of the certificate" in page.text
        if (page.status_code, said, headed) != (200, True, True):
            wrong.append((name, page.status_code, said, headed))
    assert wrong == []


def test_a_decision_that_will_not_be_made_is_not_announced(case, desk, matti):
    withdrawn(case, desk, matti)
    page = desk.open("decision", case.pk)
    assert page.status_code == 200
    assert "There is no decision in force on the order." in page.text
    assert "This will be the decision" not in page.text
    assert "State of the certificate" in page.text


def test_riitta_wants_to_take_over_her_own_case(case, desk):
    page = desk.open("take_over", case.pk)
    assert "You have the case already." in page.text
    again = desk.press("take_over", case, reason="Raimo on lomalla.")
    assert again.status_code == 409
    assert "You have the case already." in again.text


def test_nobody_has_the_case_that_is_to_be_taken_over(waiting, desk):
    page = desk.open("take_over", waiting.pk)
    assert "Nobody has the case. You can take it on its page." in page.text


def test_what_nobody_has_and_nobody_can_take_is_not_said_to_be_free_to_take(waiting, desk):
    """The applicant must answer first."""
    Application.objects.filter(pk=waiting.pk).update(status="info_requested")
    page = desk.open("take_over", waiting.pk)
    assert "Nobody has the case." in page.text
    assert "You can take it" not in page.text


def test_nobody_was_faster_where_an_address_was_only_opened(waiting, desk):
    page = desk.open("extend", waiting.pk)
    assert "Its status is: In review." in page.text
    assert "omebody was faster" not in page.text


def test_raimo_claims_what_riitta_has(case, other_desk):
    answer = other_desk.press("claim", case)
    assert answer.status_code == 409
    assert "Another reviewer has this case." in answer.text


def test_a_case_in_review_is_not_taken_up_again(case, desk):
    page = desk.open("reopen", case.pk)
    assert "Its status is: In review." in page.text
    assert desk.press("reopen", case, reasons="Uudelleen.").status_code == 409


def test_a_rejected_case_is_not_set_aside_or_taken_over(case, desk):
    desk.reject(case, "Ei oikeutta.")
    for name in ("set_aside", "take_over"):
        page = desk.open(name, case.pk)
        assert "Its status is: Rejected." in page.text, name
        assert "omebody" not in page.text, name


def test_the_address_of_a_button_opens_a_page_in_words(case, desk, web_of, matti):
    for language, words in (
        ("fi", "Osoitteesta ei avaudu sivua"),
        ("sv", "Adressen öppnar ingen sida"),
        ("en", "The address opens no page"),
    ):
        with translation.override(language):
            claim = desk.url("claim", case.pk)
            leave = reverse("accounts:logout")
        for browser, there in ((desk.client, claim), (web_of(matti), leave)):
            page = browser.get(there)
            assert (page.status_code, page["Allow"]) == (405, "POST"), there
            assert f"<h1>{words}</h1>" in " ".join(page.text.split()).replace("> ", ">").replace(
                " <", "<"
            )


def test_the_address_of_a_button_leads_to_the_page_that_has_the_button(case, desk, web_of, matti):
    ours, own = desk.client, web_of(matti)
    for browser, address, page in (
        (ours, desk.url("claim", case.pk), desk.url("case", case.pk)),
        (ours, desk.url("withdraw_revocation", case.pk), desk.url("case", case.pk)),
        (ours, desk.url("take_next"), desk.url("queue")),
        (own, reverse("accounts:end_other_sessions"), reverse("accounts:profile")),
    ):
        opened = browser.get(address)
        assert opened.status_code == 405, address
        assert f'<a class="button" href="{page}">Go to the page it belongs to</a>' in opened.text


def test_where_no_one_page_has_the_button_the_way_leads_to_the_start(web_of, matti):
    """Each page has the button for logging out; the test provider's endpoint is for machines."""
    for address, language, words in (
        (reverse("accounts:logout"), "en", "for example by a button on another page"),
        ("/testidp/token", "fi", "esimerkiksi toisen sivun painikkeella"),
    ):
        opened = web_of(matti).get(address)
        assert opened.status_code == 405, address
        assert words in opened.text
        with translation.override(language):
            assert f'<a class="button" href="{reverse("start")}"' in " ".join(opened.text.split())


def what_to_do(answer):
    """Return the part of the case's page about what its reader can do."""
    return answer.text.partition('id="decision"')[2].partition("</section>")[0]


def test_who_approved_is_told_that_another_must_and_not_what_to_do_before(
    ready, desk, other_desk, riitta, settings
):
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    orders.press_approve(riitta, ready)
    own = what_to_do(desk.open("case", ready.pk))
    assert "You have approved this certificate." in own
    assert "Before you can approve" not in own
    others = what_to_do(other_desk.open("case", ready.pk))
    assert "Another reviewer has this case. You can approve its certificate." in others


def test_an_auditor_is_not_told_what_to_do_before_approving(case, desk, web_of, anneli):
    assert "Before you can approve" in what_to_do(desk.open("case", case.pk))
    page = what_to_do(web_of(anneli).get(desk.url("case", case.pk)))
    assert "Before you can approve" not in page
    assert "What to do" not in page
    member = people.make_auditor("Maija Mallikas")
    Membership.objects.create(
        person=member,
        organisation=case.organisation,
        basis=Membership.Basis.INVITATION,
        begun_at=clock.now(),
    )
    page = what_to_do(web_of(member).get(desk.url("case", case.pk)))
    assert "another reviewer must handle" not in page


def test_of_a_revoked_certificate_only_an_exposed_key_is_left_to_report(order, desk, riitta, raimo):
    assert "Revoke the certificate" in what_to_do(desk.open("case", order.pk))
    given = {"reason": "superseded", "words": "Vaihdettu."}
    proposal = act(riitta, services.propose, order.pk, **given)
    act(raimo, services.confirm_proposal, proposal.pk)
    for page in ("case", "certificate"):
        text = desk.open(page, order.pk).text
        assert "Revoke the certificate" not in text.partition("<main")[2].partition("</main>")[0]
        assert "Report that the private key has been exposed" in text

"""Revoking in the console: alone for an exposed key, by two persons for the rest."""

from accounts.access import SECOND_FACTOR_LASTS
from applications.models import RevocationProposal
from certportal.dev.builders import orders
from certportal.foundation import clock
from issuance.models import Certificate

FILLED = {"reason": "privilege_withdrawn", "words": "Poistettu rekisteristä.", "understood": "on"}


def state():
    return Certificate.objects.get().state


def test_an_exposed_key_is_revoked_by_one_person(desk, order):
    desk.press("revoke", order, **FILLED | {"reason": "key_compromise"})
    assert Certificate.objects.get().revocation_reason == "key_compromise"
    assert not RevocationProposal.objects.exists()


def test_who_presses_long_after_the_second_factor_reads_what_will_be_revoked(desk, order):
    desk.confirm(clock.now() - 2 * SECOND_FACTOR_LASTS)
    page = desk.press("revoke", order, **FILLED)
    serial = Certificate.objects.get().serial
    named = f"erecept.example.fi, serial number {serial}, order {order.number}"
    assert f"Revoke the certificate: {named}" in page.text
    assert not RevocationProposal.objects.exists()


def test_every_other_reason_waits_for_a_second_person(desk, other_desk, order):
    page = desk.open("revoke", order.pk)
    assert page.text.count("A second reviewer must confirm.") == 4
    answer = desk.press("revoke", order, **FILLED)
    assert answer["Location"] == desk.url("case", order.pk)
    assert state() == "issued"
    for who in (desk, other_desk):
        assert order.number in who.open("queue", view="revocations").text
        page = who.open("case", order.pk)
        state_of_it = page.text.split("State of the certificate")[1].split("</dd>")[0]
        assert 'href="#proposal-title">Revocation waits for a second reviewer' in state_of_it
    assert "Confirm the revocation" in other_desk.open("case", order.pk).text
    assert "Confirm the revocation" not in desk.open("case", order.pk).text


def test_the_second_person_confirms_what_was_shown(desk, other_desk, order):
    desk.press("revoke", order, **FILLED)
    page = other_desk.open("revocation", order.pk)
    assert "Poistettu rekisteristä." in page.text
    assert Certificate.objects.get().serial in page.text
    shown = page.context["form"].initial["proposal"]
    assert other_desk.press("revocation", order, proposal=shown).status_code == 200  # not ticked
    assert state() == "issued"
    other_desk.press("revocation", order, proposal=shown, understood="on")
    assert state() == "revoked"
    assert "A second reviewer confirmed the revocation" in desk.open("case", order.pk).text


def test_the_proposer_s_own_confirmation_is_refused(desk, order):
    desk.press("revoke", order, **FILLED)
    proposal = RevocationProposal.objects.get().pk
    assert "that you could confirm" in desk.open("revocation", order.pk).text
    answer = desk.press("revocation", order, proposal=proposal, understood="on")
    assert answer.status_code == 403
    assert state() == "issued"


def test_who_confirms_too_late_reads_who_was_faster(desk, other_desk, order, matti):
    desk.press("revoke", order, **FILLED)
    proposal = RevocationProposal.objects.get().pk
    desk.press("withdraw_revocation", order, proposal=proposal)
    answer = other_desk.press("revocation", order, proposal=proposal, understood="on")
    assert answer.status_code == 409
    assert "Somebody was faster" in answer.text
    assert str(desk.person) in answer.text
    assert "Take the next case" not in answer.text
    orders.in_review(matti)
    answer = other_desk.press("revocation", order, proposal=proposal, understood="on")
    assert "Take the next case" in answer.text
    assert state() == "issued"
    assert desk.press("withdraw_revocation", order, proposal=proposal).status_code == 409


def test_declined_with_a_reason(desk, other_desk, order):
    desk.press("revoke", order, **FILLED)
    proposal = RevocationProposal.objects.get().pk
    page = other_desk.press("decline_revocation", order, proposal=proposal, words="")
    assert "Write why the certificate is not revoked." in page.text
    other_desk.press("decline_revocation", order, proposal=proposal, words="On rekisterissä.")
    assert RevocationProposal.objects.get().outcome == "declined"
    assert order.number not in desk.open("queue", view="revocations").text


def test_taken_back(desk, order):
    desk.press("revoke", order, **FILLED)
    proposal = RevocationProposal.objects.get().pk
    desk.press("withdraw_revocation", order, proposal=proposal)
    assert RevocationProposal.objects.get().outcome == "withdrawn"
    assert desk.press("withdraw_revocation", order, proposal=proposal).status_code == 409
    assert desk.press("withdraw_revocation", order).status_code == 409


def test_the_proposal_of_another_case_is_not_confirmed_here(desk, other_desk, order, matti, riitta):
    another = orders.delivered(matti, riitta, "test_server")
    desk.press("revoke", order, **FILLED)
    proposal = RevocationProposal.objects.get().pk
    answer = other_desk.press("revocation", another, proposal=proposal, understood="on")
    assert answer.status_code == 409
    assert not Certificate.objects.filter(state="revoked").exists()


def test_the_applicant_reads_of_the_revocation_but_not_of_what_led_to_it(
    desk, other_desk, order, matti, web_of
):
    desk.press("revoke", order, **FILLED)
    place = f"/en/orders/{order.pk}/"
    assert "proposed" not in web_of(matti).get(place).text
    proposal = RevocationProposal.objects.get().pk
    other_desk.press("revocation", order, proposal=proposal, understood="on")
    page = web_of(matti).get(place).text
    assert "A second reviewer confirmed the revocation" in page
    assert "The right to the certificate has ended" in page
    assert "Poistettu rekisteristä." in page

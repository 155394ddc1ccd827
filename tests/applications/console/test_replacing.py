"""The pages on which reviewers approve a mass replacement."""

from datetime import timedelta

import pytest

from accounts.models import Membership
from applications.models import Application, Replacement, ReplacementItem
from certportal.dev.builders import orders
from certportal.dev.builders.replacements import plan, run
from certportal.foundation import clock
from tests.tables import rewrite


@pytest.fixture
def made(matti, riitta, cas):
    """A plan about Matti's delivered certificate."""
    orders.delivered(matti, riitta)
    return plan()


def approve(desk, made, **values):
    return desk.client.post(desk.url("replacement", made.pk), {"digest": made.digest} | values)


def test_two_reviewers_approve_what_they_see(made, desk, other_desk):
    assert f"/replacements/{made.pk}/" in desk.open("replacements").text
    assert made.digest in desk.open("replacement", made.pk).text
    assert approve(desk, made).status_code == 302
    page = desk.open("replacement", made.pk).text
    assert "You have approved this plan." in page
    assert "Approve the plan" not in page
    assert "1 of 2" in desk.open("replacements").text
    assert approve(other_desk, made).status_code == 302
    assert "2 of 2" in desk.open("replacements").text


def test_the_bar_tells_of_a_plan_that_waits(made, desk, other_desk):
    assert desk.count_in_bar("replacements") == 1
    approve(desk, made)
    approve(other_desk, made)
    assert desk.count_in_bar("replacements") == 0


def test_the_exact_certificate_is_shown(made, desk):
    item = made.items.get()
    page = desk.open("replacement_certificate", made.pk, item.pk)
    assert item.tbs_sha256 in page.text
    assert item.certificate.serial in page.text
    assert desk.open("replacement_certificate", made.pk + 1, item.pk).status_code == 404


def test_other_bytes_than_shown_are_409(made, desk):
    assert approve(desk, made, digest="0" * 64).status_code == 409
    assert approve(desk, made, digest="").status_code == 409
    assert not made.approvals.exists()


def test_who_confirmed_long_ago_confirms_again(made, desk):
    desk.confirm(clock.now() - timedelta(hours=1))
    page = desk.open("replacement", made.pk).text
    assert "/account/second-factor/?next=" in page
    assert "Approve the plan" not in page
    assert approve(desk, made).status_code == 403
    assert not made.approvals.exists()


def test_an_old_plan_is_only_looked_at(made, desk):
    rewrite(Replacement.objects, expires_at=clock.now())
    page = desk.open("replacement", made.pk).text
    assert "can no longer be approved" in page
    assert "ReplacementItem" not in page
    assert "Approve the plan" not in page
    assert approve(desk, made).status_code == 409


def test_a_plan_of_which_nothing_is_left_waits_for_nobody(made, desk):
    made.items.update(state=ReplacementItem.State.REFUSED, reason="revoked_meanwhile")
    assert desk.count_in_bar("replacements") == 0
    page = desk.open("replacement", made.pk).text
    assert "can no longer be approved" in page and "Approve the plan" not in page
    assert approve(desk, made).status_code == 409


def test_who_has_a_part_in_every_order_is_told_before_the_press(made, desk, riitta, raimo, now):
    """It is left to others (hallintolaki 28 §), so no button leads to a refusal."""
    organisation = Application.objects.get().organisation
    applicant = {"role": Membership.Role.APPLICANT, "basis": Membership.Basis.INVITATION}
    Membership.objects.create(person=riitta, organisation=organisation, begun_at=now, **applicant)
    page = desk.open("replacement", made.pk).text
    assert "You have a part in all the orders of this plan" in page
    assert "Approve the plan" not in page
    assert approve(desk, made).status_code == 403
    assert not made.approvals.exists()


def test_only_reviewers_come_in(made, matti, web_of):
    client = web_of(matti)
    for address in ("", f"{made.pk}/", f"{made.pk}/{made.items.get().pk}/"):
        assert client.get(f"/fi/console/replacements/{address}").status_code == 404


def test_the_holder_s_pages_lead_from_one_order_to_the_other(made, desk, other_desk, matti, web_of):
    old = made.items.get().certificate.reference
    approve(desk, made)
    approve(other_desk, made)
    run(made)
    new = made.items.get().reference
    client = web_of(matti)
    replaced = client.get(f"/en/orders/{old}/").text
    assert f"/{new}/" in replaced
    assert "Install the certificate" not in replaced  # it is revoked once the new one is in use
    assert "Install the certificate" in client.get(f"/en/orders/{new}/").text
    assert f"/{old}/" in client.get(f"/en/orders/{new}/").text

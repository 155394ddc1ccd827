"""A page says at its top what keeps the reviewer from it and who can do it, and offers no form."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from applications.models import Application, RevocationProposal
from applications.services.reviewer.rights import to_confirm
from certportal.dev.builders import orders
from certportal.foundation import clock
from issuance.models import Certificate

ASKED = {"reason": "Mikä?", "sections": ["contact"], "preview": "1"}


def join(person, organisation):
    return Membership.objects.create(
        person=person,
        organisation=organisation,
        role="applicant",
        basis="invitation",
        begun_at=clock.now(),
    )


def name(order, person):
    """Write the person's address on the order as its technical contact's."""
    Application.objects.filter(pk=order.pk).update(technical_email=person.email)


def test_who_does_not_hold_the_case_reads_who_does(case, desk, other_desk, riitta):
    for place in ("ask", "reject"):
        page = other_desk.open(place, case.pk).text
        assert f"{riitta} has the case." in page
        assert "<textarea" not in page
        assert "<textarea" in desk.open(place, case.pk).text


def test_who_has_a_part_in_it_reads_so_and_sees_no_preview(case, other_desk, raimo):
    name(case, raimo)
    page = other_desk.open("ask", case.pk).text
    assert "You have a part in this order yourself" in page
    assert "<textarea" not in page
    deadline = clock.day(clock.now()).isoformat()
    page = other_desk.press("ask", case, **ASKED, deadline=deadline).text
    assert "You have a part in this order yourself" in page
    assert 'name="send"' not in page


def test_who_has_a_part_in_a_delivered_order_reads_that_its_status_is_another(
    matti, riitta, raimo, cas, other_desk
):
    order = orders.delivered(matti, riitta)
    name(order, raimo)
    for place in ("reject", "reopen"):
        page = other_desk.open(place, order.pk)
        assert page.context["kept_from"] == [
            "This cannot be done to the order now. Its status is: Delivered."
        ]


def test_a_case_that_came_to_concern_its_holder_is_given_back(case, desk, other_desk, riitta):
    name(case, riitta)
    page = desk.open("ask", case.pk).text
    assert "Any reviewer without a part in it can take the case when it is free." in page
    assert desk.open("case", case.pk).context["offers"] == {"release"}
    desk.press("release", case)
    assert case.reviewer is None
    other_desk.press("claim", case)
    assert case.reviewer == other_desk.person


def test_of_her_own_organisation_a_reviewer_revokes_for_an_exposed_key_only(
    matti, riitta, raimo, cas, other_desk, pharmacy
):
    order = orders.delivered(matti, riitta)
    join(raimo, pharmacy)
    page = other_desk.open("revoke", order.pk)
    assert "only because the key has been exposed or may have been" in page.text
    assert "You belong to this organisation" in page.text
    assert "Any reviewer without a part in it can propose to revoke it." in page.text
    offered = [value for value, _label in page.context["form"].fields["reason"].choices]
    assert offered == ["key_compromise"]
    filled = {"words": "Suljetaan.", "understood": "on"}
    other_desk.press("revoke", order, reason="cessation_of_operation", **filled)
    assert not RevocationProposal.objects.exists()
    assert Certificate.objects.get().state == "issued"
    other_desk.press("revoke", order, reason="key_compromise", **filled)
    assert Certificate.objects.get().revocation_reason == "key_compromise"


def test_a_right_is_not_offered_to_who_has_a_part_in_another_order_resting_on_it(
    matti, raimo, case, desk, other_desk
):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None, basis_note="")
    name(orders.in_review(matti), raimo)
    place = other_desk.url("right", case.pk)
    page = other_desk.open("case", case.pk).text
    assert place not in page
    assert "You have a part in an order of this organisation" in page
    assert place in desk.open("case", case.pk).text


def test_whether_to_offer_a_right_takes_as_many_queries_for_many_orders_as_for_one(
    matti, raimo, case, django_assert_max_num_queries
):
    right = matti.memberships.get()
    with CaptureQueriesContext(connection) as few:
        assert not list(to_confirm(right, raimo, now=clock.now()))
    for _ in range(3):
        orders.in_review(matti)
    with django_assert_max_num_queries(len(few)):
        assert not list(to_confirm(right, raimo, now=clock.now()))

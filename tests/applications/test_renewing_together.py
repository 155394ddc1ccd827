"""Renewing several certificates in one step: a draft for each that is chosen, or none."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.services.organisations import membership
from applications import services
from applications.errors import AccountOver, MayNotAct
from applications.models import Application, BulkOrder
from applications.rules import renewable
from applications.services.applicant.bulk_orders import (
    MOST_RENEWED,
    NotTogether,
    TooManyOrders,
)
from applications.views.bulk import renew as views
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.files import storing
from issuance.models import Certificate
from tests.applications.renewals import renew, valid_for
from tests.isolation.forms import Form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _register(sample, cas):
    return sample


def renewed(person, *earlier):
    organisation = person.memberships.get(ended_at=None).organisation
    given = {"organisation": organisation, "orders": earlier, "language": "fi"}
    return act(person, services.renew_together, **given)


def page(client):
    return client.get(reverse("applications:renew_together"))


def offered(client):
    forms = page(client).context["forms"]
    return {key for form in forms for key, _name in form.fields["orders"].choices}


def ticked(client):
    return {key for form in page(client).context["forms"] for key in form["orders"].initial}


def send(client, kind, *chosen):
    given = {"type": kind, "orders": [str(order.pk) for order in chosen]}
    return client.post(reverse("applications:renew_together"), given, follow=True)


def drafts():
    return Application.objects.filter(status=Status.DRAFT)


def test_each_draft_has_what_the_earlier_order_had_and_no_request(matti, riitta):
    one, other = orders.delivered(matti, riitta), orders.delivered(matti, riitta)
    together = renewed(matti, one, other)
    made = list(together.orders.order_by("number"))
    assert [draft.names for draft in made] == [one.names, other.names]
    for draft in made:
        assert (draft.record_oid, draft.mailbox) == (one.record_oid, one.mailbox)
        assert (draft.csr, draft.csr_by, draft.status) == (None, "applicant", Status.DRAFT)
        assert draft.created_by == matti


def test_a_technical_contact_brings_the_new_request_too(matti, riitta):
    order = orders.delivered(matti, riitta)
    Application.objects.filter(pk=order.pk).update(csr_by="technical_contact")
    order.refresh_from_db()
    assert renewed(matti, order).orders.get().csr_by == "technical_contact"


def test_who_sends_them_reads_of_a_colleagues_order_for_the_same_names(matti, maija, riitta):
    order = orders.delivered(matti, riitta)
    contact = {"technical_name": "Teemu", "technical_email": "teemu@it.example"}
    Application.objects.filter(pk=order.pk).update(csr_by="technical_contact", **contact)
    order.refresh_from_db()
    address = reverse("applications:check_together", args=[renewed(matti, order).pk])
    client = people.log_in(Client(), matti)
    assert client.get(address).context["under_way"] == []
    theirs = orders.draft(maija)
    page = client.get(address).text
    assert theirs.number in page and "Maija Mallikas" in page


@pytest.mark.parametrize("by", ["applicant", "technical_contact"])
def test_who_brings_the_request_is_told(matti, riitta, pass_days, by):
    order = valid_for(matti, riitta, 12)
    Application.objects.filter(pk=order.pk).update(csr_by=by)
    pass_days(350)
    said = send(people.log_in(Client(), matti), "server", order).content.decode()
    assert ("Tekninen yhteyshenkilö antaa sen jälkeen" in said) == (by == "technical_contact")
    assert ("Anna sille uudelle avaimelle tehty" in said) == (by == "applicant")


def test_a_second_press_gives_the_same_drafts(matti, riitta):
    order = orders.delivered(matti, riitta)
    assert renewed(matti, order) == renewed(matti, order)
    assert drafts().count() == 1


def test_a_document_that_is_not_stored_leaves_no_draft(matti, riitta, monkeypatch):
    def fails(*_arguments, **_more):
        raise OSError

    one, other = orders.delivered(matti, riitta), orders.delivered(matti, riitta)
    begun = BulkOrder.objects.count()
    with monkeypatch.context() as patch:
        patch.setattr(services.applicant.attachments, "copy_conformity", fails)
        with pytest.raises(OSError):
            renewed(matti, one, other)
    assert (drafts().count(), BulkOrder.objects.count()) == (0, begun)


def test_a_store_that_does_not_answer_for_one_document_is_told_with_its_order(
    matti, riitta, pass_days, monkeypatch
):
    kind = "system_signature"
    one, other = valid_for(matti, riitta, 12, type=kind), valid_for(matti, riitta, 12, type=kind)
    read, lost = storing.read, other.attachments.get().file.name

    def away_for_one(file):
        if file.name == lost:
            raise Unavailable("store")
        return read(file)

    pass_days(350)
    monkeypatch.setattr(storing, "read", away_for_one)
    client = people.log_in(Client(), matti)
    refused = send(client, kind, one, other)
    (told,) = refused.context["forms"][0].non_field_errors()
    assert other.number in told
    assert not drafts().exists()
    send(client, kind, one)
    assert drafts().get().attachments.count() == 1


def test_types_are_not_mixed_and_a_mailbox_is_renewed_alone(matti, riitta):
    server, test = (valid_for(matti, riitta, 12, type=kind) for kind in ("server", "test_server"))
    for chosen in ((), (server, test), (orders.draft(matti, "email"),)):
        with pytest.raises(NotTogether):
            renewed(matti, *chosen)
    with pytest.raises(TooManyOrders):
        renewed(matti, *[server] * (MOST_RENEWED + 1))


def test_who_has_left_or_whose_account_is_closed_renews_nothing(matti, riitta):
    order = orders.delivered(matti, riitta)
    Membership.objects.filter(person=matti).update(role=Membership.Role.TECHNICAL)
    with pytest.raises(MayNotAct):
        renewed(matti, order)
    order.organisation.business_ids.update(valid_to=clock.day(clock.now()))
    with pytest.raises(AccountOver):
        renewed(matti, order)


def test_who_may_order_no_more_once_the_page_has_looked_renews_nothing(
    matti, riitta, pass_days, monkeypatch
):
    order, lock = valid_for(matti, riitta, 12), membership.lock_account
    pass_days(350)

    def as_another_takes_the_right(key):
        matti.memberships.update(role=Membership.Role.TECHNICAL)
        return lock(key)

    monkeypatch.setattr(membership, "lock_account", as_another_takes_the_right)
    assert send(people.log_in(Client(), matti), "server", order).status_code == 403
    assert not drafts().exists()


def test_offered_is_what_ends_soon_or_has_just_ended(matti, riitta, monkeypatch):
    order = valid_for(matti, riitta, 12)
    end = Certificate.objects.get(reference=order.pk).not_after
    late = renewable.ENDED_WITHIN.days + 1
    for days, is_offered in ((-90, False), (-20, True), (3, True), (late, False)):
        moment = end + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda at=moment: at)
        found = offered(people.log_in(Client(), matti))
        assert found == ({str(order.pk)} if is_offered else set()), days


def test_what_another_certificate_serves_in_place_of_is_not_offered(matti, riitta, web, pass_days):
    first, longer = valid_for(matti, riitta, 12), renew(matti, riitta)
    pass_days(350)
    assert offered(people.log_in(Client(), matti)) == {str(longer.pk)} != {str(first.pk)}


def test_what_is_renewed_already_is_named_and_not_ticked(matti, riitta, pass_days):
    order = valid_for(matti, riitta, 12)
    pass_days(350)
    client = people.log_in(Client(), matti)
    assert ticked(client) == {str(order.pk)}
    answer = send(client, "server", order)
    draft = drafts().get()
    assert answer.redirect_chain[-1][0] == reverse(
        "applications:bulk_order", args=[draft.bulk_order_id]
    )
    assert (offered(client), ticked(client)) == ({str(order.pk)}, set())
    assert draft.number in page(client).content.decode()


def test_those_beyond_the_limit_are_offered_once_the_first_ones_have_drafts(
    matti, riitta, pass_days, monkeypatch
):
    monkeypatch.setattr(views, "MOST_RENEWED", 1)
    first, then = valid_for(matti, riitta, 6), valid_for(matti, riitta, 6, type="test_server")
    pass_days(170)
    client = people.log_in(Client(), matti)
    assert (offered(client), page(client).context["more"]) == ({str(first.pk)}, True)
    send(client, "server", first)
    assert (offered(client), page(client).context["more"]) == ({str(then.pk)}, True)
    send(client, "test_server", then)
    assert (len(offered(client)), ticked(client)) == (1, set())


@pytest.mark.parametrize(("months", "leads"), [(6, True), (12, False)])
def test_the_list_leads_to_renewing_together_when_two_end(matti, riitta, pass_days, months, leads):
    valid_for(matti, riitta, 6)
    valid_for(matti, riitta, months, type="test_server")
    pass_days(170)
    page = people.log_in(Client(), matti).get(reverse("certificates"))
    assert (reverse("applications:renew_together") in page.text) is leads


def test_nothing_chosen_and_anothers_order_begin_nothing(matti, riitta, kalle, pass_days):
    mine, theirs = valid_for(matti, riitta, 12), orders.draft(kalle)
    pass_days(350)
    client = people.log_in(Client(), matti)
    for chosen in ([], [theirs], [mine, theirs]):
        refused = send(client, "server", *chosen)
        assert refused.context["forms"][0].errors["orders"], chosen
        assert re.search(r"<title>\s*Virhe:", refused.content.decode())
    for kind in ("email", "test_server", "forged"):
        assert "Valitse uudelleen" in send(client, kind, mine).text
    assert not drafts().filter(organisation=mine.organisation).exists()


@pytest.mark.parametrize(("number", "said"), [(1, "Valintasi lähetetään"), (2, "2 valintaasi")])
def test_what_was_ticked_before_a_login_in_another_tab_can_be_sent(
    matti, riitta, pass_days, number, said
):
    listed = [valid_for(matti, riitta, 12), valid_for(matti, riitta, 12)]
    chosen = listed[:number]
    pass_days(350)
    client = people.log_in(Client(enforce_csrf_checks=True), matti)
    page = client.get(reverse("applications:renew_together")).text
    assert '<input type="hidden" name="ticked" value="orders">' in page
    ours = {"Sec-Fetch-Site": "same-origin"}
    late = client.post(
        reverse("applications:renew_together"),
        {"type": "server", "ticked": "orders", "orders": [str(order.pk) for order in chosen]},
        headers=ours,
    )
    assert late.status_code == 403
    assert said in late.text
    kept = Form(late.text).fields | {"orders": re.findall('"orders" value="(.+?)"', late.text)}
    sent = client.post(reverse("applications:renew_together"), kept, headers=ours)
    assert sent.status_code == 302
    assert drafts().count() == number


def test_email_certificates_alone_do_not_lead_to_the_page(matti, riitta, pass_days):
    for _ in range(2):
        orders.delivered(matti, riitta, "email")
    end = Certificate.objects.latest("not_after").not_after
    pass_days((end - clock.now()).days - 20)
    client = people.log_in(Client(), matti)
    home = client.get(reverse("home"))
    assert len(home.context["renewals"]) == 2
    assert reverse("applications:renew_together") not in home.content.decode()
    assert "Sähköpostivarmenne uusitaan sen omalla sivulla" in page(client).content.decode()


def test_where_nothing_ends_the_page_says_so_and_home_names_no_more_than_is_there(web, matti):
    assert page(web).context["forms"] == []
    assert reverse("applications:renew_together") not in web.get(reverse("home")).content.decode()

"""An organisation's orders and certificates go to its successor."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import access
from accounts.access import actor_for
from accounts.models import Membership, Succession
from accounts.services.organisations import administrator_requests
from accounts.services.organisations.succession import NotSucceeding
from accounts.services.rights.documents import Paper
from applications import services
from applications.models.register_task import RegisterTask
from applications.rules.unit_ownership import OtherOwner
from applications.services.reviewer.may_act import FactsChanged
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.documents import pdf
from certportal.dev.builders.register import change
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.models import Certificate, PreparedCertificate
from issuance.services.errors import NotReviewer, OwnOrganisation
from tests.applications.console.undelivered import refuse_mails
from tests.applications.register.succeeding import COUNTY, sees, succeed
from tests.conftest import CLINICS, PHARMACY
from tests.suppliers import consent


def test_access_follows_to_the_account_of_the_successor(order, matti, maija, kalle, riitta):
    assert sees(kalle, "applications:order", order.pk) == 404
    succession = succeed(riitta)
    assert (succession.orders, succession.people) == (1, 2)
    for person in (kalle, matti, maija):
        assert sees(person, "applications:order", order.pk) == 200
    page = people.log_in(Client(), kalle).get(reverse("certificates")).text
    assert Certificate.objects.get().serial in page
    assert not access.is_member(matti, succession.organisation_id)


def test_what_is_handed_over_twice_is_found_in_the_last_account(order, kalle, riitta, now):
    heikki = people.make_founder("Heikki Hyvinvointi", COUNTY, now=now)
    succeed(riitta)
    succeed(riitta, CLINICS, COUNTY)
    web = people.log_in(Client(), heikki)
    for name in ("certificates", "certificates_csv"):
        assert Certificate.objects.get().serial in web.get(reverse(name)).getvalue().decode()


def test_without_an_account_of_the_successor_the_account_goes_on_under_its_name(
    order, matti, riitta
):
    succession = succeed(riitta, successor=COUNTY)
    account = succession.successor
    assert account.pk == succession.organisation_id == order.organisation_id
    assert account.business_ids.get(valid_to=None).code == COUNTY
    assert account.business_ids.get(code=PHARMACY).valid_to == clock.day(clock.now())
    assert "hyvinvointialue" in account.name
    assert matti.memberships.get(ended_at=None).role == Membership.Role.ADMINISTRATOR
    assert succession.former_name == "Helsingin VI apteekki"


def test_the_authority_s_own_rows_stay_as_they_were_signed(order, matti, kalle, riitta):
    former = matti.memberships.get().organisation
    succeed(riitta)
    assert Certificate.objects.get().organisation_id == former.pk


def test_what_was_prepared_is_prepared_anew(matti, kalle, riitta, cas):
    case = orders.claimed(matti, riitta)
    before = orders.prepared(case)
    succeed(riitta)
    orders.drain()
    before.refresh_from_db()
    assert (before.state, before.void_reason) == ("void", "succeeded")
    assert orders.prepared(case).organisation_id == kalle.memberships.get().organisation_id


def test_what_was_approved_comes_back_to_review(matti, kalle, riitta, cas):
    case = orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    succeed(riitta)
    orders.drain()
    case.refresh_from_db()
    assert case.status == "in_review"
    assert not Certificate.objects.exists()


def test_open_orders_and_certificates_of_both_sides_end_on_one_account(
    order, matti, kalle, riitta, cas
):
    own = orders.delivered(kalle, riitta, "test_server", unit="1.2.246.10.99000085.10.0")
    waiting = orders.in_review(kalle, "test_server", unit="1.2.246.10.99000085.10.0")
    draft, sent = orders.with_csr(matti), orders.in_review(matti)
    succession = succeed(riitta)
    assert succession.orders == 3
    heir = succession.successor
    assert {one.pk for one in heir.applications.all()} == {
        one.pk for one in (order, own, waiting, draft, sent)
    }
    for one in (own, waiting, sent):
        before = one.status
        one.refresh_from_db()
        assert one.status == before
    page = people.log_in(Client(), kalle).get(reverse("certificates")).text
    file = people.log_in(Client(), kalle).get(reverse("certificates_csv")).getvalue().decode()
    assert all(one.serial in page and one.serial in file for one in Certificate.objects.all())
    with pytest.raises(OtherOwner):
        orders.submit(matti, draft)
    services.claim(sent.pk, person=riitta, **orders.Handler(riitta, sent).seen)
    orders.drain()
    with pytest.raises(FactsChanged):
        orders.approve(riitta, sent)


def test_what_is_being_signed_is_not_taken_back(matti, kalle, riitta, cas):
    case = orders.claimed(matti, riitta)
    orders.approve(riitta, case)
    PreparedCertificate.objects.filter(reference=case.pk).update(state="signing")
    succession = succeed(riitta)
    case.refresh_from_db()
    assert (case.status, case.organisation) == ("approved", succession.successor)


def test_an_intermediary_without_an_account_takes_it_over_as_what_it_is(matti, riitta):
    account = succeed(riitta, successor="9900022-9").successor
    assert (account.kind, account.name) == ("intermediary", "Esimerkki Kanta-välitys Oy")


def test_tasks_about_the_registers_follow_and_are_not_brought_up_again(order, kalle, riitta):
    change(orders.UNIT, long_name="Helsingin uusi apteekki")
    services.watch_register(now=clock.now())
    succession = succeed(riitta)
    services.watch_register(now=clock.now())
    task = RegisterTask.objects.get()
    assert task.is_open
    assert task.organisation_id == succession.successor_id


def test_all_concerned_are_told_and_it_is_on_record(order, matti, maija, kalle, riitta):
    mail.outbox.clear()
    succession = succeed(riitta)
    orders.drain()
    told = sorted(one.to[0] for one in mail.outbox)
    assert told == ["kalle@example.fi", "maija@example.fi", "matti@example.fi"]
    assert all("Fuusio 1.12.2026." in one.body for one in mail.outbox)
    found = Event.objects.filter(action="organisation.succeeded")
    assert {one.organisation_id for one in found} == {
        succession.organisation_id,
        succession.successor_id,
    }
    assert Event.objects.filter(action="application.succeed", object_id=str(order.pk)).exists()


def test_whoever_is_not_confirmed_is_told_nothing_of_the_other_account(
    order, matti, maija, kalle, riitta
):
    """Kalle founded his account on his word; in Matti's, Aino has not shown her right."""
    valma = people.make_founder("Valma Välittäjä", "9900022-9", now=clock.now())
    consent(matti, valma)
    aino = people.make_member("Aino Ahkera", order.organisation)
    for person in (kalle, aino):
        person.memberships.update(basis=Membership.Basis.UNVERIFIED)
    orders.drain()
    mail.outbox.clear()
    succeed(riitta)
    orders.drain()
    told = {one.to[0]: one.body for one in mail.outbox if "Fuusio 1.12.2026." in one.body}
    assert sorted(told) == ["aino@example.fi", "maija@example.fi", "matti@example.fi"]
    assert "Esimerkki Kanta-välitys Oy" in told["matti@example.fi"]
    assert "Esimerkki Kanta-välitys Oy" not in told["aino@example.fi"]


def test_where_the_account_goes_on_its_people_are_told_that_they_stay(
    order, matti, maija, teemu, riitta
):
    mail.outbox.clear()
    succeed(riitta, successor=COUNTY)
    orders.drain()
    told = {one.to[0]: one.body for one in mail.outbox}
    assert sorted(told) == ["maija@example.fi", "matti@example.fi", "teemu@example.fi"]
    for body in told.values():
        assert "jatkuu uudella nimellä" in body
        assert "ovat seuraajan tilillä tilaajia" not in body


@pytest.mark.parametrize(
    ("former", "successor"),
    [(PHARMACY, PHARMACY), (PHARMACY, "9900021-0"), (COUNTY, CLINICS), (PHARMACY, "0000000-0")],
)
def test_what_cannot_be_succeeded(matti, kalle, riitta, former, successor):
    with pytest.raises(NotSucceeding):
        succeed(riitta, former, successor)
    assert not Succession.objects.exists()


def test_nothing_is_handed_over_twice(matti, kalle, riitta):
    succeed(riitta)
    with pytest.raises(NotSucceeding):
        succeed(riitta)


def test_only_reviewers_of_neither_organisation_decide(matti, kalle, riitta):
    with pytest.raises(NotReviewer):
        succeed(kalle)
    matti.memberships.get().organisation.memberships.create(
        person=riitta, role="applicant", basis="invitation", begun_at=clock.now()
    )
    with pytest.raises(OwnOrganisation):
        succeed(riitta)


def test_a_hand_over_wants_a_fresh_second_factor(stale, order, kalle):
    given = {"former": PHARMACY, "successor": CLINICS, "reason": "Fuusio."}
    page = stale.post(reverse("console:succession"), given)
    assert reverse("accounts:second_factor") in page.text
    assert dict(page.context["unsent"].fields) == given
    assert f"{PHARMACY} → {CLINICS}" in page.text
    again = f'<form method="post" action="{reverse("console:succession")}">'
    assert again in page.text
    assert not Succession.objects.exists()
    key = "-----BEGIN PRIVATE KEY-----\nMIIsalaisuus\n-----END PRIVATE KEY-----"
    before = {"Referer": "http://testserver/en/console/succession/?former=1"}
    withheld = stale.post(
        reverse("console:succession"),
        given | {"reason": f"Fuusio on tehty.\n{key}"},
        headers=before,
    )
    assert "Tämä on yksityinen avain" in withheld.text and "Fuusio on tehty." in withheld.text
    assert "MIIsalaisuus" not in withheld.text and again not in withheld.text
    assert f'<a href="{before["Referer"]}">Takaisin edelliselle sivulle</a>' in withheld.text


def test_the_pages_show_what_would_move_and_move_it(desk, order, kalle):
    place = reverse("console:succession")
    both = {"former": PHARMACY, "successor": CLINICS}
    opened = desk.get(place, both)
    page, shown = opened.text, {"shown": opened.context["form"]["shown"].value()}
    assert "Helsingin VI apteekki" in page
    assert "Koivupiha Terveys Oy" in page
    assert "Toimittajien luvat, jotka päättyvät" not in page
    assert desk.post(place, both | {"reason": ""}).status_code == 200
    assert not Succession.objects.exists()
    assert desk.post(place, both | shown | {"reason": "Fuusio."}).status_code == 302
    assert "Fuusio." in desk.get(place).text
    assert "9900001-8" in desk.get(place, both).context["form"].errors["__all__"][0]


def test_an_order_sent_since_the_page_was_shown_is_counted_before_it_moves(
    desk, order, matti, kalle
):
    place = reverse("console:succession")
    both = {"former": PHARMACY, "successor": CLINICS}
    seen = both | {"reason": "Fuusio."}
    seen |= {"shown": desk.get(place, both).context["form"]["shown"].value()}
    orders.submitted(matti)
    again = desk.post(place, seen)
    assert again.status_code == 409
    assert "Fuusio." in again.text
    assert not Succession.objects.exists()
    seen |= {"shown": again.context["form"]["shown"].value()}
    assert desk.post(place, seen).status_code == 302
    assert Succession.objects.exists()


def test_an_issued_certificate_that_has_not_reached_anybody_is_no_open_order(
    matti, kalle, riitta, cas, monkeypatch
):
    case = orders.claimed(matti, riitta)
    assert services.preview_succession(PHARMACY, CLINICS, now=clock.now()).opened == 1
    orders.approve(riitta, case)
    refuse_mails(monkeypatch)
    orders.drain()
    case.refresh_from_db()
    assert case.status == Status.ISSUED
    prospect = services.preview_succession(PHARMACY, CLINICS, now=clock.now())
    assert (prospect.orders, prospect.opened, prospect.certificates) == (1, 0, 1)


def test_an_account_that_somebody_claims_is_decided_about_first(matti, maija, kalle, riitta, now):
    account = matti.memberships.get().organisation
    given = {"reason": "Eläkkeellä.", "paper": Paper(pdf(), "x.pdf"), "actor": actor_for(maija)}
    administrator_requests.ask(maija, account, **given, now=now)
    with pytest.raises(NotSucceeding):
        succeed(riitta)
    assert account.memberships.filter(ended_at=None).exists()

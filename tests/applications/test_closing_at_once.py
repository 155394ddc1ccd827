"""An account is closed beside a member at work: nothing stays open in it, and nothing breaks."""

from datetime import timedelta
from functools import partial

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import AdministratorRequest, JoinRequest, Membership, SignOn, Succession
from accounts.services.organisations import administrator_requests, join, membership
from accounts.services.rights import confirm, documents, staff_roles
from applications import services
from applications.errors import AccountOver, Gone
from applications.models import Application, ReplacementItem, SearchEntry
from applications.rules.void_reasons import void_reason
from applications.services import transition
from applications.services.reviewer.accounts import STOPPED
from applications.services.reviewer.shown_prospect import OtherTouched, mark_of
from applications.services.system import replaced_orders
from applications.views.console.accounts import FOLLOWED
from applications.workflow import ENDED, Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf
from certportal.dev.builders.replacements import OPERATOR, approve, plan, run
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from issuance.models import Certificate, PreparedCertificate
from issuance.services.errors import NotReviewer
from tests.applications.at_once import Beside
from tests.applications.console.oversight import given
from tests.conftest import CLINICS, PHARMACY
from tests.tables import unkept

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def closing(pharmacy, riitta):
    given = {"reasons": "Apteekki on lopettanut.", "person": riitta, "now": clock.now()}
    return partial(services.close_account, pharmacy.pk, actor=actor_for(riitta), **given)


def test_no_draft_begins_in_an_account_that_is_being_closed(matti, closing):
    with transaction.atomic():
        closing()
        starting = Beside(partial(orders.begin, matti))
    assert isinstance(starting.end(), AccountOver)
    assert not Application.objects.exists()


def test_a_draft_that_was_begun_just_before_is_removed(matti, closing):
    with transaction.atomic():
        orders.begin(matti)
        ending = Beside(closing)
    assert ending.end() is None
    assert not Application.objects.exists()


def test_who_is_renamed_meanwhile_is_stopped_by_no_closing(matti, closing):
    """A renaming enters the person's orders in the index of searches by their keys."""
    first, last = sorted((orders.with_csr(matti) for _ in range(2)), key=lambda order: order.pk)
    orders.submit(matti, first)
    with transaction.atomic():
        SearchEntry.objects.select_for_update().get(pk=first.pk)
        ending = Beside(closing)
        SearchEntry.objects.select_for_update().get(pk=last.pk)
    assert ending.end() is None
    assert Application.objects.get().status == Status.LAPSED


def test_whose_memberships_end_by_a_grant_is_stopped_by_nobody_who_ends_their_sessions(
    matti, maija, kalle, riitta, pharmacy
):
    """Their sessions end in the sequence in which others end those of the same people."""
    two = first, last = sorted((matti, maija), key=lambda person: person.pk)
    unverified = {"basis": Membership.Basis.UNVERIFIED, "confirmed_at": None}
    pharmacy.memberships.update(role=Membership.Role.ADMINISTRATOR, **unverified)
    with unkept():
        last.memberships.update(begun_at=first.memberships.get().begun_at - timedelta(days=1))
    for person in two:
        people.begin_session(person.logins.get())
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    asked = act(kalle, administrator_requests.ask, kalle, pharmacy, reason="Sijainen.", paper=paper)
    granting = partial(services.decide_administrator, asked.pk, grant=True, alone=True)
    by = {"reasons": "Pöytäkirja.", "person": riitta, "actor": actor_for(riitta)}
    with transaction.atomic():
        SignOn.objects.select_for_update().get(person=first)
        beside = Beside(partial(granting, **by, now=clock.now()))
        SignOn.objects.select_for_update().get(person=last)
    assert beside.end() is None
    assert not SignOn.objects.filter(ended_at=None, person__in=two).exists()


@pytest.mark.parametrize("step", ["end_membership", "withdraw_right", "close_account"])
def test_an_order_that_is_being_sent_is_shown_before_it_is_touched(matti, riitta, pharmacy, step):
    """The page showed it as a draft: what it touches is looked at once the order has been sent."""
    draft = orders.with_csr(matti)
    about = pharmacy if step == "close_account" else matti.memberships.get()
    preview = {
        "end_membership": services.preview_end,
        "withdraw_right": services.preview_withdrawal,
        "close_account": services.preview_closing,
    }[step]
    seen = given(riitta, shown=mark_of(preview(about, now=clock.now())))
    with transaction.atomic():
        orders.submit(matti, draft)
        late = Beside(partial(getattr(services, step), about.pk, **seen))
    assert isinstance(late.end(), OtherTouched)
    draft.refresh_from_db()
    assert draft.status == Status.CHECKING
    assert matti.memberships.filter(ended_at=None).exists()


def test_no_order_is_reopened_in_an_account_that_is_being_closed(matti, riitta, cas, closing):
    case = orders.claimed(matti, riitta)
    act(riitta, services.reject, case, reasons="Verkkotunnus", **orders.UNHEARD)
    with transaction.atomic():
        closing()
        late = Beside(partial(act, riitta, services.reopen, case, reasons="Oikaisuvaatimus"))
    assert isinstance(late.end(), AccountOver)
    case.refresh_from_db()
    assert case.status == Status.REJECTED


def test_a_certificate_is_prepared_beside_the_closing(matti, pharmacy, riitta, cas, closing):
    """Its row refers to the account: the worker, which has the order's lock, waits for nobody."""
    case = orders.in_review(matti)
    act(riitta, services.claim, case)
    with transaction.atomic():
        membership.lock_account(pharmacy.pk)
        preparing = Beside(orders.drain)
        closing()
    assert preparing.end() is None
    case.refresh_from_db()
    assert case.status == Status.LAPSED
    assert orders.prepared(case).state == PreparedCertificate.State.VOID


def test_a_draft_discarded_meanwhile_stops_no_merger(matti, kalle, riitta):
    draft = orders.begin(matti)
    seen = orders.Handler(matti, draft).seen
    given = {"reason": "Fuusio.", "person": riitta, "actor": actor_for(riitta)}
    merging = partial(services.succeed, PHARMACY, CLINICS, now=clock.now(), **given)
    with transaction.atomic():
        services.discard(draft.pk, **seen)
        late = Beside(merging)
    assert late.end() is None
    assert Succession.objects.get().orders == 0


def test_an_order_that_changes_meanwhile_stops_no_merger(matti, kalle, riitta):
    """Both enter it in the index of searches: the merger locks it first, as whoever changes it."""
    draft = orders.begin(matti)
    seen = orders.Handler(matti, draft).seen
    given = {"reason": "Fuusio.", "person": riitta, "actor": actor_for(riitta)}
    merging = partial(services.succeed, PHARMACY, CLINICS, now=clock.now(), **given)
    values = {"contact_name": "Maija M.", "contact_email": "maija@example.fi"}
    with transaction.atomic():
        transition.lock(draft.pk)
        late = Beside(merging)
        services.save_section(draft.pk, "contact", values, **seen)
    assert late.end() is None
    assert Succession.objects.get().orders == 1
    assert Application.objects.get().contact_name == "Maija M."


def test_nobody_merges_accounts_whose_role_is_taken_meanwhile(matti, kalle, riitta):
    draft = orders.begin(matti)
    by = {"actor": actor_for(riitta), "now": clock.now()}
    merging = partial(services.succeed, PHARMACY, CLINICS, reason="Fuusio.", person=riitta, **by)
    with transaction.atomic():
        transition.lock(draft.pk)
        staff_roles.end_reviewer(riitta, **by)
        late = Beside(merging)
    assert isinstance(late.end(), NotReviewer)
    assert not Succession.objects.exists()


def test_nobody_asks_to_join_an_account_that_is_being_closed(kalle, matti, closing):
    given = {"actor": actor_for(kalle), "now": clock.now()}
    with transaction.atomic():
        closing()
        asking = Beside(partial(join.ask, kalle, PHARMACY, **given))
    assert asking.end() is None
    assert not JoinRequest.objects.exists()


def test_nor_asks_to_be_made_its_administrator(kalle, matti, pharmacy, closing):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    given = {"reason": "Omistan.", "paper": paper, "actor": actor_for(kalle), "now": clock.now()}
    with transaction.atomic():
        closing()
        asking = Beside(partial(administrator_requests.ask, kalle, pharmacy, **given))
    assert isinstance(asking.end(), administrator_requests.AccountClosed)
    assert not AdministratorRequest.objects.exists()
    assert not default_storage.exists("") or not default_storage.listdir("")[1]


def test_who_saves_a_part_meanwhile_is_told(matti, closing):
    draft = orders.draft(matti)
    values = {"contact_name": "Matti M.", "contact_email": "matti@example.fi"}
    saving = partial(services.save_section, draft.pk, "contact", values)
    seen = orders.Handler(matti, draft).seen
    with transaction.atomic():
        closing()
        late = Beside(partial(saving, **seen))
    assert isinstance(late.end(), Gone)


@pytest.mark.parametrize(
    ("act", "place"), [("save_section", ["part", "contact"]), ("submit", ["check"])]
)
def test_the_page_of_a_draft_that_went_meanwhile_is_no_failure(matti, monkeypatch, act, place):
    draft = orders.with_csr(matti)
    web = people.log_in(Client(), matti)
    name, *part = place
    address = reverse(f"applications:{name}", args=[draft.pk, *part])
    form = web.get(address).context["form"]
    unanswered = {"submit": "on", "save_section": ""}[act]
    given = {one.html_name: one.value() or unanswered for one in form}
    real = getattr(services, act)

    def discarded_before(*args, **kwargs):
        services.discard(draft.pk, **orders.Handler(matti, draft).seen)
        return real(*args, **kwargs)

    monkeypatch.setattr(services, act, discarded_before)
    answer = web.post(address, given)
    assert answer.status_code == 409
    assert "Luonnosta ei enää ole" in answer.text


def test_a_replaced_certificate_gets_its_order_beside_the_closing(
    matti, riitta, raimo, cas, closing, monkeypatch
):
    """Both lock the account first: in another order they would wait for each other."""
    old = orders.delivered(matti, riitta)
    made = plan()
    approve(made, riitta, raimo)
    real, beside = replaced_orders.next_number, []

    def meanwhile(now):
        beside.append(Beside(closing))
        return real(now)

    monkeypatch.setattr(replaced_orders, "next_number", meanwhile)
    run(made)
    assert [one.end() for one in beside] == [None]
    new = Application.objects.get(pk=made.items.get().reference)
    assert (new.organisation, new.csr.sha256) == (old.organisation, old.csr.sha256)
    assert not OutboxItem.objects.exclude(failed_at=None).exists()
    assert mail.outbox


def release(made):
    services.release_replacement(made.pk, actor=OPERATOR, now=clock.now())


def test_what_a_plan_has_released_is_stopped_by_the_closing(
    matti, riitta, raimo, cas, closing, client
):
    orders.delivered(matti, riitta)
    made = plan()
    approve(made, riitta, raimo)
    release(made)

    decision = closing()
    orders.drain()

    item = made.items.get()
    assert (item.state, item.reason) == (ReplacementItem.State.REFUSED, "account_closed")
    assert Certificate.objects.count() == 1
    assert decision.followed[STOPPED] == 1
    web = people.log_in(client, raimo)
    for name, key in (("replacement", made.pk), ("account", decision.organisation_id)):
        page = web.get(reverse(f"console:{name}", args=[key])).text
        words = {"replacement": void_reason("account_closed"), "account": str(FOLLOWED[STOPPED])}
        assert words[name] in page


def test_nothing_is_released_beside_the_closing(matti, riitta, raimo, cas, closing):
    orders.delivered(matti, riitta)
    made = plan()
    approve(made, riitta, raimo)
    with transaction.atomic():
        closing()
        releasing = Beside(partial(release, made))
    assert releasing.end() is None
    orders.drain()
    assert made.items.get().reason == "account_closed"
    assert Certificate.objects.count() == 1


def test_what_was_released_a_moment_before_is_stopped_too(matti, riitta, raimo, cas, closing):
    orders.delivered(matti, riitta)
    made = plan()
    approve(made, riitta, raimo)
    with transaction.atomic():
        release(made)
        ending = Beside(closing)
    assert ending.end() is None
    orders.drain()
    assert made.items.get().reason == "account_closed"
    assert Certificate.objects.count() == 1


def test_a_right_is_renewed_beside_the_closing(matti, riitta, raimo, cas, closing, monkeypatch):
    """Both lock the account, then its orders, then memberships."""
    day = clock.day(clock.now())
    matti.memberships.update(confirmed_until=day)
    case = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, case)
    orders.press_approve(raimo, case)
    real, beside = confirm.confirm_right, []

    def meanwhile(*args, **kwargs):
        beside.append(Beside(closing))
        return real(*args, **kwargs)

    monkeypatch.setattr(confirm, "confirm_right", meanwhile)
    right = matti.memberships.get()
    given = {"person": raimo, "actor": actor_for(raimo), "now": clock.now()}
    renewed = services.confirm_right(right.pk, note="Soitin taas.", until=day, **given)
    assert renewed.basis_note == "Soitin taas."
    assert [one.end() for one in beside] == [None]
    case.refresh_from_db()
    assert case.status in ENDED

"""A membership ends, or loses its role, while the member acts: before the act or after it."""

from functools import partial

import pytest
from django.db import transaction

from accounts.event_names import AccountEvent
from accounts.models import Membership
from accounts.services.organisations import administrator_requests, membership
from accounts.services.people.merge import merge
from accounts.services.rights.documents import Paper
from applications import services
from applications.access import as_technician, require_acting
from applications.errors import MayNotAct
from applications.models import Application
from applications.services import transition
from applications.workflow import Role, Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance.models import Certificate
from tests.applications.at_once import Beside
from tests.suppliers import consent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ending(matti, maija):
    """Matti takes Maija's right to order."""
    return partial(act, matti, membership.change_role, maija.memberships.get().pk, "technical")


def late(ending, work):
    """Return what the work raises that begins while the membership is ending."""
    with transaction.atomic():
        ending()
        beside = Beside(work)
    return beside.end()


def test_nothing_is_sent_once_the_role_is_changing(maija, ending):
    draft = orders.with_csr(maija)
    assert isinstance(late(ending, partial(orders.submit, maija, draft)), MayNotAct)
    assert Application.objects.get().status == Status.DRAFT


@pytest.mark.parametrize("step", ["start", "save", "discard"])
def test_no_draft_is_begun_changed_or_discarded_once_it_is_changing(maija, ending, step):
    draft = orders.begin(maija)
    values = {"contact_name": "Maija", "contact_email": "maija@example.fi"}
    work = {
        "start": partial(orders.begin, maija, "system_signature"),
        "save": partial(act, maija, services.save_section, draft, "contact", values),
        "discard": partial(act, maija, services.discard, draft),
    }
    assert isinstance(late(ending, work[step]), MayNotAct)
    assert Application.objects.get().version == draft.version


def test_no_certificate_is_revoked_once_the_membership_is_ending(matti, maija, riitta, cas):
    order = orders.delivered(maija, riitta)
    ending = partial(act, matti, membership.remove, maija.memberships.get().pk)
    given = {"reason": "superseded", "words": ""}
    assert isinstance(late(ending, partial(act, maija, services.revoke, order, **given)), MayNotAct)
    assert Certificate.objects.get().state == "issued"


def test_nothing_is_attached_for_a_supplier_once_its_member_is_leaving(matti, valma, pharmacy):
    consent(matti, valma)
    order, account = orders.waiting_for_contact(matti), valma.memberships.get().organisation
    people.make_member("Viivi Välittäjä", account, role=Membership.Role.ADMINISTRATOR)
    by = {"actor": as_technician(valma, order, now=clock.now()), "now": clock.now()}
    stored = services.upload_csr(order.pk, orders.openssl_csr(), **by)
    seen = {"role": Role.TECHNICAL_CONTACT, "version": order.version}
    attaching = partial(services.attach_csr, order.pk, stored.pk, **seen, **by)
    leaving = partial(act, valma, membership.leave, valma.memberships.get().pk)
    assert isinstance(late(leaving, attaching), MayNotAct)


def test_the_role_changes_after_what_is_being_sent(maija, ending):
    draft = orders.with_csr(maija)
    with transaction.atomic():
        orders.submit(maija, draft)
        changing = Beside(ending)
        assert changing.is_alive()
    assert changing.end() is None
    names = ("application.submit", str(AccountEvent.MEMBERSHIP_ROLE_CHANGED))
    recorded = Event.objects.filter(action__in=names).order_by("pk")
    assert [one.action for one in recorded] == list(names)


def test_a_grant_that_ends_others_waits_for_who_acts_on_their_orders(
    matti, maija, pharmacy, riitta
):
    """Maija is made an administrator, and Matti's membership ends, while she acts on his order."""
    draft = orders.begin(matti)
    unverified = {"basis": Membership.Basis.UNVERIFIED, "confirmed_at": None}
    pharmacy.memberships.filter(person=matti).update(**unverified)
    paper = Paper(pdf("Valtakirja"), "valtakirja.pdf")
    asked = act(maija, administrator_requests.ask, maija, pharmacy, reason="Sijainen.", paper=paper)
    given = {"grant": True, "alone": True, "reasons": "Pöytäkirja."}
    with transaction.atomic():
        transition.lock(draft.pk)
        granting = Beside(partial(act, riitta, services.decide_administrator, asked.pk, **given))
        require_acting(pharmacy.pk, orders.actor_for(maija))
    assert granting.end() is None
    assert pharmacy.memberships.get(ended_at=None).person == maija


def test_a_merger_waits_for_who_sends_an_order(maija):
    draft, other = orders.with_csr(maija), people.make_person("Maija Toinen")
    by = {"actor": system("test"), "now": clock.now()}
    with transaction.atomic():
        require_acting(draft.organisation_id, orders.actor_for(maija))
        merging = Beside(partial(merge, maija, into=other, **by))
        orders.submit(maija, draft)
    assert merging.end() is None
    assert Application.objects.get().status == Status.CHECKING

"""Acts of a reviewer whose role is taken while their request is being handled."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from accounts.models import Membership, Person
from accounts.services.people.merge import merge
from accounts.services.rights import staff_roles
from applications import services
from applications.models import Application, CaseNote
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.errors import Refused
from issuance.services.errors import NotReviewer
from tests.applications.at_once import Beside


def by_the_system():
    return {"actor": system("test"), "now": clock.now()}


def outcome(tried):
    try:
        tried()
    except Refused as refusal:
        return type(refusal)
    return None


def test_nothing_is_written_about_a_case(matti, riitta, raimo, cas):
    case = orders.claimed(matti, riitta)
    before = Application.objects.filter(pk=case.pk).values().get()
    staff_roles.end_reviewer(riitta, **by_the_system())
    in_a_week = clock.day(clock.now()) + timedelta(days=7)
    by = partial(partial, act, riitta)
    tried = [
        by(services.write_note, case, text="Soitin."),
        by(services.set_aside, case, until=in_a_week, reason="Odotan rekisteriä."),
        by(services.hand_over, case, to=raimo.pk, note="Lomani alkaa."),
        by(services.reject, case, reasons="Nimi on toisen."),
        by(services.release, case),
        partial(orders.ask, riitta, case, in_a_week),
        partial(orders.press_approve, riitta, case),
    ]
    assert {outcome(each) for each in tried} == {NotReviewer}
    assert Application.objects.filter(pk=case.pk).values().get() == before
    assert not CaseNote.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_confirms_their_own_right_as_the_record_that_a_merger_ends(maija, riitta):
    Membership.objects.filter(person=maija).update(basis=Membership.Basis.UNVERIFIED)
    right = maija.memberships.get()
    shown = Person.objects.get(pk=riitta.pk)  # as the page has read it
    with transaction.atomic():
        merge(riitta, into=maija, **by_the_system())
        late = Beside(partial(act, shown, services.confirm_right, right.pk, note="Soitin."))
    assert isinstance(late.end(), NotReviewer)
    right.refresh_from_db()
    assert right.is_unconfirmed

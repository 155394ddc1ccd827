"""The successor's account is founded, or an account closed, while a hand-over is decided."""

from functools import partial

import pytest
from django.db import transaction

from accounts.models import BusinessId, Membership, Succession
from applications import services
from applications.services.reviewer import succession
from applications.services.reviewer.shown_prospect import OtherTouched, mark_of
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests.applications.at_once import Beside
from tests.applications.console.oversight import given
from tests.applications.register.succeeding import COUNTY, PHARMACY, succeed

pytestmark = pytest.mark.django_db(transaction=True)


def founding():
    people.make_founder("Heikki Hyvinvointi", COUNTY, now=clock.now())


def nothing_moved(matti):
    assert not Succession.objects.exists()
    assert BusinessId.holder(PHARMACY) == matti.memberships.get(ended_at=None).organisation
    return True


def test_a_hand_over_waits_for_who_founds_the_successor_s_account_and_is_told(matti, riitta):
    with transaction.atomic():
        founding()
        late = Beside(partial(succeed, riitta, successor=COUNTY))
    assert isinstance(late.end(), OtherTouched)
    assert nothing_moved(matti)


def test_nothing_goes_to_an_account_that_the_page_did_not_show(matti, riitta, monkeypatch):
    """Whoever founds it at the last moment would get the orders of the former organisation."""
    order, real = orders.with_csr(matti), succession.require_shown

    def meanwhile(prospect, shown):
        real(prospect, shown)
        assert Beside(founding).end() is None

    monkeypatch.setattr(succession, "require_shown", meanwhile)
    with pytest.raises(OtherTouched):
        succeed(riitta, successor=COUNTY)
    assert nothing_moved(matti)
    order.refresh_from_db()
    assert order.organisation == BusinessId.holder(PHARMACY)


def test_nor_to_an_account_that_is_closed_at_this_moment(matti, kalle, riitta, raimo):
    clinics = kalle.memberships.get().organisation
    with transaction.atomic():
        services.close_account(clinics.pk, **given(raimo))
        late = Beside(partial(succeed, riitta))
    assert isinstance(late.end(), OtherTouched)
    assert nothing_moved(matti)


def test_who_closes_an_account_is_told_that_a_successor_has_it_by_now(matti, riitta, raimo):
    account = matti.memberships.get().organisation
    shown = mark_of(services.preview_closing(account, now=clock.now()))
    with transaction.atomic():
        succeed(riitta, successor=COUNTY)
        late = Beside(partial(services.close_account, account.pk, **given(raimo, shown=shown)))
    assert isinstance(late.end(), OtherTouched)
    assert Membership.objects.filter(organisation=account, ended_at=None).exists()

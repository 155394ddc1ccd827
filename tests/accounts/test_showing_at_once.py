"""A document about a right to act is taken back while a reviewer confirms the right by it."""

from functools import partial

import pytest
from django.db import transaction

from accounts.models import Membership, RightDocument
from accounts.services.rights import documents
from applications import services
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf
from tests.applications.at_once import Beside

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_the_confirmation_rests_on_stays(matti, pharmacy, riitta):
    matti.memberships.update(basis=Membership.Basis.UNVERIFIED, confirmed_at=None)
    paper = documents.Paper(pdf("Valtakirja"), "valtakirja.pdf")
    document = act(matti, documents.hand_in, matti, pharmacy, paper)
    with transaction.atomic():
        act(riitta, services.confirm_right, matti.memberships.get().pk, note="")
        beside = Beside(partial(act, matti, documents.take_back, document.pk))
    assert isinstance(beside.end(), documents.NothingToShow)
    assert RightDocument.objects.get().sha256 == document.sha256

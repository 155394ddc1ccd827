"""While all places for opening documents are taken, an upload costs none of those allowed."""

from functools import partial

import pytest

from accounts.services.rights.documents import Paper, require_fit
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.dev.builders.documents import pdf
from certportal.foundation import turns
from certportal.foundation.models import Tally
from tests.applications.conformity import bare

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("about", ["order", "person"])
def test_who_finds_no_place_has_uploaded_nothing(matti, monkeypatch, about):
    attach = partial(orders.attach_conformity, matti, bare(matti))
    if about == "person":
        attach = partial(act, matti, require_fit, matti, Paper(pdf("Valtakirja"), "valtakirja.pdf"))
    before = list(Tally.objects.order_by("pk").values_list("pk", "count"))
    monkeypatch.setattr(turns, "TURN_SECONDS", 0)
    with turns.turn(), turns.turn(), pytest.raises(turns.AllTaken):
        attach()
    counted = Tally.objects.order_by("pk").exclude(count=0).values_list("pk", "count")
    assert list(counted) == before
    attach()
    assert list(counted.all()) != before

"""Certificates of cases claimed while the signer had other work are prepared together."""

import pytest

from applications import services
from certportal.dev.builders import orders
from certportal.foundation.models import OutboxItem
from issuance import services as authority

pytestmark = pytest.mark.django_db


def test_what_waits_for_the_signer_is_prepared_together(cas, matti, riitta, monkeypatch):
    cases = [orders.in_review(matti) for _ in range(3)]
    for case in cases:
        services.claim(case.pk, person=riitta, **orders.Handler(riitta, case).seen)
    together, prepare_all = [], authority.prepare_all

    def counted(wanted, *, now):
        together.append(len(wanted))
        return prepare_all(wanted, now=now)

    monkeypatch.setattr(authority, "prepare_all", counted)
    orders.drain()
    assert together == [len(cases)]
    for case in cases:
        assert orders.prepared(case).state == "prepared"
    assert not OutboxItem.objects.filter(topic="application.claimed", done_at=None).exists()

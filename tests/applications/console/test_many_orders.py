"""What the authority does to an account takes as many statements with many orders as with few."""

from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.access import actor_for
from applications import services
from applications.models import Application
from applications.services import transition
from applications.workflow import Status
from certportal.dev.builders import bulk
from certportal.foundation import clock
from tests.conftest import CLINICS, PHARMACY

pytestmark = pytest.mark.django_db


def begin(person, reviewer, letters):
    """Begin a draft, an order that waits for its request, and a case in review, for each letter."""
    drafts, waiting, cases = ([f"{place}{one}.example.fi" for one in letters] for place in "abc")
    bulk.begun(person, *drafts)
    bulk.sent(person, bulk.begun(person, *waiting, **LINKED))
    sent = bulk.sent(person, bulk.begun(person, *cases))
    held = Application.objects.filter(pk__in=[order.pk for order in sent])
    held.update(status=Status.IN_REVIEW, reviewer=reviewer)


LINKED = {
    "csr_by": "technical_contact",
    "technical_name": "Tiina Tekninen",
    "technical_email": "tiina@example.com",
    "technical_language": "fi",
}


def statements_of(work):
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        work()
        transaction.set_rollback(True)
    return len(asked)


@pytest.mark.parametrize("step", ["close_account", "end_membership", "withdraw_right", "succeed"])
def test_it_takes_as_many_statements(matti, kalle, riitta, pharmacy, step):
    by = {"person": riitta, "actor": actor_for(riitta), "now": clock.now()}
    about = {
        "close_account": [pharmacy.pk],
        "end_membership": [matti.memberships.get().pk],
        "withdraw_right": [matti.memberships.get().pk],
        "succeed": [PHARMACY, CLINICS],
    }[step]
    words = {"reason" if step == "succeed" else "reasons": "Apteekki on lopettanut."}
    work = partial(getattr(services, step), *about, **words, **by)
    asked = []
    for letters in ("ab", "cdefgh"):
        begin(matti, riitta, letters)
        asked.append(statements_of(work))
    assert asked[0] == asked[1]


def test_a_statement_changes_no_more_orders_than_its_time_allows(matti, kalle, riitta, monkeypatch):
    """Each of an account handed over is entered in the index of searches with its new name."""
    monkeypatch.setattr(transition, "MOST_AT_ONCE", 2, raising=False)
    begin(matti, riitta, "ab")
    by = {"person": riitta, "actor": actor_for(riitta), "now": clock.now()}
    with CaptureQueriesContext(connection) as asked:
        services.succeed(PHARMACY, CLINICS, reason="Apteekki on lopettanut.", **by)
    changing = 'UPDATE "applications_application" SET "organisation_id"'
    assert sum(one["sql"].startswith(changing) for one in asked) == 3
    assert not Application.objects.exclude(organisation__business_ids__code=CLINICS).exists()

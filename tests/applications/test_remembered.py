"""What builders made in an earlier test is put back as a whole, and nothing else with it."""

import pytest

from applications.documents.certificate_files import certificate_of
from certportal.dev.builders import orders, people


@pytest.mark.parametrize("kind", ["server", "test_server"])
def test_a_reviewer_remembered_from_another_test_leaves_the_journal_its_identity(
    matti, riitta, cas, now, kind
):
    """Raimo is the same in both tests, but each has a journal of its own, which has the lease.

    With the identity of the other journal nothing would be signed.
    """
    orders.delivered(matti, riitta, kind)
    people.make_reviewer("Raimo Ratkaisija", now=now)
    assert certificate_of(orders.delivered(matti, riitta, kind)) is not None

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.models import Organisation, Person
from issuance import services
from issuance.models import Certificate, IssuingCA
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order

type Issue = Callable[[], Certificate]


@pytest.fixture
def ca(cas: dict[str, IssuingCA]) -> IssuingCA:
    """The production CA of the EC branch."""
    return cas["sote-ec-1"]


@pytest.fixture
def issue(ca: IssuingCA, pharmacy: Organisation, riitta: Person, now: datetime) -> Issue:
    """Issues one more certificate of that CA."""

    def issue_one() -> Certificate:
        prepared = services.prepare(server_order(pharmacy), now=now)
        approve_by(riitta, prepared, now)
        issued = services.issue(prepared.reference, now=now)
        assert issued is not None
        return issued

    return issue_one

"""The list of certificates with a blocked key, in a browser, in three languages and two widths."""

import pytest

from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority
from issuance.models import Certificate
from tests.accessibility import check_in_turn

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_list_empty_and_with_work(go, matti, riitta, cas):
    check_in_turn(go("console:blocked_keys", who=riitta))
    orders.delivered(matti, riitta)
    keys = [Certificate.objects.get().spki_sha256]
    authority.import_keys(keys, "published", actor=system("block_keys"), now=clock.now())
    check_in_turn(go("console:queue", who=riitta))
    check_in_turn(go("console:blocked_keys", who=riitta))

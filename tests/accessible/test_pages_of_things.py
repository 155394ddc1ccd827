"""The console's pages of certificates, keys and people, and its search, in three languages."""

import pytest

from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority
from issuance.models import Certificate
from tests.accessibility import check_in_turn

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_certificate_its_key_its_people_and_how_they_are_found(go, matti, riitta, cas):
    order = orders.delivered(matti, riitta)
    key = Certificate.objects.get().spki_sha256
    check_in_turn(go("console:certificates", who=riitta))
    check_in_turn(go("console:certificates", who=riitta, query="?q=muu.example"))
    check_in_turn(go("console:certificate", order.pk, who=riitta))
    check_in_turn(go("console:key", key, who=riitta))
    check_in_turn(go("console:people", who=riitta))
    check_in_turn(go("console:person", matti.pk, who=riitta))
    check_in_turn(go("console:person", riitta.pk, who=riitta))
    check_in_turn(go("console:search", who=riitta, query="?q=apteekki"))
    check_in_turn(go("console:search", who=riitta, query="?q=muu.example"))
    authority.revoke_key(key, "key_compromise", actor=system("test"), now=clock.now())
    check_in_turn(go("console:certificate", order.pk, who=riitta))
    check_in_turn(go("console:key", key, who=riitta))

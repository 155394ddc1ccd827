"""What a login leaves behind of the provider's tokens, and whom the client believes to be it."""

import pytest

from accounts.identification.oidc.discovery import Discovery
from accounts.identification.testidp import tokens
from accounts.models import Person
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import Event
from tests.accounts.oidc_browser import capture_logs as capture_logs, visitor as visitor
from tests.everywhere import whole_database, whole_redis

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_token_is_kept_or_logged(visitor, capture_logs, monkeypatch):
    made = []
    sign = tokens.id_token

    def noted(*given, **more):
        made.append(sign(*given, **more))
        return made[-1]

    monkeypatch.setattr(tokens, "id_token", noted)
    assert visitor.log_in("matti").headers["Location"] == "/fi/home/"
    visitor.get("/fi/account/me/")
    (token,) = made
    signature = token.rsplit(".", 1)[1]
    assert len(signature) > 40
    for place in (whole_database(), whole_redis(), "".join(capture_logs)):
        assert signature not in place


def test_a_configuration_that_names_another_issuer_is_not_believed(live_server):
    true = f"{live_server.url}/testidp"
    assert Discovery(true).endpoint("token_endpoint").startswith(true)
    with pytest.raises(Unavailable, match="issuer differs"):
        Discovery(f"{true}/").endpoint("token_endpoint")


def test_a_login_and_a_failed_one_are_on_record(visitor, capture_logs, monkeypatch):
    visitor.log_in("matti")
    event = Event.objects.get(action="person.identified")
    assert event.object_id == str(Person.objects.get().pk)
    assert event.data["kind"] == "hetu"
    assert event.origin.address == "127.0.0.1"
    true = tokens.claims
    monkeypatch.setattr(tokens, "claims", lambda *given: true(*given) | {"nonce": "another"})
    visitor.log_in("matti")
    (line,) = [one for one in capture_logs if "not_identified" in one]
    assert "nonce" in line
    assert Event.objects.filter(action="person.identified").count() == 1

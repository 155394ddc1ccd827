"""Identification over real HTTP against the embedded provider."""

import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

from accounts.access import SECOND_FACTOR
from accounts.acting_for import CHOSEN
from accounts.identification import claims as claim_names, identity
from accounts.identification.testidp import tokens
from accounts.models import Identifier, Person, User
from certportal.foundation import clock
from certportal.foundation.models import Event
from tests.accounts.oidc_browser import Browser, capture_logs as capture_logs, visitor as visitor

pytestmark = pytest.mark.django_db(transaction=True)
ABROAD = {
    claim_names.HETU: None,
    claim_names.EIDAS_GIVEN_NAME: "Erik",
    claim_names.EIDAS_FAMILY_NAME: "Eidas",
}


@pytest.fixture
def bend(monkeypatch):
    """Let the provider say something else than it should."""

    def bend(**changes: Any) -> None:
        true = tokens.claims

        def false(*args: Any) -> dict[str, Any]:
            said = {**true(*args), **changes}
            return {name: value for name, value in said.items() if value is not None}

        monkeypatch.setattr(tokens, "claims", false)

    return bend


def test_matti_comes_back_as_himself(visitor):
    answer = visitor.log_in("matti")

    assert answer.status_code == 302
    person = Person.objects.get()
    assert str(person) == "Matti Meikäläinen"
    assert person.logins.count() == 1
    assert Event.objects.get(action="person.identified").actor == f"person:{person.pk}"


def test_invisible_characters_of_a_name_are_taken_out(visitor, bend):
    """As forms refuse them: the name stands in subjects of mails and beside other words."""
    names = {
        claim_names.GIVEN_NAMES: "\u202eMatti\u2066\r\nJuhani\0",
        claim_names.FAMILY_NAME: "\u2069Mei\x1bkäläinen\u202e",
    }
    bend(**names)
    visitor.log_in("matti")
    assert str(Person.objects.get()) == "Matti Juhani Meikäläinen"


def test_second_login_finds_the_same_person(visitor):
    visitor.log_in("matti")
    Browser(visitor.base).log_in("matti")

    assert Person.objects.count() == 1
    assert Person.objects.get().logins.count() == 1


def test_erik_is_identified_by_eidas(visitor):
    visitor.log_in("erik")

    assert Identifier.objects.get().kind == "eidas"


def test_person_goes_on_to_the_page_they_wanted(visitor):
    answer = visitor.log_in("matti", "?next=/fi/account/me/")

    assert answer.headers["Location"] == "/fi/account/me/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_nobody_is_led_to_another_site(visitor, elsewhere):
    answer = visitor.log_in("matti", f"?next={elsewhere}")

    assert "evil" not in answer.headers["Location"]
    assert "javascript" not in answer.headers["Location"]


def test_language_goes_along_and_stays_with_the_person(visitor):
    address = visitor.leave(language="sv")
    assert parse_qs(urlsplit(address).query)["ui_locales"] == ["sv"]

    visitor.get(visitor.press(address, "linnea"))

    assert Person.objects.get().language == "sv"


def test_authorisation_request_asks_for_what_protects_it(visitor):
    asked = parse_qs(urlsplit(visitor.leave("?auth_params=acr_values%3Dlow&scope=email")).query)

    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid"]
    assert asked["acr_values"] == [tokens.LEVEL]
    assert len(asked["nonce"][0]) >= 43
    assert len(asked["state"][0]) >= 43


def test_cancelling_leads_to_a_page_that_says_so(visitor):
    answer = visitor.log_in("", language="sv")

    assert answer.headers["Location"] == "/sv/account/login/cancelled/"
    assert visitor.get(answer.headers["Location"]).status_code == 200
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"acr": "http://ftn.ficora.fi/2017/loa1"},
        {"acr": None},
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "somebody-else"},
        {"aud": ["portal", "somebody-else"], "azp": "somebody-else"},
        {"aud": ["portal", "somebody-else"]},
        {"exp": 1},
        {"iat": 4_000_000_000},
        {claim_names.HETU: "010180-9016"},
        {claim_names.HETU: None},
        {claim_names.FAMILY_NAME: " "},
        {claim_names.FAMILY_NAME: "\u202e"},
        {claim_names.FAMILY_NAME: "\u200b\u200d\ufeff"},
        ABROAD | {claim_names.EIDAS_IDENTIFIER: " "},
        ABROAD | {claim_names.EIDAS_IDENTIFIER: "\u200b"},
        ABROAD | {claim_names.EIDAS_IDENTIFIER: True},
        ABROAD | {claim_names.EIDAS_IDENTIFIER: {"value": "unknown"}},
        {claim_names.FAMILY_NAME: {"value": "Meikäläinen"}},
    ],
    ids=str,
)
def test_answer_that_cannot_be_trusted_logs_nobody_in(visitor, bend, changes):
    bend(**changes)

    answer = visitor.log_in("matti")

    assert answer.headers["Location"] == "/fi/account/login/failed/"
    assert visitor.get(answer.headers["Location"]).status_code == 200
    assert not Person.objects.exists()


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_token_without_the_providers_signature_logs_nobody_in(visitor, monkeypatch, algorithm):
    header = {"alg": algorithm, "kid": tokens.KID}
    known = OctKey.import_key("x" * 32)
    monkeypatch.setattr(
        tokens, "id_token", lambda content: jwt.encode(header, content, known, [algorithm])
    )

    assert visitor.log_in("matti").headers["Location"] == "/fi/account/login/failed/"


def test_token_signed_by_another_key_logs_nobody_in(visitor, monkeypatch):
    other, header = RSAKey.generate_key(2048), {"alg": "RS256", "kid": tokens.KID}
    monkeypatch.setattr(tokens, "id_token", lambda content: jwt.encode(header, content, other))

    assert visitor.log_in("matti").headers["Location"] == "/fi/account/login/failed/"


@pytest.mark.parametrize("claim", ["nonce", claim_names.EIDAS_IDENTIFIER])
def test_half_a_surrogate_pair_logs_nobody_in(visitor, monkeypatch, claim):
    """JSON has signs for it, and no text does."""

    def id_token(content: dict[str, Any]) -> str:
        said = json.dumps(content | {claim: "\ud800"}).encode()
        header = {"alg": "RS256", "kid": tokens.KID}
        return jws.serialize_compact(header, said, tokens.private_key())

    monkeypatch.setattr(tokens, "id_token", id_token)
    assert visitor.log_in("erik").headers["Location"] == "/fi/account/login/failed/"


def test_answer_counts_once(visitor):
    back = visitor.press(visitor.leave(), "matti")
    assert visitor.get(back).headers["Location"] == "/fi/home/"

    assert visitor.get(back).headers["Location"].endswith("/account/login/failed/")


def test_answer_brought_by_another_browser_is_refused(visitor):
    back = visitor.press(visitor.leave(), "matti")

    answer = Browser(visitor.base).get(back)

    assert answer.headers["Location"] == "/fi/account/login/failed/"


def test_code_of_another_login_is_refused(visitor):
    stolen = parse_qs(urlsplit(visitor.press(visitor.leave(), "matti")).query)["code"][0]
    mine = parse_qs(urlsplit(visitor.leave()).query)["state"][0]

    answer = visitor.get(f"/identification/return?code={stolen}&state={mine}")

    assert answer.headers["Location"] == "/fi/account/login/failed/"


def test_login_that_took_too_long_is_refused(visitor, monkeypatch):
    back = visitor.press(visitor.leave(), "matti")
    monkeypatch.setattr("accounts.identification.flow.LASTS", timedelta(0))

    assert visitor.get(back).headers["Location"] == "/fi/account/login/failed/"


def test_identifying_again_begins_a_new_session_without_the_second_factor(visitor, settings):
    visitor.log_in("matti")
    before = visitor.session.cookies[settings.SESSION_COOKIE_NAME]
    store = SessionStore(before)
    store[SECOND_FACTOR], store[CHOSEN] = clock.now().isoformat(), "an organisation"
    store.save()

    visitor.log_in("matti")

    after = visitor.session.cookies[settings.SESSION_COOKIE_NAME]
    assert after != before
    assert not SessionStore().exists(before)
    assert SECOND_FACTOR not in SessionStore(after)
    assert SessionStore(after)[CHOSEN] == "an organisation"


def test_session_gets_a_new_id_at_login(visitor, settings):
    address = visitor.leave()
    before = visitor.session.cookies[settings.SESSION_COOKIE_NAME]

    visitor.get(visitor.press(address, "matti"))

    assert visitor.session.cookies[settings.SESSION_COOKIE_NAME] != before


def test_session_remembers_when_the_person_identified_last(visitor, settings, bend):
    def identified_at():
        store = SessionStore(visitor.session.cookies[settings.SESSION_COOKIE_NAME])
        return datetime.fromisoformat(store["identified_at"])

    before = int(clock.now().timestamp())
    visitor.log_in("matti")
    assert before <= identified_at().timestamp() <= clock.now().timestamp()

    bend(auth_time=before - 3600)  # the provider knows the browser from an hour ago
    visitor.log_in("matti")
    assert identified_at().timestamp() == before - 3600

    bend(auth_time=before + 20)  # its clock is a little ahead of ours
    visitor.log_in("matti")
    assert identified_at() <= clock.now()


def test_no_proof_is_remembered_when_the_provider_tells_of_none(visitor, settings, bend):
    visitor.log_in("matti")
    bend(auth_time=None)
    visitor.log_in("matti")

    store = SessionStore(visitor.session.cookies[settings.SESSION_COOKIE_NAME])
    assert "identified_at" not in store


def test_identifying_again_asks_the_provider_to_forget_what_it_knows(visitor):
    first = parse_qs(urlsplit(visitor.leave()).query)
    again = parse_qs(urlsplit(visitor.leave("?anew=1&next=/fi/account/me/")).query)

    assert "prompt" not in first
    assert first["max_age"] == ["3600"]
    assert (again["prompt"], again["max_age"]) == (["login"], ["0"])
    assert visitor.log_in("matti", "?anew=1").headers["Location"] == "/fi/home/"


@pytest.mark.parametrize("ago", [60, 3600, None, -3600])
def test_identifying_again_takes_no_earlier_proof(visitor, bend, ago):
    bend(auth_time=None if ago is None else int(clock.now().timestamp()) - ago)

    answer = visitor.log_in("matti", "?anew=1")

    assert answer.headers["Location"] == "/fi/account/login/failed/"


def test_provider_that_never_tells_the_time_identifies_once(visitor, bend, settings):
    options = {**settings.IDENTIFICATION["OPTIONS"], "tells_auth_time": False}
    settings.IDENTIFICATION = {**settings.IDENTIFICATION, "OPTIONS": options}
    bend(auth_time=None)

    visitor.log_in("matti")

    store = SessionStore(visitor.session.cookies[settings.SESSION_COOKIE_NAME])
    assert clock.now() - datetime.fromisoformat(store["identified_at"]) < timedelta(minutes=1)
    assert visitor.log_in("matti", "?anew=1").headers["Location"] == "/fi/home/"


def test_answer_of_another_issuer_is_refused(visitor):
    back = visitor.press(visitor.leave(), "matti")

    answer = visitor.get(f"{back}&iss=https%3A%2F%2Fevil.example")

    assert answer.headers["Location"] == "/fi/account/login/failed/"


@pytest.mark.parametrize("nonsense", ["yesterday", True, [1]])
def test_a_time_of_proof_that_is_none_logs_nobody_in(visitor, bend, nonsense):
    bend(auth_time=nonsense)

    assert visitor.log_in("matti").headers["Location"] == "/fi/account/login/failed/"


def test_provider_that_does_not_answer_is_unavailable(client: Client, settings):
    options = {**settings.IDENTIFICATION["OPTIONS"], "issuer": "http://127.0.0.1:9/testidp"}
    settings.IDENTIFICATION = {**settings.IDENTIFICATION, "OPTIONS": options}

    with structlog.testing.capture_logs() as logged:
        answer = client.get("/fi/account/login/start/")

    assert answer.status_code == 503
    (failed,) = [line for line in logged if line["event"] == "exchange_failed"]
    assert (failed["service"], "Connection refused" in failed["cause"]) == ("identification", True)


def test_provider_is_made_once():
    assert identity.provider() is identity.provider()


def test_closed_login_is_told_so_and_let_in_nowhere(visitor):
    visitor.log_in("matti")
    User.objects.update(is_active=False)

    answer = Browser(visitor.base).log_in("matti")

    assert answer.status_code == 403
    assert "Location" not in answer.headers


def test_provider_that_fails_half_way_is_unavailable(visitor, monkeypatch):
    back = visitor.press(visitor.leave(), "matti")
    monkeypatch.setattr(tokens, "redeem", None)

    answer = visitor.get(back)

    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


CHANCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|\.[0-9]{6}Z")
"""Identifiers, hashes and fractions of seconds, in which any digits come about by chance."""


def test_identity_code_is_kept_nowhere(visitor, capture_logs):
    visitor.log_in("matti")

    assert capture_logs
    kept = [*capture_logs, *Identifier.objects.values(), *Person.objects.values()]
    assert "010180" not in CHANCE.sub("", str([*kept, *Event.objects.values()]))

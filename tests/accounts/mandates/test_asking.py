"""What we ask Suomi.fi-valtuudet, and what we make of its answers."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from accounts.mandates.protocol import visited
from accounts.mandates.refusals import NoRole, NotComplete, OtherOrganisation, Over
from accounts.mandates.suomifi import client
from accounts.models import Membership
from certportal.foundation import clock
from certportal.foundation.breaker import Resting
from certportal.foundation.errors import Unavailable
from tests.accounts.mandates.conftest import CLINICS, HETU, PHARMACY, chosen, trust
from tests.alarms import sounds
from tests.doubles.suomifi import company
from tests.portal.silence import dripping_server, mute_server

ACCEPTED = ("TJ", "NIMKO", "ELI")
BACK = "http://testserver/identification/mandates"
DRIPPING = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}"
pytestmark = pytest.mark.django_db


def test_the_published_vector():
    """Published by the service for those who implement the checksum."""
    path = (
        "/service/hpa/user/register/ed4b7ae7/080297-915A"
        "?requestId=02fd35dc-99e6-477b-b6e2-03f02cbf3666"
    )
    stamp = "2017-02-09T10:29:42.090000+00:00"

    found = client.header("ed4b7ae7", "3ba56df8-88b8-4805-9b04-2f8e7a61", path, stamp)

    assert found == {
        "X-AsiointivaltuudetAuthorization": f"ed4b7ae7 {stamp}"
        " GeRKoGmGd0RFk33s2vNHutJf/TrEdwSM2Vb7qWXLESY="
    }


def visit(service, identifier=PHARMACY, *, code=HETU):
    """Visit the service with no browser of ours; return how it knows us, and its code."""
    source = visited()
    introduced = source.introduce(code)
    address = source.address(introduced, state="s", callback=BACK, language="sv")
    assert "lang=sv" in address
    return introduced, chosen(address, identifier).split("code=")[1].split("&")[0]


def shown(service, identifier=PHARMACY, *, wanted=PHARMACY):
    introduced, code = visit(service, identifier)
    return visited().shown(introduced, code, wanted, callback=BACK)


def test_a_managing_director_may_act(valtuudet):
    mandate = shown(valtuudet)

    assert mandate.basis == Membership.Basis.REGISTER_ROLE
    assert mandate.detail == "Suomi.fi-valtuudet: TJ"
    assert visited().in_words(mandate) == "toimitusjohtaja (TJ)"


def test_what_the_visit_shows_of_another_organisation_is_not_taken(valtuudet):
    with pytest.raises(OtherOrganisation):
        shown(valtuudet, CLINICS)


def test_a_code_is_good_once_and_for_our_address_alone(valtuudet):
    introduced, code = visit(valtuudet)
    with pytest.raises(Over):
        visited().shown(introduced, code, PHARMACY, callback=f"{BACK}/")
    introduced, code = visit(valtuudet)
    visited().shown(introduced, code, PHARMACY, callback=BACK)
    with pytest.raises(Over):
        visited().shown(introduced, code, PHARMACY, callback=BACK)


def test_a_code_of_another_person_does_not_fit_the_session(valtuudet):
    valtuudet.rights["140292-902F"] = [company(PHARMACY, "TJ")]
    mine, _code = visit(valtuudet)
    _theirs, code = visit(valtuudet, code="140292-902F")

    with pytest.raises(Over):
        visited().shown(mine, code, PHARMACY, callback=BACK)


@pytest.mark.parametrize("secret", ["api_key", "client_id", "oauth_secret"])
def test_wrong_secrets_are_our_fault_and_raise_an_alarm(valtuudet, settings, secret):
    settings.MANDATES = settings.MANDATES | {"OPTIONS": valtuudet.options | {secret: "another0"}}

    with pytest.raises(Unavailable):
        shown(valtuudet)
    assert sounds("mandates")


@pytest.mark.parametrize(("off", "is_well"), [(-4, True), (4, True), (-6, False), (6, False)])
def test_a_clock_may_be_five_minutes_off(valtuudet, monkeypatch, off, is_well):
    true = clock.now()
    monkeypatch.setattr(clock, "now", lambda: true + timedelta(minutes=off))
    if is_well:
        assert visited().introduce(HETU)
    else:
        with pytest.raises(Unavailable):
            visited().introduce(HETU)
    assert sounds("mandates") is not is_well


def test_the_time_is_told_in_utc_with_its_offset(valtuudet, monkeypatch):
    heard = []
    monkeypatch.setattr(valtuudet, "is_signed", lambda _path, header: heard.append(header) or True)
    visited().introduce(HETU)

    told = datetime.fromisoformat(heard[0].split(" ")[1])
    assert told.utcoffset() == timedelta(0) and told <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["TJ"], "TJ"),
        (["NIMKO"], "NIMKO"),
        (["ELI"], "ELI"),
        (["PJ", "J", "TJ", "NIMKO"], "TJ, NIMKO"),
    ],
)
def test_a_role_that_represents_alone_is_enough(roles, expected):
    found = client.mandate([company(PHARMACY, *roles)], PHARMACY, ACCEPTED)

    assert found.detail == f"Suomi.fi-valtuudet: {expected}"


@pytest.mark.parametrize("roles", [[], ["PJ"], ["J"], ["YHM", "S", "IS", "TIL"], ["tj"], ["TJS"]])
def test_a_role_that_represents_with_others_is_not(roles):
    with pytest.raises(NoRole):
        client.mandate([company(PHARMACY, *roles)], PHARMACY, ACCEPTED)


def test_a_mandate_is_named_by_its_uri_where_the_setting_takes_it():
    uri = "http://valtuusrekisteri.suomi.fi/varmenteet"
    found = client.mandate([company(PHARMACY, uri)], PHARMACY, (*ACCEPTED, uri))

    assert (found.basis, found.detail) == (Membership.Basis.MANDATE, f"{client.SOURCE}: {uri}")


def test_the_business_id_is_read_in_its_other_form():
    assert client.mandate([company("99000018", "TJ")], PHARMACY, ACCEPTED)


def test_what_the_registers_told_by_half_is_not_enough():
    with pytest.raises(NotComplete):
        client.mandate([company(PHARMACY, "TJ", complete=False)], PHARMACY, ACCEPTED)


def test_no_organisation_at_all_is_another_one():
    with pytest.raises(OtherOrganisation):
        client.mandate([], PHARMACY, ACCEPTED)


ODD = [
    None,
    {},
    "TJ",
    [None],
    [[]],
    ["TJ"],
    [{**company(PHARMACY, "TJ"), "roles": "TJ"}],
    [{**company(PHARMACY), "roles": {"TJ": True}}],
    [{**company(PHARMACY), "roles": [{"role": "TJ"}]}],
    [company(PHARMACY, "TJ"), company("99000018", "TJ")],
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_is_not_of_the_published_form_is_no_answer(odd):
    with pytest.raises(client.Unreadable):
        client.mandate(odd, PHARMACY, ACCEPTED)


@pytest.mark.parametrize("complete", [None, "true", 1, [True]])
def test_complete_is_the_word_true_alone(complete):
    with pytest.raises(NotComplete):
        client.mandate([{**company(PHARMACY, "TJ"), "complete": complete}], PHARMACY, ACCEPTED)


@pytest.mark.parametrize("identifier", [None, 99000018, [PHARMACY], "", "9900001-9"])
def test_an_identifier_that_is_none_names_nobody(identifier):
    with pytest.raises(OtherOrganisation):
        client.mandate([{**company(PHARMACY, "TJ"), "identifier": identifier}], PHARMACY, ACCEPTED)


BODIES = [b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b"<html>", b"9" * 5000]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:8]))
@pytest.mark.parametrize("endpoint", ["register", "token"])
def test_an_answer_that_is_no_object_is_none(valtuudet, endpoint, body):
    valtuudet.instead[endpoint] = 200, body

    with pytest.raises(Unavailable):
        shown(valtuudet)


@pytest.mark.parametrize(
    "said",
    [
        {"sessionId": "../../oauth/token", "userId": "u"},
        {"sessionId": "s", "userId": "u&redirect_uri=https://evil.example"},
        {"sessionId": "s" * 201, "userId": "u"},
        {"sessionId": 7, "userId": "u"},
        {"sessionId": "s"},
        {"sessionId": "s", "userId": HETU},
        {"sessionId": f"x{HETU}", "userId": "u"},
    ],
    ids=["path", "query", "long", "number", "missing", "the code", "the code in it"],
)
def test_a_key_that_could_lead_elsewhere_or_names_the_person_is_none(valtuudet, said):
    valtuudet.instead["register"] = 200, json.dumps(said).encode()

    with pytest.raises(Unavailable):
        visited().introduce(HETU)


@pytest.mark.parametrize(
    "token", ["t", "aA0-._~+/==", f"{'e' * 1000}.{'y' * 3000}.{'J' * 1000}", "t" * 8192]
)
def test_every_token_of_the_standard_is_taken(valtuudet, token):
    introduced, code = visit(valtuudet)
    valtuudet.instead["token"] = 200, json.dumps({"access_token": token}).encode()
    valtuudet.tokens[token] = valtuudet.codes[code]

    assert visited().shown(introduced, code, PHARMACY, callback=BACK)


@pytest.mark.parametrize(
    "token",
    ["", "=", "a=b", "a b", "a\r\nX-Other: b", "a\n", "ä", "t" * 8193, 7, None, ["t"]],
    ids=repr,
)
def test_a_token_that_no_header_may_hold_is_none(token):
    with pytest.raises(client.Unreadable):
        client.token({"access_token": token})


@pytest.mark.parametrize("endpoint", ["register", "token", "roles"])
@pytest.mark.parametrize("status", [302, 404, 429, 500, 503])
def test_a_service_that_refuses_confirms_nothing(valtuudet, endpoint, status):
    valtuudet.instead[endpoint] = status, b'{"sessionId": "s", "userId": "u"}'

    with pytest.raises(Unavailable):
        shown(valtuudet)
    assert sounds("mandates") is (status >= 500)


def test_an_answer_without_end_is_not_read(valtuudet):
    valtuudet.instead["roles"] = 200, b"[" + b" " * client.exchanges.most_bytes + b"]"

    with pytest.raises(Unavailable):
        shown(valtuudet)


@pytest.fixture
def soon(monkeypatch):
    """Limits of fractions of a second."""
    monkeypatch.setattr(client.exchanges, "whole_seconds", 0.5)
    monkeypatch.setattr(client.exchanges.breaker, "_slow", 0.3)


@pytest.mark.parametrize("server", [lambda: dripping_server(DRIPPING, b" "), mute_server])
def test_a_service_that_drips_or_is_mute_is_given_up_and_spared(valtuudet, settings, soon, server):
    with server() as port:
        valtuudet.base = f"http://127.0.0.1:{port}"
        trust(settings, valtuudet)
        with pytest.raises(Unavailable) as told:
            visited().introduce(HETU)
        assert not isinstance(told.value, Resting)
        assert sounds("mandates")
        with pytest.raises(Resting):
            visited().introduce(HETU)

"""What a browser may say of a passkey, and is not believed."""

import base64
import json

import pytest
from fido2.utils import websafe_decode

from accounts.services.people import second_factor
from certportal.foundation.models import Event
from tests.doubles.passkey import Passkey

pytestmark = pytest.mark.django_db
CLIENT = {"type": "webauthn.create", "challenge": "AAAA", "origin": "http://testserver"}


def text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def credential(attestation: bytes = b"", client: object = CLIENT, **more: object) -> str:
    response = {
        "clientDataJSON": text(json.dumps(client).encode()),
        "attestationObject": text(attestation),
        "authenticatorData": text(attestation),
        "signature": text(b"x"),
    }
    known = {"id": text(b"x"), "rawId": text(b"x"), "type": "public-key", "response": response}
    return json.dumps(known | {"clientExtensionResults": {}} | more)


SAID = {
    "nothing": credential(),
    "half a length": credential(b"\x19\x01"),
    "a list without end": credential(b"\x81" * 60),
    "depths": credential(b"\x81" * 6_000),
    "no map": credential(b"\x01"),
    "octets that are no text": credential(b"\x63\xff\xfe\xfd"),
    "another kind of client data": credential(client=[]),
    "a number for a name": credential(id=1),
    "no response": credential(response=None),
    "another object": '{"a": 1}',
}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("name", ["second_factor", "second_factor_set_up"])
def test_what_is_no_passkey_is_refused_in_words_and_on_record(enrolled, name, said):
    enrolled.get(name)  # the challenge

    answer = enrolled.post(name, credential=SAID[said])

    assert answer.context["form"].errors
    assert Event.objects.filter(refused=True, object_type="login").count() == 1
    assert [one.type for one in second_factor.factors(enrolled.login)] == [second_factor.Kind.TOTP]


NO_OBJECT = ["-1", "NaN", "1e999", "9" * 40, "9" * 5000, "[" * 9000, '"\\ud800"', "x" * 30_000]


@pytest.mark.parametrize("said", NO_OBJECT, ids=range(len(NO_OBJECT)))
@pytest.mark.parametrize("name", ["second_factor", "second_factor_set_up"])
def test_what_is_no_object_is_refused_in_words(enrolled, name, said):
    enrolled.get(name)

    answer = enrolled.post(name, credential=said)

    (told,) = answer.context["form"].errors["credential"]
    assert told == "Pääsyavain ei vastannut. Yritä uudelleen."


ELSEWHERE = {
    "a subdomain": {"origin": "https://crl.testserver"},
    "another port": {"origin": "https://testserver:8443"},
    "a frame in another site": {"crossOrigin": True},
}


def challenge(visit, name):
    """Return the challenge of the page, for the passkey."""
    options = json.loads(visit.get(name).context["passkey_options"])
    return websafe_decode(options["publicKey"]["challenge"])


@pytest.mark.parametrize("said", ELSEWHERE)
def test_a_passkey_that_a_page_elsewhere_asked_proves_nothing(enrolled, said):
    key = Passkey()
    made = key.registration(challenge(enrolled, "second_factor_set_up"))
    enrolled.post("second_factor_set_up", credential=json.dumps(made))
    again = enrolled.again()

    elsewhere = key.answer(challenge(again, "second_factor"), **ELSEWHERE[said])
    assert again.post("second_factor", credential=json.dumps(elsewhere)).context["form"].errors

    here = key.answer(challenge(again, "second_factor"))
    assert again.post("second_factor", credential=json.dumps(here)).status_code == 302


@pytest.mark.parametrize("said", ELSEWHERE)
def test_no_passkey_is_made_on_a_page_elsewhere(enrolled, said):
    made = Passkey().registration(challenge(enrolled, "second_factor_set_up"), **ELSEWHERE[said])

    answer = enrolled.post("second_factor_set_up", credential=json.dumps(made))

    assert answer.context["form"].errors
    assert [one.type for one in second_factor.factors(enrolled.login)] == [second_factor.Kind.TOTP]


def with_passkey(enrolled, key):
    """Return the person's new session, after they have made the passkey."""
    made = key.registration(challenge(enrolled, "second_factor_set_up"))
    enrolled.post("second_factor_set_up", credential=json.dumps(made))
    return enrolled.again()


def prove(visit, key):
    """Let the passkey answer the page; return the errors that are shown."""
    answer = key.answer(challenge(visit, "second_factor"))
    page = visit.post("second_factor", credential=json.dumps(answer))
    return [] if page.status_code == 302 else page.context["form"].non_field_errors()


def test_a_passkey_whose_counter_goes_back_proves_nothing_any_more(enrolled):
    """WebAuthn, level 2, 7.2, step 21: somebody may have a copy of it."""
    key = Passkey(counter=40)
    again = with_passkey(enrolled, key)
    assert prove(again, key) == prove(again, key) == []
    key.counter -= 1

    (told,) = prove(again, key)

    assert "voi olla kopio" in told
    refused = Event.objects.get(action="second_factor.proven", refused=True)
    assert refused.data == {"kind": "", "reason": "CounterWentBack"}
    key.counter += 1
    assert prove(again, key) == []


def test_a_passkey_that_counted_when_it_was_made_and_does_no_more_may_be_a_copy(enrolled):
    key = Passkey(counter=1)
    again = with_passkey(enrolled, key)
    key.counter = 0
    (told,) = prove(again, key)
    assert "voi olla kopio" in told


def test_a_passkey_that_never_counts_proves_each_time(enrolled):
    key = Passkey()
    again = with_passkey(enrolled, key)
    assert [prove(again, key) for _each in range(3)] == [[], [], []]


def test_an_answer_is_not_accepted_in_the_session_s_state_of_before(enrolled):
    """Another request that had read the session writes the challenge back into it."""
    key = Passkey()
    again = with_passkey(enrolled, key)
    answer = json.dumps(key.answer(challenge(again, "second_factor")))
    kept = again.client.session["mfa.webauthn.state"]
    assert again.post("second_factor", credential=answer).status_code == 302
    session = again.client.session
    session["mfa.webauthn.state"] = kept
    session.save()

    page = again.post("second_factor", credential=answer)

    (told,) = page.context["form"].non_field_errors()
    assert told == "Pääsyavaimesi vastaus on jo käytetty. Käytä pääsyavainta uudelleen."

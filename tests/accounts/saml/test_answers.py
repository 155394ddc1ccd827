"""True answers of the provider log the person in; every bad one logs nobody in."""

import base64
import json
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.sessions.backends.db import SessionStore

from accounts.identification.saml import pending_answers
from accounts.models import Arrival, Identifier, Person, SignOn
from certportal.foundation import clock
from certportal.foundation.models import Event
from tests.accounts.saml import bends, idp, rewriting

pytestmark = pytest.mark.django_db(transaction=True)
FAILED = "/fi/account/login/failed/"


def test_matti_comes_back_as_himself(visitor):
    answer = visitor.log_in("matti")

    assert answer.headers["Location"] == "/fi/home/"
    person = Person.objects.get()
    assert str(person) == "Matti Juhani Meikäläinen"
    assert Identifier.objects.get().kind == "hetu"
    assert Event.objects.get(action="person.identified").object_id == str(person.pk)


def test_second_login_finds_the_same_person(visitor, other):
    visitor.log_in("matti")
    other.log_in("matti")

    assert Person.objects.count() == 1
    assert SignOn.objects.count() == 2


def test_erik_is_identified_by_eidas(visitor):
    visitor.log_in("erik")

    assert Identifier.objects.get().kind == "eidas"
    assert str(Person.objects.get()) == "Erik Eidas"


def test_language_is_passed_on_as_the_last_parameter_and_comes_back(visitor):
    address = visitor.leave("?next=/sv/account/me/", language="sv")
    assert list(parse_qs(urlsplit(address).query))[-1] == "locale"
    assert '<html lang="sv">' in visitor.session.get(address).text

    answer = visitor.bring(*visitor.press(address, "matti"))

    assert answer.headers["Location"] == "/sv/account/me/"
    assert Person.objects.get().language == "sv"


def test_request_asks_for_what_it_must(visitor):
    place, posted = visitor.press(visitor.leave(), "matti")

    read = asked(visitor)
    assert read["levels"] == [idp.LEVEL, "http://eidas.europa.eu/LoA/high"]
    assert read["binding"].endswith("HTTP-POST")
    assert read["name_id"].endswith("transient")
    assert read["answer_to"] == place
    assert not read["force"]
    assert len(posted["RelayState"]) >= 43
    assert asked(visitor, "?anew=1")["force"]


def asked(visitor, query: str = ""):
    """Return what the provider read in our request, whose signature it has checked."""
    page = visitor.session.get(visitor.leave(query)).text
    return json.loads(unescape(page.split('name="asked" value="')[1].split('"')[0]))


def test_request_without_a_true_signature_is_not_taken(visitor):
    address = visitor.leave()

    assert not answered(visitor, address.replace("RelayState=", "RelayState=x"))


def answered(visitor, address):
    try:
        return visitor.session.get(address).ok
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_nobody_is_led_to_another_site(visitor, elsewhere):
    answer = visitor.log_in("matti", f"?next={elsewhere}")

    assert answer.headers["Location"] == "/fi/home/"


@pytest.mark.parametrize("relay", ["https://evil.example/", "/fi/console/", "", "x" * 5000])
def test_relay_state_of_another_maker_leads_nowhere(visitor, relay):
    place, posted = visitor.press(visitor.leave(), "matti")

    answer = visitor.bring(place, posted | {"RelayState": relay})

    assert answer.headers["Location"] == FAILED
    assert not Person.objects.exists()


@pytest.mark.parametrize("bend", bends.BENDS)
def test_answer_that_cannot_be_trusted_logs_nobody_in(visitor, said, bend):
    answer = visitor.log_in("matti", bend=bend)

    assert answer.headers["Location"] == FAILED
    assert any(bends.BENDS[bend].why in line for line in said), said
    assert visitor.get(FAILED).status_code == 200
    assert not Person.objects.exists()
    assert not SignOn.objects.exists()


@pytest.mark.parametrize("bend", sorted(bends.ODD))
def test_what_is_odd_and_true_is_believed(visitor, bend):
    visitor.log_in("matti")
    visitor.log_in("matti", bend=bend)

    assert str(Person.objects.get()) == "Matti Juhani Meikäläinen"
    assert Identifier.objects.count() == 1


def test_turning_back_leads_to_a_page_that_says_so(visitor):
    answer = visitor.log_in("", language="sv")

    assert answer.headers["Location"] == "/sv/account/login/cancelled/"
    assert visitor.get(answer.headers["Location"]).status_code == 200
    assert not Person.objects.exists()


def test_answer_counts_once(visitor):
    place, posted = visitor.press(visitor.leave(), "matti")
    assert visitor.bring(place, posted).headers["Location"] == "/fi/home/"

    assert visitor.bring(place, posted).headers["Location"].endswith("/account/login/failed/")


def test_assertion_counts_once_even_when_nobody_fetched_it(visitor, other):
    place, posted = visitor.press(visitor.leave(), "matti")
    requests.post(place, data=posted, allow_redirects=False)

    assert visitor.bring(place, posted).headers["Location"] == FAILED
    assert not Person.objects.exists()


def test_answer_brought_by_another_browser_is_refused(visitor, other):
    place, posted = visitor.press(visitor.leave(), "matti")
    other.leave()

    assert other.bring(place, posted).headers["Location"] == FAILED
    assert not Person.objects.exists()


def test_answer_to_another_browser_s_request_is_refused(visitor, other):
    """Whoever brings their own answer under the victim's state does not log the victim in."""
    place, attackers = other.press(other.leave(), "matti")
    state = parse_qs(urlsplit(visitor.leave()).query)["RelayState"][0]

    answer = visitor.bring(place, attackers | {"RelayState": state})

    assert answer.headers["Location"] == FAILED
    assert not Person.objects.exists()


def test_true_answer_waits_two_minutes_and_no_more(visitor, monkeypatch):
    monkeypatch.setattr(pending_answers, "LASTS", timedelta(0))

    assert visitor.log_in("matti").headers["Location"] == FAILED


def test_nothing_of_an_answer_remains_after_it_was_fetched(visitor):
    visitor.log_in("matti")

    arrival = Arrival.objects.get()
    assert arrival.content == {}
    assert arrival.expires_at > clock.now() + timedelta(minutes=4)


def test_an_answer_kept_by_the_version_before_is_fetched(visitor):
    """It does not tell of an introduction; its web and ours run side by side in an upgrade."""
    place, posted = visitor.press(visitor.leave(), "matti")
    arrived = requests.post(place, data=posted, allow_redirects=False)
    assert "introduced" not in Arrival.objects.get().content

    assert visitor.get(arrived.headers["Location"]).headers["Location"] == "/fi/home/"


@pytest.mark.parametrize(
    "posted", [{}, {"SAMLResponse": ""}, {"SAMLResponse": "%%%"}, {"SAMLResponse": "x" * 300_000}]
)
def test_post_that_is_no_answer_is_refused(visitor, live_server, posted):
    state = parse_qs(urlsplit(visitor.leave()).query)["RelayState"][0]
    place = f"{live_server.url}/identification/saml/answer"

    assert visitor.bring(place, posted | {"RelayState": state}).headers["Location"] == FAILED


@pytest.mark.parametrize(
    "root", ["<a/>", "<Response/>", f'<p:Response xmlns:p="{rewriting.SAMLP}"/>']
)
def test_other_documents_are_refused(visitor, live_server, root):
    state = parse_qs(urlsplit(visitor.leave()).query)["RelayState"][0]
    posted = {"RelayState": state, "SAMLResponse": base64.b64encode(root.encode()).decode()}

    answer = visitor.bring(f"{live_server.url}/identification/saml/answer", posted)

    assert answer.headers["Location"] == FAILED


def test_session_gets_a_new_id_and_remembers_the_proof(visitor, settings):
    address = visitor.leave()
    before = visitor.session.cookies[settings.SESSION_COOKIE_NAME]

    visitor.bring(*visitor.press(address, "matti"))

    after = visitor.session.cookies[settings.SESSION_COOKIE_NAME]
    assert after != before
    proven = datetime.fromisoformat(SessionStore(after)["identified_at"])
    assert abs(proven - clock.now()) < timedelta(minutes=1)


def test_identifying_again_takes_no_earlier_proof(visitor):
    assert visitor.log_in("matti", bend="long ago").headers["Location"] == "/fi/home/"
    assert visitor.log_in("matti", "?anew=1").headers["Location"] == "/fi/home/"

    again = visitor.log_in("matti", "?anew=1", bend="long ago")

    assert again.headers["Location"] == FAILED

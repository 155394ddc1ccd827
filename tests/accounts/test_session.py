"""What the middleware makes of a session, and the pages of choosing and leaving."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.identification import flow
from accounts.models import Membership, Organisation, SignOn, User
from accounts.services.people import sessions
from certportal.dev.builders.people import NOW, log_in, make_login, make_person
from certportal.foundation import clock
from certportal.foundation.models import Event

pytestmark = pytest.mark.django_db

CHOOSE = "/fi/account/organisation/"
CLINICS = "9900008-5"


def join(person, organisation):
    Membership.objects.create(
        person=person, organisation=organisation, role="applicant", basis="invitation", begun_at=NOW
    )


@pytest.fixture
def clinics(stranger):
    """The organisation Kalle acts for."""
    return stranger.memberships.get().organisation


def acting_for(client):
    return client.get(CHOOSE).wsgi_request.organisation


def test_only_organisation_is_chosen_by_itself(client, matti, pharmacy):
    assert acting_for(log_in(client, matti)) == pharmacy


def test_of_several_the_person_chooses(client, matti, pharmacy, clinics):
    join(matti, clinics)
    log_in(client, matti)
    assert acting_for(client) is None

    answer = client.post(CHOOSE, {"organisation": str(clinics.pk)})

    assert answer.status_code == 302
    assert acting_for(client) == clinics


def test_who_left_for_identification_under_the_version_before_comes_back(client, settings, sample):
    """Its session tells of neither introduction nor provider; both versions run in an upgrade."""
    backend = "tests.doubles.identification.Memory"
    settings.IDENTIFICATION = {"BACKEND": backend, "OPTIONS": {"person": "matti"}}
    back = client.get("/fi/account/login/start/").url
    session = client.session
    for left in session[flow.KEY].values():
        del left["introduces"], left["provider"]
    session.save()

    assert client.get(back).url == "/fi/home/"


def test_who_left_for_a_provider_that_is_no_longer_used_is_told_to_log_in_again(client, settings):
    used_now = settings.IDENTIFICATION
    backend = "tests.doubles.identification.Memory"
    settings.IDENTIFICATION = {"BACKEND": backend, "OPTIONS": {"person": "matti"}}
    back = client.get("/fi/account/login/start/").url
    settings.IDENTIFICATION = used_now

    assert client.get(back).url == "/fi/account/login/failed/"


def test_organisation_of_others_cannot_be_chosen(client, matti, clinics):
    answer = log_in(client, matti).post(CHOOSE, {"organisation": str(clinics.pk)})

    assert answer.status_code == 404
    assert Event.objects.filter(refused=True, actor=f"person:{matti.pk}").exists()


def test_what_is_posted_as_an_organisation_is_no_place_for_words(client, matti):
    answer = log_in(client, matti).post(CHOOSE, {"organisation": "010101-123N"})

    assert answer.status_code == 404
    assert Event.objects.filter(refused=True, object_id="").exists()
    assert not Event.objects.filter(object_id__contains="123N").exists()


def test_choice_ends_with_the_membership(client, matti, pharmacy, clinics):
    join(matti, clinics)
    log_in(client, matti).post(CHOOSE, {"organisation": str(clinics.pk)})

    matti.memberships.filter(organisation=clinics).update(ended_at=NOW)

    assert acting_for(client) == pharmacy


def test_choosing_renews_the_session_id(client, matti, pharmacy, clinics):
    join(matti, clinics)
    log_in(client, matti)
    before = client.session.session_key

    client.post(CHOOSE, {"organisation": str(clinics.pk)})

    assert client.session.session_key != before


def test_person_without_organisation_is_led_to_found_one(client, db):
    answer = log_in(client, make_person("Aino Ahkera")).get(CHOOSE)

    assert answer.url == "/fi/account/organisation/found/"


def test_the_only_organisation_leads_to_its_page_instead_of_a_question(client, matti, pharmacy):
    page = log_in(client, matti).get("/fi/account/right/").text

    assert '<a href="/fi/account/right/">Helsingin VI apteekki</a>' in page
    assert f'href="{CHOOSE}"' not in page


def test_second_account_is_acted_for_at_once(client, matti, pharmacy, sample):
    log_in(client, matti)

    client.post(
        f"/fi/account/organisation/found/{CLINICS}/", {"basis": "mandate", "detail": "johtaja"}
    )

    assert acting_for(client) == Organisation.objects.get(business_ids__code=CLINICS)


def test_merged_person_acts_as_the_one_who_stays(client, matti, maija):
    maija.merged_into = matti
    maija.save(update_fields=["merged_into"])

    answer = log_in(client, maija).get(CHOOSE)

    assert answer.wsgi_request.person == matti
    assert str(answer.wsgi_request.actor) == f"person:{matti.pk}"


def test_closed_login_is_logged_out(client, matti):
    log_in(client, matti)
    User.objects.filter(person=matti).update(is_active=False)

    answer = client.get("/fi/account/me/")

    assert answer.url.startswith("/fi/account/login/")
    assert SESSION_KEY not in client.session


def test_login_without_a_person_is_a_visitor(client, db):
    login = User.objects.create(username="operator")
    client.force_login(login)

    answer = client.get("/fi/account/me/")

    assert answer.wsgi_request.person is None
    assert answer.url.startswith("/fi/account/login/")


@pytest.mark.parametrize("key", ["abcdefgh\\000", "%s%%abcdef"])
def test_a_cookie_that_no_session_has_is_a_visitors(client, db, key):
    answer = client.get(CHOOSE, headers={"Cookie": f'{settings.SESSION_COOKIE_NAME}="{key}"'})
    assert answer.url.startswith("/fi/account/login/?")


def test_private_pages_are_stored_by_no_cache(client, matti):
    answer = log_in(client, matti).get("/fi/account/me/")

    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


def test_machines_without_a_session_cost_no_query(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        answer = client.get("/testidp/")

    assert "no-store" not in answer.get("Cache-Control", "")
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize(
    ("peer", "kept"), [("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7"), ("", "")]
)
def test_address_of_the_peer_is_kept_and_no_header_believed(client, matti, peer, kept):
    answer = log_in(client, matti).get(CHOOSE, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="203.0.113.9")

    assert answer.wsgi_request.actor.address == kept


def test_logging_out_takes_a_post_and_ends_the_session(client, matti):
    log_in(client, matti)
    assert client.get("/fi/account/logout/").status_code == 405

    answer = client.post("/fi/account/logout/")

    assert answer.url == "/fi/account/logged-out/"
    assert SESSION_KEY not in client.session
    assert client.get(answer.url).status_code == 200


def test_login_page_offers_a_link_that_keeps_where_one_was_going(client, db):
    answer = client.get("/fi/account/login/?next=/fi/account/me/")

    assert 'href="/fi/account/login/start/?next=%2Ffi%2Faccount%2Fme%2F"' in answer.content.decode()


def test_who_is_logged_in_passes_the_login_page(client, matti, riitta, sofia):
    assert log_in(client, matti).get("/fi/account/login/").url == "/fi/home/"
    assert log_in(client, riitta).get("/fi/account/login/").url == "/fi/console/"
    assert log_in(client, sofia).get("/fi/account/login/").url == "/fi/settings/"


def test_profile_shows_own_details_and_changes_the_language(client, matti, pharmacy):
    shown = log_in(client, matti).get("/fi/account/me/").content.decode()
    for detail in ("Matti Meikäläinen", "matti@example.fi", pharmacy.name):
        assert detail in shown

    answer = client.post("/fi/account/me/", {"language": "sv", "mails": ["reminders"]})

    assert answer.url == "/sv/account/me/"
    matti.refresh_from_db()
    assert matti.language == "sv"


def test_addresses_without_language_speak_the_persons(client, rf, matti):
    matti.language = "sv"
    matti.save(update_fields=["language"])

    answer = log_in(client, matti).get("/testidp/")

    assert answer.wsgi_request.LANGUAGE_CODE == "sv"


def test_userbar_names_person_and_organisation(client, matti, pharmacy):
    shown = log_in(client, matti).get("/fi/account/me/").content.decode()

    assert "Matti Meikäläinen" in shown.split("</header>")[0]


def test_newcomer_is_somebody_with_a_name(db):
    assert str(make_login("Uuno Uusi")) == "Uuno Uusi"


def test_a_page_writes_nothing_while_the_session_was_seen_lately(client, matti, monkeypatch):
    monkeypatch.setattr(sessions, "SEEN_EVERY", timedelta(minutes=30))
    log_in(client, matti).get("/fi/account/me/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/fi/account/me/")
    assert [one["sql"] for one in queries if not one["sql"].startswith("SELECT")] == []


def test_a_session_lasts_an_hour_from_its_last_use(client, matti):
    log_in(client, matti).get("/fi/account/me/")
    SignOn.objects.update(seen_at=NOW)
    Session.objects.update(expire_date=NOW + timedelta(days=3650))
    before = clock.now()
    client.get("/fi/account/me/")
    lasts = Session.objects.get().expire_date - before
    assert lasts >= timedelta(hours=1)
    assert lasts < timedelta(hours=2)


def test_a_session_that_a_clock_ahead_began_lasts_no_longer(client, matti):
    """How old it is nobody knows once the clock is right: so one identifies again."""
    log_in(client, matti)
    SignOn.objects.update(begun_at=clock.now() + timedelta(minutes=5))
    answer = client.get("/fi/account/me/")
    assert (answer.status_code, "/account/login/" in answer["Location"]) == (302, True)


def test_a_session_that_a_clock_ahead_used_last_lasts_an_hour_from_now(client, matti):
    log_in(client, matti).get("/fi/account/me/")
    SignOn.objects.update(seen_at=clock.now() + timedelta(days=300))
    Session.objects.update(expire_date=clock.now() + timedelta(days=300))
    client.get("/fi/account/me/")
    assert SignOn.objects.get().seen_at <= clock.now()
    assert Session.objects.get().expire_date < clock.now() + timedelta(hours=2)


def test_the_session_of_a_visitor_lasts_from_each_use(client, db):
    client.get("/fi/account/login/start/")
    session = client.session
    session["something"] = "kept"
    session.save()
    client.cookies["sessionid"] = session.session_key
    Session.objects.update(expire_date=clock.now() + timedelta(minutes=1))
    client.get("/fi/")
    assert Session.objects.get(pk=session.session_key).expire_date > clock.now() + timedelta(
        minutes=50
    )

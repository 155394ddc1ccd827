"""Sessions begin anew at login, end at their limits, and can be seen and ended by their person."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.access import actor_for
from accounts.middleware import SIGN_ON
from accounts.models import Membership, SignOn, User
from accounts.services.organisations import invite, membership
from accounts.services.people import browsers, merge, second_factor, sessions
from accounts.services.rights import staff_roles
from certportal.dev.builders import people
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event

pytestmark = pytest.mark.django_db
ME = "/fi/account/me/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def is_in(client):
    return client.get(ME).status_code == 200


def row_of(client):
    return SignOn.objects.get(pk=client.session[SIGN_ON]["id"])


def test_a_session_without_a_row_is_nobodys(client, matti):
    people.log_in(client, matti)
    SignOn.objects.all().delete()
    assert not is_in(client)
    assert SESSION_KEY not in client.session


def test_a_session_ends_after_twelve_hours_however_busy(client, matti):
    people.log_in(client, matti)
    begun = SignOn.objects.filter(person=matti)
    begun.update(begun_at=clock.now() - sessions.LONGEST + timedelta(minutes=1))
    assert is_in(client)
    begun.update(begun_at=clock.now() - sessions.LONGEST)
    assert not is_in(client)
    assert SESSION_KEY not in client.session


def test_a_session_ends_after_an_hour_without_a_visit(client, matti):
    people.log_in(client, matti)
    assert is_in(client)
    left = Session.objects.get(pk=client.session.session_key).expire_date - clock.now()
    # Never sooner than an hour; as it is written once in SEEN_EVERY, by as much later.
    assert timedelta(minutes=59, seconds=59) < left <= timedelta(hours=1) + sessions.SEEN_EVERY
    Session.objects.update(expire_date=clock.now())
    assert not is_in(client)


def test_pages_tell_the_limits_to_browsers_with_and_without_scripts(client, matti):
    page = people.log_in(client, matti).get(ME)
    assert 'data-session="3600"' in page.text
    rest = int(page.text.split('data-rest="')[1].split('"')[0])
    assert sessions.LONGEST.total_seconds() - 60 < rest <= sessions.LONGEST.total_seconds()
    end = clock.HELSINKI.fromutc(sessions.latest_end(row_of(client)).replace(tzinfo=clock.HELSINKI))
    note = page.text.split("<noscript>")[1].split("</noscript>")[0]
    assert "60 minuuttiin" in note
    assert f"{end:%-H.%M}" in note


def test_own_sessions_are_listed_and_one_is_ended(client, matti):
    people.log_in(client, matti)
    phone = people.log_in(Client(), matti)
    page = client.get(ME)
    assert {one.pk for one in page.context["sessions"]} == {row_of(client).pk, row_of(phone).pk}
    assert "Firefox, Linux" in page.text

    client.post(f"/fi/account/sessions/{row_of(phone).pk}/end/")

    assert (is_in(client), is_in(phone)) == (True, False)
    assert Event.objects.filter(action="person.session_ended").count() == 1


def test_all_others_are_ended_at_once(client, matti):
    people.log_in(client, matti)
    others = [people.log_in(Client(), matti) for _ in range(2)]
    client.post("/fi/account/sessions/end-others/")
    assert [is_in(one) for one in [client, *others]] == [True, False, False]


def test_ended_and_idle_sessions_are_not_listed(client, matti):
    people.log_in(client, matti)
    for change in ({"ended_at": clock.now()}, {"seen_at": clock.now() - timedelta(hours=2)}):
        row = people.begin_session(matti.logins.get())
        SignOn.objects.filter(pk=row.pk).update(**change)
    assert len(client.get(ME).context["sessions"]) == 1


def test_somebody_elses_session_is_not_found(client, matti, kalle):
    theirs = people.log_in(Client(), kalle)
    answer = people.log_in(client, matti).post(f"/fi/account/sessions/{row_of(theirs).pk}/end/")
    assert answer.status_code == 404
    assert is_in(theirs)
    assert Event.objects.filter(action="access.refused", object_type="session").exists()


def test_use_is_noted_by_the_minute(client, matti):
    people.log_in(client, matti)
    SignOn.objects.update(seen_at=clock.now() - timedelta(minutes=5))
    client.get(ME)
    assert clock.now() - row_of(client).seen_at < timedelta(minutes=1)


@pytest.fixture
def both(matti, maija):
    """Maija's two browsers, logged in; Matti administers her account."""
    return [people.log_in(Client(), maija) for _ in range(2)]


def membership_of(person):
    return person.memberships.get(ended_at=None).pk


def test_whoever_is_removed_is_out_everywhere_at_once(both, matti, maija):
    membership.remove(membership_of(maija), by=matti, actor=actor_for(matti), now=clock.now())
    assert [is_in(one) for one in both] == [False, False]


def test_a_changed_role_gives_every_session_a_new_id_and_the_old_one_is_dead(both, matti, maija):
    before = [one.session.session_key for one in both]
    role = Membership.Role.TECHNICAL
    membership.change_role(
        membership_of(maija), role, by=matti, actor=actor_for(matti), now=clock.now()
    )
    assert [is_in(one) for one in both] == [True, True]
    after = [one.session.session_key for one in both]
    assert not set(before) & set(after)
    assert not Session.objects.filter(pk__in=before).exists()
    assert is_in(both[0])
    assert both[0].session.session_key == after[0]


def test_joining_and_leaving_give_a_new_id(client, pharmacy, matti):
    asker = people.make_person("Aino Ahkera")
    people.log_in(client, asker)
    who = {"role": "applicant", "language": "fi", "by": matti}
    made = invite.invite(pharmacy, asker.email, **who, actor=actor_for(matti), now=clock.now())
    first = client.session.session_key
    client.post(f"/fi/account/invitation/{made.token}/")
    is_in(client)
    second = client.session.session_key
    membership.leave(membership_of(asker), actor=actor_for(asker), now=clock.now())
    is_in(client)
    assert len({first, second, client.session.session_key}) == 3


@pytest.mark.parametrize("role", ["reviewer", "superuser"])
def test_a_role_of_the_authority_s_own_renews_when_given_and_ends_sessions_when_taken(client, role):
    person, now = people.make_person("Sofia Suurkäyttäjä"), clock.now()
    people.log_in(client, person)
    before, by = client.session.session_key, system("test")
    if role == "reviewer":
        staff_roles.grant_reviewer(person, by=None, actor=by, now=now)
    else:
        staff_roles.make_superuser(person.logins.get(), actor=by, now=now)
    assert is_in(client)
    assert client.session.session_key != before
    if role == "reviewer":
        staff_roles.end_reviewer(person, actor=by, now=now)
    else:
        staff_roles.end_superuser(person.logins.all(), actor=by, now=now)
    assert not is_in(client)


def test_a_reset_factor_and_a_merger_end_sessions_everywhere(riitta, raimo, matti, maija):
    lost = people.log_in(Client(), riitta)
    second_factor.reset(riitta, actor=system("test"), now=clock.now())
    assert not is_in(lost)

    pair = [people.log_in(Client(), one) for one in (matti, maija)]
    merge.merge(maija, into=matti, actor=system("test"), now=clock.now())
    assert [is_in(one) for one in pair] == [False, False]


def test_roles_are_given_only_to_the_identified(db, matti, maija):
    maija.identifiers.all().delete()
    now, by = clock.now(), system("test")
    with pytest.raises(staff_roles.NotIdentified):
        staff_roles.grant_reviewer(maija, by=None, actor=by, now=now)
    with pytest.raises(staff_roles.NotIdentified):
        staff_roles.make_superuser(maija.logins.get(), actor=by, now=now)
    with pytest.raises(CommandError, match="make_superuser"):
        call_command("createsuperuser", username="root", interactive=False)
    assert not User.objects.filter(username="root").exists()
    unknown = User.objects.create(username="root")
    with pytest.raises(staff_roles.NotIdentified):
        staff_roles.make_superuser(unknown, actor=by, now=now)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
            " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge, Windows",
        ),
        ("curl/8.9", ""),
        ("", ""),
    ],
)
def test_browsers_are_named_in_two_words(agent, words):
    assert browsers.in_words(agent) == words


def test_the_cookie_is_a_random_key_alone_and_another_key_opens_nothing(client, matti):
    keys = {people.log_in(Client(), matti).session.session_key for _ in range(20)}
    assert len(keys) == 20
    assert all(re.fullmatch(r"[a-z0-9]{32}", key) for key in keys)
    people.log_in(client, matti)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert cookie == client.session.session_key
    for invented in (cookie[:-1] + ("a" if cookie[-1] != "a" else "b"), "x" * 32, ""):
        other = Client()
        other.cookies[settings.SESSION_COOKIE_NAME] = invented
        assert not is_in(other)


def test_a_button_to_log_out_stands_on_every_page_of_a_session(client, matti, pharmacy):
    people.log_in(client, matti)
    for place in ("/fi/home/", "/fi/account/me/", "/fi/", "/fi/csr/", "/fi/nowhere/"):
        page = client.get(place).text
        header = page.split("</header>")[0]
        assert 'action="/fi/account/logout/"' in header, place

"""The pages on which two reviewers end a block that was recorded by mistake."""

from datetime import timedelta

import pytest

from applications import services
from applications.views.console import block_endings
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance import services as authority
from issuance.models import BlockedKey, BlockEnding
from tests.applications.console.conftest import Desk

KEY, OTHER = "ab" * 32, "0f" * 32
WHY = {"reason": "published", "known_from": "Kyberturvallisuuskeskus, tapaus 2026-118"}
WORDS = "Liitetty väärä tiiviste."


@pytest.fixture
def mistaken(riitta, sample):
    """Two keys of one list that Riitta blocked by mistake."""
    act(riitta, services.block_keys, [KEY, OTHER], **WHY)


def propose(desk, key=KEY, scope="key", words=WORDS):
    page = desk.open("end_block", key)
    given = {"block": page.context["form"]["block"].value(), "scope": scope, "words": words}
    desk.client.post(desk.url("end_block", key), given)
    return BlockEnding.objects.order_by("-pk").first()


def press(desk, ending, **given):
    place = desk.url("block_ending", ending.pk)
    given = given or {"shown": desk.client.get(place).context["confirm"]["shown"].value()}
    return desk.client.post(place, given, follow=True)


def test_the_page_of_a_key_ends_no_block_of_another(desk, mistaken):
    other = BlockedKey.objects.get(spki_sha256=OTHER)
    given = {"block": other.pk, "scope": "key", "words": WORDS}
    answer = desk.client.post(desk.url("end_block", KEY), given)
    assert answer.status_code == 409
    assert WORDS in answer.text
    assert not BlockEnding.objects.exists()


def test_from_the_page_of_the_key_to_its_history(desk, other_desk, mistaken):
    page = desk.open("key", KEY)
    assert desk.url("end_block", KEY) in page.text
    assert "stays blocked for good" not in page.text
    assert "All 2 keys that were blocked with it" in desk.open("end_block", KEY).text
    ending = propose(desk)
    place = desk.url("block_ending", ending.pk)
    assert place in desk.open("key", KEY).text
    assert place in other_desk.open("blocked_keys").text
    assert other_desk.count_in_bar("blocked_keys") == 1
    alone = desk.client.get(place)
    assert "It takes two reviewers to end a block" in alone.text
    assert 'name="shown"' not in alone.text
    assert "The block of 1 key was ended." in press(other_desk, ending).text
    assert other_desk.count_in_bar("blocked_keys") == 0
    told = [WHY["known_from"], "Riitta Ratkaisija", "Raimo Ratkaisija", WORDS]
    history = desk.open("key", KEY).text
    for known in [*told, place, desk.url("block_keys")]:
        assert known in history
    for known in told:
        assert known in desk.client.get(place).text
    assert KEY not in {one.key.spki_sha256 for one in desk.open("blocked_keys").context["keys"]}
    assert desk.open("search", q=KEY).url == desk.url("key", KEY)
    act(desk.person, services.block_keys, [KEY], **WHY | {"known_from": "CERT 7"})
    for known in [*told, "CERT 7"]:
        assert known in desk.open("key", KEY).text


def test_a_whole_list(desk, other_desk, mistaken):
    ending = propose(desk, scope="list")
    page = other_desk.open("block_ending", ending.pk)
    for known in (KEY, OTHER, WHY["known_from"]):
        assert known in page.text
    assert "The blocks of 2 keys were ended." in press(other_desk, ending).text
    assert not BlockedKey.objects.exists()
    assert WORDS in desk.open("key", OTHER).text


def test_the_only_key_of_a_list_offers_no_list(desk, riitta, sample):
    act(riitta, services.block_keys, [KEY], **WHY)
    assert "that were blocked with it" not in desk.open("end_block", KEY).text
    assert propose(desk, scope="list") is None


def test_a_list_too_long_for_a_page_ends_key_by_key(desk, mistaken, monkeypatch):
    monkeypatch.setattr(block_endings, "MOST_TOGETHER", 1)
    assert "that were blocked with it" not in desk.open("end_block", KEY).text
    assert propose(desk, scope="list") is None
    assert propose(desk).spki_sha256 == KEY


def test_what_is_exposed_leads_to_no_end_and_says_so(desk, other_desk, mistaken):
    ending = propose(desk)
    page = other_desk.open("block_ending", ending.pk)
    authority.report_leaked_key(KEY, actor=system("test"), now=clock.now())
    mark = page.context["confirm"]["shown"].value()
    late = press(other_desk, ending, shown=mark)
    assert late.status_code == 409
    assert "the key is known to be exposed" in late.text
    shown = desk.open("key", KEY).text
    assert desk.url("end_block", KEY) not in shown
    assert "It stays blocked for good." in shown
    assert "The private key was sent to the service." in shown
    assert "known to be exposed" in desk.open("end_block", KEY).text
    closed = press(other_desk, ending, words="Avain on paljastunut.")
    assert "The keys stay blocked." in closed.text
    assert "Avain on paljastunut." in closed.text
    assert other_desk.count_in_bar("blocked_keys") == 0


def test_what_the_page_did_not_show_is_shown_before_it_is_freed(desk, other_desk, matti, cas):
    order = orders.in_review(matti)
    act(desk.person, services.block_keys, [order.csr.spki_sha256], **WHY)
    ending = propose(desk, order.csr.spki_sha256)
    again = press(other_desk, ending, shown="0" * 64)
    assert again.status_code == 409
    assert order.number in again.text
    assert press(other_desk, ending).status_code == 200
    assert not BlockedKey.objects.exists()


def test_a_block_that_the_page_did_not_show_is_not_proposed(desk, other_desk, mistaken):
    shown = desk.open("end_block", KEY).context["form"]["block"].value()
    press(other_desk, propose(desk))
    act(desk.person, services.block_keys, [KEY], **WHY)
    given = {"block": shown, "scope": "key", "words": WORDS}
    late = desk.client.post(desk.url("end_block", KEY), given)
    assert late.status_code == 409
    assert WORDS in late.text
    assert not BlockEnding.objects.filter(closed_at=None).exists()


def test_who_comes_second_learns_it_and_keeps_what_they_wrote(desk, other_desk, mistaken):
    ending = propose(desk)
    given = {"block": BlockedKey.objects.get(spki_sha256=KEY).pk, "scope": "key", "words": "Sama."}
    twice = other_desk.client.post(other_desk.url("end_block", KEY), given)
    assert twice.status_code == 409
    assert "has been proposed already" in twice.text
    press(other_desk, ending)
    late = press(desk, ending, words="Ei ole.")
    assert late.status_code == 409
    assert "Ei ole." in late.text
    assert "has been settled meanwhile" in late.text


def test_an_old_second_factor_proposes_and_ends_nothing(desk, other_desk, mistaken):
    ending = propose(desk)
    place = other_desk.url("block_ending", ending.pk)
    mark = other_desk.client.get(place).context["confirm"]["shown"].value()
    for stale in (desk, other_desk):
        stale.confirm(clock.now() - timedelta(minutes=16))
    asks = press(other_desk, ending, shown=mark)
    assert "Confirm that it is you" in asks.text
    assert desk.open("end_block", OTHER).status_code == 302
    given = {"block": 1, "scope": "key", "words": WORDS}
    assert "Confirm that it is you" in desk.client.post(desk.url("end_block", OTHER), given).text
    assert BlockedKey.objects.count() == 2
    assert BlockEnding.objects.get().closed_at is None


def test_an_auditor_reads_and_does_nothing_and_applicants_see_nothing(desk, mistaken, matti, now):
    ending = propose(desk)
    anneli = Desk(people.make_auditor("Anneli Auditoija", now=now))
    page = anneli.open("block_ending", ending.pk)
    assert WORDS in page.text
    assert "<textarea" not in page.text
    assert desk.url("end_block", KEY) not in anneli.open("key", KEY).text
    for given in ({"shown": ""}, {"words": "Ei."}):
        assert press(anneli, ending, **given).status_code == 403
    assert anneli.client.post(desk.url("end_block", KEY), {"words": "x"}).status_code == 403
    assert Desk(matti).open("block_ending", ending.pk).status_code == 404
    assert Desk(matti).open("end_block", KEY).status_code == 404
    assert BlockedKey.objects.count() == 2

"""Two reviewers end a block that was recorded by mistake, and never that of an exposed key."""

from functools import partial

import pytest
from django.db import InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Organisation
from accounts.services.people import merge
from accounts.services.rights import staff_roles
from applications import services
from applications.rules.impartiality import PartInAnOrder
from applications.services.reviewer.block_endings import WhyMissing, to_end
from applications.services.reviewer.shown_prospect import OtherTouched
from certportal.dev.builders import orders, people
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import services as authority
from issuance.keys.published import FILE, WIDTH
from issuance.models import BlockedKey, BlockEnding, Certificate, EndedBlock
from issuance.services import block_endings
from issuance.services.block_endings import (
    EndAlreadyProposed,
    EndSettled,
    NothingToEnd,
    SecondPersonEnds,
)
from issuance.services.errors import NotReviewer, OwnOrganisation
from tests.applications.at_once import Beside, at_once
from tests.tables import rewrite

FIRST, SECOND = "ab" * 32, "0f" * 32
WHY = {"reason": "published", "known_from": "Kyberturvallisuuskeskus, tapaus 2026-118"}
WORDS = "Liitetty väärä tiiviste."
OPERATOR = system("block_keys")


def block(person, *keys, **more):
    act(person, services.block_keys, keys, **WHY | more)


def propose(person, key, *, whole_list=False, words=WORDS):
    block_id = BlockedKey.objects.get(spki_sha256=key).pk
    return act(person, services.propose_block_end, block_id, whole_list=whole_list, words=words)


def confirm(person, ending, **more):
    return act(person, services.confirm_block_end, ending.pk, **more)


def is_blocked(key):
    return bool(authority.blocked_among([key]))


@pytest.fixture
def mistaken(riitta, sample):
    """A key that Riitta blocked by mistake."""
    block(riitta, FIRST)
    return FIRST


@pytest.fixture
def waiting(matti, riitta, cas):
    """An order under way, with whose key a list came by mistake."""
    order = orders.in_review(matti)
    authority.import_keys([order.csr.spki_sha256], "published", actor=OPERATOR, now=clock.now())
    return order


def test_two_reviewers_end_it_and_the_key_is_free(mistaken, riitta, raimo):
    ending = propose(riitta, mistaken)
    assert is_blocked(mistaken)
    assert confirm(raimo, ending) == 1
    assert not is_blocked(mistaken)
    ended = EndedBlock.objects.get(spki_sha256=mistaken)
    assert (ended.ending.maker, ended.ending.closer, ended.ending.words) == (riitta, raimo, WORDS)
    told = Event.objects.filter(object_id=mistaken).order_by("pk")
    assert [(one.action, one.actor) for one in told] == [
        ("issuance.block_end_proposed", f"person:{riitta.pk}"),
        ("issuance.blocks_ended", f"person:{raimo.pk}"),
    ]


def test_nobody_ends_it_alone(mistaken, riitta):
    ending = propose(riitta, mistaken)
    with pytest.raises(SecondPersonEnds):
        confirm(riitta, ending)
    with pytest.raises(EndAlreadyProposed):
        propose(riitta, mistaken)
    assert is_blocked(mistaken)


def test_two_logins_of_one_person_are_one_person(mistaken, riitta, now):
    again = people.make_reviewer("Riitta Ratkaisija II", now=now)
    ending = propose(riitta, mistaken)
    merge.merge(again, into=riitta, actor=system("test"), now=now)
    again.refresh_from_db()
    with pytest.raises((SecondPersonEnds, NotReviewer)):
        confirm(again, ending)
    assert is_blocked(mistaken)


def test_who_is_no_reviewer_takes_no_part(mistaken, matti, riitta, raimo, now):
    with pytest.raises(NotReviewer):
        propose(matti, mistaken)
    ending = propose(riitta, mistaken)
    with pytest.raises(NotReviewer):
        confirm(matti, ending)
    staff_roles.end_reviewer(raimo, actor=system("test"), now=now)
    for press in (confirm, partial(drop, words=WORDS)):
        with pytest.raises(NotReviewer):
            press(raimo, ending)
    assert is_blocked(mistaken)


def drop(person, ending, **more):
    return act(person, services.drop_block_end, ending.pk, **more)


def test_a_proposer_who_is_no_reviewer_any_more_counts_no_more(mistaken, riitta, raimo, now):
    ending = propose(riitta, mistaken)
    staff_roles.end_reviewer(riitta, actor=system("test"), now=now)
    with pytest.raises(SecondPersonEnds):
        confirm(raimo, ending)
    assert is_blocked(mistaken)


def test_who_belongs_to_the_organisation_takes_no_part(waiting, riitta, raimo, pharmacy, now):
    key = waiting.csr.spki_sha256
    ending = propose(riitta, key)
    Membership.objects.create(
        person=raimo, organisation=pharmacy, role="technical", basis="invitation", begun_at=now
    )
    for press in (confirm, partial(drop, words=WORDS)):
        with pytest.raises(OwnOrganisation):
            press(raimo, ending)
    with pytest.raises(OwnOrganisation):
        propose(raimo, key, whole_list=True)
    assert is_blocked(key)


def test_nor_does_who_has_a_part_in_an_order_also_as_its_proposer(waiting, riitta, raimo):
    key = waiting.csr.spki_sha256
    ending = propose(riitta, key)
    rewrite(type(waiting).objects.filter(pk=waiting.pk), technical_email=riitta.email)
    with pytest.raises(PartInAnOrder):
        propose(riitta, key, whole_list=True)
    with pytest.raises(SecondPersonEnds):
        confirm(raimo, ending)
    assert is_blocked(key)


def test_whose_keys_they_are_is_asked_for_all_accounts_together(
    waiting, matti, riitta, now, django_assert_max_num_queries
):
    others = [orders.in_review(matti) for _ in range(3)]
    for each in others:
        own = Organisation.objects.create(name="Apteekki", founded_at=now, founded_by=matti)
        rewrite(type(each).objects.filter(pk=each.pk), organisation=own)
    keys = [each.csr.spki_sha256 for each in (waiting, *others)]
    with CaptureQueriesContext(connection) as of_one:
        assert not list(to_end(keys[:1], riitta, now=now))
    with django_assert_max_num_queries(len(of_one)):
        assert not list(to_end(keys, riitta, now=now))


def upload(key):
    authority.report_leaked_key(key, actor=OPERATOR, now=clock.now())


def revoke(key):
    certificate = Certificate.objects.get(spki_sha256=key)
    authority.revoke(certificate.pk, "key_compromise", actor=OPERATOR, now=clock.now())


def prove(key):
    authority.revoke_key(key, "key_compromise", actor=OPERATOR, now=clock.now())


def list_anew(key):
    authority.import_keys([key, SECOND], "published", actor=OPERATOR, now=clock.now())


@pytest.mark.parametrize("expose", [upload, revoke, prove, list_anew])
def test_what_is_known_to_be_exposed_is_never_freed(matti, riitta, raimo, cas, expose):
    orders.delivered(matti, riitta)
    key = Certificate.objects.get().spki_sha256
    block(riitta, key)
    ending = propose(riitta, key)
    expose(key)  # between the proposal and its confirmation
    with pytest.raises(NothingToEnd):
        confirm(raimo, ending)
    drop(raimo, ending, words=WORDS)
    with pytest.raises(NothingToEnd):
        propose(riitta, key)
    assert is_blocked(key)


@pytest.mark.parametrize("expose", [upload, prove])
def test_nor_what_was_exposed_first_and_listed_later(riitta, sample, expose):
    expose(FIRST)
    block(riitta, FIRST)
    with pytest.raises(NothingToEnd):
        propose(riitta, FIRST)


def test_nor_what_is_revoked_as_exposed_whatever_the_row_says(matti, riitta, cas):
    orders.delivered(matti, riitta)
    key = Certificate.objects.get().spki_sha256
    block(riitta, key)
    how = {"state": "revoked", "revoked_at": clock.now(), "revocation_reason": "key_compromise"}
    rewrite(Certificate.objects.all(), **how)
    with pytest.raises(NothingToEnd):
        propose(riitta, key)


def test_nor_what_the_events_tell_of_whatever_the_row_says(mistaken, riitta):
    upload(mistaken)
    rewrite(BlockedKey.objects.all(), final_at=None)  # as a restored copy has it
    with pytest.raises(NothingToEnd):
        propose(riitta, mistaken)


def test_nor_what_an_operator_lists_as_sent_here_nor_what_is_published(riitta, sample):
    authority.import_keys([FIRST], "private_key_uploaded", actor=OPERATOR, now=clock.now())
    published = FILE.read_bytes()[:WIDTH].hex().ljust(64, "0")
    block(riitta, published)
    for key in (FIRST, published):
        with pytest.raises(NothingToEnd):
            propose(riitta, key)


def test_the_database_itself_keeps_what_nobody_ended(mistaken, riitta, raimo):
    def delete():
        with transaction.atomic():
            BlockedKey.objects.all().delete()

    with pytest.raises(InternalError, match="the row stays"):
        delete()
    propose(riitta, mistaken)
    given = {"reason": "published", "created_at": BlockedKey.objects.get().created_at}
    EndedBlock.objects.create(spki_sha256=mistaken, ending=BlockEnding.objects.get(), **given)
    with pytest.raises(InternalError, match="the row stays"):
        delete()
    upload(mistaken)
    with transaction.atomic(), pytest.raises(InternalError, match="final_at"):
        BlockedKey.objects.update(final_at=None)


def test_a_block_of_an_earlier_version_is_final(riitta, sample):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO issuance_blockedkey (spki_sha256, reason, created_at)"
            " VALUES (%s, 'published', now())",
            [FIRST],
        )
    with pytest.raises(NothingToEnd):
        propose(riitta, FIRST)


def test_the_same_list_brought_again_names_nothing_twice(mistaken, riitta, raimo):
    block(raimo, FIRST)
    ending = propose(riitta, FIRST)
    confirm(raimo, ending)
    assert not is_blocked(FIRST)


def test_what_was_ended_may_be_blocked_again_and_ended_again(mistaken, riitta, raimo):
    ending = propose(riitta, mistaken)
    confirm(raimo, ending)
    block(raimo, mistaken)
    assert is_blocked(mistaken)
    with pytest.raises(EndSettled):
        confirm(raimo, ending)
    confirm(riitta, propose(raimo, mistaken))
    assert not is_blocked(mistaken)
    upload(mistaken)
    assert is_blocked(mistaken)
    with pytest.raises(NothingToEnd):
        propose(riitta, mistaken)
    assert EndedBlock.objects.count() == 2


def test_a_list_ends_but_for_what_is_known_by_then(riitta, raimo, sample, monkeypatch):
    monkeypatch.setattr(block_endings, "BATCH", 500)
    keys = [f"{number:064x}" for number in range(1, 1200)]
    block(riitta, *keys)
    ending = propose(riitta, keys[0], whole_list=True)
    upload(keys[5])
    list_anew(keys[6])
    assert confirm(raimo, ending) == len(keys) - 2
    left = [keys[5], keys[6], SECOND]
    assert sorted(BlockedKey.objects.values_list("spki_sha256", flat=True)) == sorted(left)
    told = Event.objects.filter(action="issuance.blocks_ended").order_by("pk")
    assert [key for one in told for key in one.data["keys"]] == [
        key for key in keys if key not in left
    ]


def test_it_is_confirmed_as_shown(waiting, riitta, raimo):
    ending = propose(riitta, waiting.csr.spki_sha256)
    with pytest.raises(OtherTouched):
        confirm(raimo, ending, shown="0" * 64)
    assert is_blocked(waiting.csr.spki_sha256)


def test_words_are_asked_for(mistaken, riitta, raimo):
    with pytest.raises(WhyMissing):
        propose(riitta, mistaken, words=" \u200b")
    ending = propose(riitta, mistaken)
    with pytest.raises(WhyMissing):
        drop(raimo, ending, words="")
    drop(raimo, ending, words="Luettelo pitää paikkansa.")
    with pytest.raises(EndSettled):
        confirm(raimo, ending)
    assert is_blocked(mistaken)


def test_an_order_goes_on_once_the_block_has_ended(waiting, riitta, raimo):
    confirm(raimo, propose(riitta, waiting.csr.spki_sha256))
    services.claim(waiting.pk, person=riitta, **orders.Handler(riitta, waiting).seen)
    orders.drain()
    orders.give_evidence(riitta, waiting)
    waiting.refresh_from_db()
    orders.press_approve(riitta, waiting)
    orders.drain()
    assert Certificate.objects.get().spki_sha256 == waiting.csr.spki_sha256


def test_an_approved_order_that_came_back_is_approved_again(matti, riitta, raimo, cas):
    order = orders.in_review(matti)
    services.claim(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    orders.drain()
    orders.give_evidence(riitta, order)
    order.refresh_from_db()
    orders.press_approve(riitta, order)
    block(riitta, order.csr.spki_sha256)
    orders.drain()
    order.refresh_from_db()
    assert (order.status, order.findings[0]["rule"]) == ("in_review", "key.blocked")
    confirm(raimo, propose(riitta, order.csr.spki_sha256))
    services.claim(order.pk, person=riitta, **orders.Handler(riitta, order).seen)
    orders.drain()
    order.refresh_from_db()
    orders.press_approve(riitta, order)
    orders.drain()
    assert Certificate.objects.get().spki_sha256 == order.csr.spki_sha256


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_does(riitta, raimo, anna_reviews, sample):
    block(riitta, FIRST)
    ending = propose(riitta, FIRST)
    works = [partial(confirm, person, ending) for person in (raimo, anna_reviews)]
    assert sorted(at_once(*works, refusals=EndSettled)) == ["done", "refused"]
    assert EndedBlock.objects.count() == 1


@pytest.fixture
def anna_reviews(now):
    return people.make_reviewer("Anna Arvioija", now=now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("expose", [upload, list_anew])
def test_what_is_exposed_while_it_is_confirmed_stays_or_becomes_blocked(
    riitta, raimo, sample, expose
):
    block(riitta, FIRST)
    ending = propose(riitta, FIRST)
    with transaction.atomic():  # the exposure comes first, and is not committed yet
        expose(FIRST)
        beside = Beside(partial(confirm, raimo, ending))
    assert isinstance(beside.end(), NothingToEnd)
    assert is_blocked(FIRST)
    other = "cd" * 32
    block(riitta, other)
    ending = propose(riitta, other)
    with transaction.atomic():  # the end comes first
        confirm(raimo, ending)
        beside = Beside(partial(expose, other))
    assert beside.end() is None
    assert is_blocked(other)

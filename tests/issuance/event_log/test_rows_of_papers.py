"""What an owner of the database does to seals and sealed papers is named."""

import hashlib
from datetime import datetime

import pytest

from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.verifying import Kind
from certportal.foundation.events import Subject
from certportal.foundation.models import Event
from issuance import services
from issuance.models import IssuingCA, SealedPaper
from tests.authorities import add_seal
from tests.issuance.event_log.conftest import AsOwner
from tests.issuance.event_log.rows import TESTS, named, only

pytestmark = pytest.mark.django_db(transaction=True)
DIGEST = "ab" * 48


@pytest.fixture
def sealed(cas: dict[str, IssuingCA], keyed: Verifier, now: datetime) -> SealedPaper:
    """The seal over paper 17."""
    add_seal()
    paper = Subject("paper", 17)
    services.ask_for_seal(paper, bytes.fromhex(DIGEST), "receipt", actor=TESTS, now=now)
    services.seal_papers([services.MadePaper("paper", "17", DIGEST)], now=now)
    return SealedPaper.objects.get()


def test_what_was_sealed_is_told_of(sealed: SealedPaper) -> None:
    assert named() == []
    signature = hashlib.sha256(bytes(sealed.signature)).hexdigest()
    event = Event.objects.get(action="issuance.paper_sealed")
    assert event.data["signature_sha256"] == signature


@pytest.mark.parametrize(
    "change", ["signature = signature || '\\x00'", "paper = 'paper:18'", "sealed_at = now()"]
)
def test_a_sealed_paper_that_was_changed_is_named(
    sealed: SealedPaper, as_owner: AsOwner, change: str
) -> None:
    as_owner(f"UPDATE issuance_sealedpaper SET {change}")
    only(Kind.UNTOLD, rf"sealed paper {sealed.pk} \(paper:1[78]\) of SHA-384 {DIGEST} at ")


def test_a_sealed_paper_of_other_bytes_is_named_both_ways(
    sealed: SealedPaper, as_owner: AsOwner
) -> None:
    as_owner("UPDATE issuance_sealedpaper SET digest = repeat('cd', 48)")
    assert [kind for kind, _ in named()] == [Kind.UNTOLD, Kind.UNDONE]


def test_a_sealed_paper_that_was_deleted_is_named(sealed: SealedPaper, as_owner: AsOwner) -> None:
    as_owner("DELETE FROM issuance_sealedpaper")
    only(Kind.UNDONE, rf"seal of the paper 17 of SHA-384 {DIGEST}, by system:ca at .* \(event ")


def test_a_sealed_paper_that_was_inserted_is_named(sealed: SealedPaper, as_owner: AsOwner) -> None:
    as_owner(
        "INSERT INTO issuance_sealedpaper (seal_id, paper, digest, signature, sealed_at)"
        " SELECT seal_id, paper, repeat('cd', 48), signature, sealed_at FROM issuance_sealedpaper"
    )
    only(Kind.UNTOLD, r"sealed paper \d+ \(paper:17\) of SHA-384 cdcd")


def test_of_the_version_before_the_signature_is_not_told(
    sealed: SealedPaper, as_owner: AsOwner
) -> None:
    as_owner("UPDATE foundation_event SET data = data - 'signature_sha256'")
    assert named() == []


def test_a_seal_that_was_inserted_or_deleted_is_named(
    sealed: SealedPaper, as_owner: AsOwner
) -> None:
    as_owner(
        "INSERT INTO issuance_seal (stem, certificate_der, root_der, root_list, created_at)"
        " SELECT 'another', root_der, root_der, root_list, created_at FROM issuance_seal"
    )
    only(Kind.UNTOLD, "seal another at ")

"""Issuing and publishing with keys in a token that is taken away and brought back."""

from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from certportal.dev.builders import memory
from certportal.dev.builders.hierarchy import Place, issuing
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from issuance import journal, services, signers, tasks
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.publication import repository
from issuance.services.signer import signer_for
from issuance.services.status.could_sign import keys_out_of_reach
from issuance.signers import Signer, SignerUnavailable, token as tokens
from issuance.signers.token import TokenSilent
from tests.issuance.signers.softhsm import SoftToken

STEM = "sote-ec-1"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def in_token(approved: PreparedCertificate, settings: Settings, token: SoftToken) -> SoftToken:
    """The key of the CA that the approved certificate waits for, in a token and nowhere else."""
    memory.drop(STEM)
    signers.forget()
    settings.CA_KEYS_DIR = str(token.folder / "chains")
    settings.ISSUANCE_SIGNER = {
        "BACKEND": "issuance.signers.pkcs11.TokenKeys",
        "OPTIONS": token.options,
    }
    token.put(token.folder / "chains", STEM, issuing(Place("production", "ec")))
    return token


def test_away_before_signing_the_order_stays_open(
    approved: PreparedCertificate, in_token: SoftToken, now: datetime
) -> None:
    in_token.take_away()
    with pytest.raises(SignerUnavailable):
        services.issue(approved.reference, now=now)
    approved.refresh_from_db()
    assert approved.state == "prepared"
    in_token.bring_back()
    issued = services.issue(approved.reference, now=now)
    assert issued == Certificate.objects.get()
    issued.certificate.verify_directly_issued_by(issued.issuing_ca.certificate)


def test_away_in_the_midst_it_goes_on_with_the_same_bytes(
    approved: PreparedCertificate, in_token: SoftToken, now: datetime
) -> None:
    loads = []

    def pulled_out_at_the_second(ca: IssuingCA) -> Signer:
        loads.append(ca)
        signer = signer_for(ca)
        if len(loads) == 2:
            in_token.take_away()
        return signer

    with pytest.raises(SignerUnavailable):
        services.issue(approved.reference, now=now, load_signer=pulled_out_at_the_second)
    approved.refresh_from_db()
    assert approved.state == "signing"
    in_token.bring_back()
    issued = services.issue(approved.reference, now=now)
    assert issued == Certificate.objects.get()
    assert issued.certificate.tbs_certificate_bytes == bytes(approved.tbs)


def test_silent_in_the_midst_it_signs_exactly_once(
    approved: PreparedCertificate,
    in_token: SoftToken,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The token may have signed what was never answered: that signature is lost, and is in no
    journal.
    """
    signer_for(IssuingCA.objects.get(stem=STEM))
    with in_token.silent(), monkeypatch.context() as hurried:
        hurried.setattr(tokens, "LIMIT", 0.5)
        with pytest.raises(TokenSilent):
            services.issue(approved.reference, now=now)
    approved.refresh_from_db()
    assert approved.state == "signing" and not list(journal.entries(STEM))
    with pytest.raises(TokenSilent):  # at once: it rests
        services.issue(approved.reference, now=now)
    tokens.end_sessions()
    issued = services.issue(approved.reference, now=now)
    assert issued == Certificate.objects.get()
    assert issued.certificate.tbs_certificate_bytes == bytes(approved.tbs)
    assert [entry.serial for entry in journal.entries(STEM)] == [issued.serial]


def test_the_silence_of_the_token_is_told_until_it_ends(
    in_token: SoftToken, cas: dict[str, IssuingCA], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.publish_crl(cas[STEM], now=now)
    with in_token.silent(), monkeypatch.context() as hurried:
        hurried.setattr(tokens, "LIMIT", 0.5)
        with pytest.raises(TokenSilent):
            services.publish_crl(cas[STEM], now=now)
    assert keys_out_of_reach(now=now)
    with pytest.raises(TokenSilent):
        services.ensure_token_answers()
    tokens.end_sessions()
    services.publish_crl(cas[STEM], now=now)
    services.ensure_token_answers()


def test_the_worker_tries_again_until_the_token_is_back(
    approved: PreparedCertificate,
    in_token: SoftToken,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)  # by another the approval would have expired
    reference = str(approved.reference)
    (item,) = outbox.enqueue("certificate.confirmed", now=LONG_AGO, reference=reference)
    in_token.take_away()
    tasks.issue(item=str(item.pk))
    item.refresh_from_db()
    assert item.done_at is None and item.failed_at is None and item.attempts == 1
    in_token.bring_back()
    OutboxItem.objects.filter(pk=item.pk).update(leased_until=None, due_at=LONG_AGO)
    tasks.issue(item=str(item.pk))
    item.refresh_from_db()
    assert item.done_at is not None
    assert Certificate.objects.get().reference == approved.reference


def test_the_old_list_stays_until_the_token_is_back(
    in_token: SoftToken, cas: dict[str, IssuingCA], now: datetime
) -> None:
    before = repository.crl_path(STEM).read_bytes()
    in_token.take_away()
    with pytest.raises(SignerUnavailable):
        services.publish_crl(cas[STEM], now=now)
    assert repository.crl_path(STEM).read_bytes() == before
    in_token.bring_back()
    services.publish_crl(cas[STEM], now=now)
    assert repository.crl_number(STEM) > 1

"""Who signs the responses: delegated responders, for a fortnight each."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import ocsp as library
from cryptography.x509.oid import ExtendedKeyUsageOID

from certportal.dev.builders.hierarchy import Place, add_ca
from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import journal, services
from issuance.certificate.plan import new_serial, serial_hex
from issuance.models import Certificate, IssuingCA, OcspResponder
from issuance.publication import ocsp_packs
from issuance.services.signer import signer_for
from issuance.services.status import publish_ocsp
from issuance.services.status.ocsp_responders import journal_of, responder_for
from issuance.services.status.publish_ocsp import publish_response_with, refresh_responses
from issuance.signers import Signer, SignerUnavailable
from tests.issuance.csr.builder import ec_key
from tests.issuance.status.asking import STEM, Response, ask, number, said, status_of
from tests.issuance.status.conftest import Issue
from tests.issuance.status.requests import request

pytestmark = pytest.mark.usefixtures("moment", "nobody_signs")
TEST = system("test")
HOUR = timedelta(hours=1)


def test_every_answer_is_signed_by_a_delegated_responder(
    cas: dict[str, IssuingCA], now: datetime
) -> None:
    for stem in ("sote-ec-1", "sote-rsa-1"):
        ca = cas[stem]
        der = services.answer(stem, request(ca.certificate, new_serial()), now=now)
        (responder,) = (told := library.load_der_ocsp_response(der)).certificates
        responder.verify_directly_issued_by(ca.certificate)
        key, algorithm = responder.public_key(), told.signature_hash_algorithm
        assert algorithm is not None
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(told.signature, told.tbs_response_bytes, ECDSA(algorithm))
        else:
            assert isinstance(key, RSAPublicKey)
            key.verify(told.signature, told.tbs_response_bytes, PKCS1v15(), algorithm)
        found = responder.extensions
        usage = found.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
        assert found.get_extension_for_class(x509.OCSPNoCheck)
        assert not found.get_extension_for_class(x509.BasicConstraints).value.ca
        assert responder.not_valid_after_utc == now + timedelta(days=14)


def test_a_responder_is_kept_for_a_week_and_every_one_of_them_is_known(
    cas: dict[str, IssuingCA], now: datetime
) -> None:
    first = responder_for(cas[STEM], now=now)
    assert responder_for(cas[STEM], now=now + timedelta(days=6)) is first
    second = responder_for(cas[STEM], now=now + timedelta(days=8))
    assert second.private_key != first.private_key
    serials = [serial_hex(each.chain[0].serial_number) for each in (first, second)]
    assert [each.serial for each in OcspResponder.objects.order_by("pk")] == serials
    assert [each.serial for each in journal.entries(journal_of(cas[STEM]))] == serials
    events = Event.objects.filter(action="issuance.ocsp_responder").order_by("id")
    assert [event.data["serial"] for event in events] == serials
    ca = cas[STEM]
    asked = request(ca.certificate, first.chain[0].serial_number)
    told = library.load_der_ocsp_response(services.answer(STEM, asked, now=now))
    assert told.certificate_status == library.OCSPCertStatus.GOOD


def test_a_token_that_is_away_is_not_missed_for_a_week(
    certificate: Certificate, now: datetime, moment: Callable[[datetime], None]
) -> None:
    """Even if it goes on the day on which the responder was to be renewed."""

    def away(ca: IssuingCA) -> Signer:
        raise SignerUnavailable(ca.stem)

    def end_of_the_responder(told: Response) -> datetime:
        return told.certificates[0].not_valid_after_utc

    publish_response_with(certificate.pk, now=now)
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    for days in (6, 8, 13):
        day = now + timedelta(days=days)
        moment(day)
        publish_response_with(certificate.pk, now=day, load_signer=away)
        told = status_of(certificate)
        assert told.certificate_status == library.OCSPCertStatus.REVOKED
        assert told.next_update_utc is not None
        assert told.next_update_utc <= end_of_the_responder(told) == now + timedelta(days=14)
    with pytest.raises(SignerUnavailable):
        publish_response_with(certificate.pk, now=now + timedelta(days=14), load_signer=away)
    publish_response_with(certificate.pk, now=day)
    assert end_of_the_responder(status_of(certificate)) == day + timedelta(days=14)


def test_a_responder_never_outlives_its_ca_nor_a_response_its_responder(
    ca: IssuingCA, now: datetime
) -> None:
    end = ca.certificate.not_valid_after_utc
    late = end - HOUR
    responder = responder_for(ca, now=late)
    assert responder.chain[0].not_valid_after_utc == end
    assert responder_for(ca, now=late) is responder
    der = services.answer(STEM, request(ca.certificate, ca.certificate.serial_number), now=late)
    assert library.load_der_ocsp_response(der).next_update_utc == late + publish_ocsp.UNKNOWN_FOR
    with pytest.raises(SignerUnavailable):
        responder_for(ca, now=end + HOUR)


def test_a_ca_without_a_signer_keeps_no_other_back(certificate: Certificate, now: datetime) -> None:
    """Every CA is gone through, and the failure is told."""

    def signer_but_of_rsa(ca: IssuingCA) -> Signer:
        if ca.stem == "sote-rsa-1":
            raise SignerUnavailable(ca.stem)
        return signer_for(ca)

    ocsp_packs.write("sote-rsa-1", "ABC", now - 47 * HOUR, now + HOUR, {("sha1", 1): b"old"})
    with pytest.raises(ExceptionGroup):
        refresh_responses(now=now, load_signer=signer_but_of_rsa)
    assert status_of(certificate).certificate_status == library.OCSPCertStatus.GOOD


def test_a_token_that_signs_wrongly_is_not_missed_for_a_week_and_keeps_no_other_back(
    cas: dict[str, IssuingCA], certificate: Certificate, now: datetime
) -> None:
    """As one that is away: another CA's key stands for a token whose signatures do not hold."""

    def wrong(ca: IssuingCA) -> Signer:
        own = signer_for(ca)
        return Signer(own.chain, ec_key("P-384")) if ca.stem == STEM else own

    known = responder_for(cas[STEM], now=now)
    assert responder_for(cas[STEM], now=now + timedelta(days=8), load_signer=wrong) is known
    with pytest.raises(ExceptionGroup) as failed:
        refresh_responses(now=now + timedelta(days=14), load_signer=wrong)
    assert [type(each) for each in failed.value.exceptions] == [SignerUnavailable]


def test_generations_answer_for_their_own_until_the_last_certificate_ends(
    issue: Issue, ca: IssuingCA, now: datetime, moment: Callable[[datetime], None]
) -> None:
    old = issue()
    add_ca(Place("production", "ec", 2))
    new = issue()
    ca.refresh_from_db()
    assert (ca.state, new.issuing_ca.stem) == (IssuingCA.State.RETIRED, "sote-ec-2")
    for days in (0, 200, 364):
        moment(now + timedelta(days=days))
        refresh_responses(now=now + timedelta(days=days))
        for certificate in (old, new):
            told = status_of(certificate)
            assert told.certificate_status == library.OCSPCertStatus.GOOD
            assert told.produced_at_utc == now + timedelta(days=days)
    services.revoke(old.pk, "key_compromise", actor=TEST, now=now)
    publish_response_with(old.pk, now=now)
    moment(now)
    assert status_of(old).certificate_status == library.OCSPCertStatus.REVOKED
    assert status_of(new).certificate_status == library.OCSPCertStatus.GOOD
    crossed = said(ask(request(ca.certificate, number(old)), "sote-ec-2"))
    assert crossed.response_status == library.OCSPResponseStatus.UNAUTHORIZED

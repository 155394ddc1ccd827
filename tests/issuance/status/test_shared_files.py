"""Two machines, one store: what the signer publishes on one is served by the front of the other."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import ocsp as library
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from structlog.testing import capture_logs

from certportal.operations import health
from issuance import services
from issuance.models import Certificate, IssuingCA
from issuance.publication import ocsp_packs, repository
from issuance.publication.shared import index
from issuance.publication.shared.sending import Sender
from issuance.services.status.publish_ocsp import publish_response_with
from tests.issuance.status.machines import FILES, STEM, Machines, get, revoke, status_of
from tests.shared_store import StoreServer

pytestmark = pytest.mark.usefixtures("moment")
HOUR = timedelta(hours=1)


def test_another_machine_serves_what_the_signer_publishes(
    machines: Machines, certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.publish_crl(ca, now=now)
    publish_response_with(certificate.pk, now=now)
    served = {path: get(path) for path in FILES}
    machines.carry(now)
    assert {path: get(path) for path in FILES} == served
    assert {status for status, _ in served.values()} == {"200 OK"}
    assert status_of(certificate) == library.OCSPCertStatus.GOOD

    later = now + HOUR
    revoke(machines, certificate, later)
    published = get(FILES[0])
    machines.on(machines.second)
    assert get(FILES[0]) == served[FILES[0]]  # not yet
    machines.carry(later)
    assert get(FILES[0]) == published
    assert status_of(certificate) == library.OCSPCertStatus.REVOKED


def test_files_of_the_machine_that_are_not_published_stay_there(
    machines: Machines, certificate: Certificate, shared_store: StoreServer, now: datetime
) -> None:
    (machines.first / "crl" / "note.txt").write_text("for the operator")
    machines.send(now)
    sent = {key.removeprefix("published/") for key in shared_store.objects()}
    assert sent == {index.INDEX, index.LATEST, *filter(index.is_publishable, sent)}
    assert not [key for key in sent if "journal" in key or "keys" in key or "note" in key]


def test_a_pack_whose_certificates_have_ended_goes(
    machines: Machines, certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    machines.on(machines.first)
    pack = ocsp_packs.path(STEM, ocsp_packs.name_of(certificate.serial))
    head = ocsp_packs.read_head(pack)
    assert head is not None
    pack.unlink()
    machines.carry(head.next_update - HOUR)
    assert status_of(certificate) == library.OCSPCertStatus.GOOD
    machines.carry(head.next_update)
    assert status_of(certificate) is None


@pytest.mark.parametrize("again", [False, True])
def test_a_sender_without_files_takes_nothing_away(
    machines: Machines,
    certificate: Certificate,
    ca: IssuingCA,
    shared_store: StoreServer,
    tmp_path: Path,
    now: datetime,
    *,
    again: bool,
) -> None:
    services.publish_crl(ca, now=now)
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    packs = {key for key in shared_store.objects() if key.endswith(".pack")}
    third = tmp_path / "third"
    third.mkdir()
    machines.on(third)
    sender = Sender(storages["published"], again=again)
    with capture_logs() as logged:
        assert not sender.finish(now=now + HOUR)
        assert not sender.round(now=now + HOUR)
    assert [line["event"] for line in logged] == ["published_files_lost"]
    assert not health.CHECKS["store-copy"]()
    assert packs <= set(shared_store.objects())
    assert machines.fetch(now + HOUR)
    assert status_of(certificate) == library.OCSPCertStatus.GOOD
    assert get(FILES[0])[0] == "200 OK"


def test_a_sender_that_lost_a_list_sends_on_and_is_not_well(
    machines: Machines, certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.publish_crl(ca, now=now)
    machines.carry(now)
    machines.on(machines.first)
    repository.crl_path(STEM).unlink()
    publish_response_with(certificate.pk, now=now)
    assert not machines.send(now + HOUR)
    assert machines.fetch(now + HOUR)
    assert status_of(certificate) == library.OCSPCertStatus.GOOD
    assert get(FILES[0])[0] == "200 OK"
    machines.on(machines.first)
    services.publish_crl(ca, now=now + HOUR)
    machines.carry(now + HOUR)


def test_many_packs_that_are_gone_at_once_are_lost() -> None:
    packs = {f"ocsp/{STEM}/{number:03X}.pack" for number in range(2 * index.MOST_GONE)}
    some = set(sorted(packs)[: index.MOST_GONE])
    assert index.ended(packs, packs - some) == some
    with pytest.raises(index.FilesLost):
        index.ended(packs, set())


def test_a_file_that_was_deleted_or_damaged_here_is_fetched_again(
    machines: Machines, certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.publish_crl(ca, now=now)
    publish_response_with(certificate.pk, now=now)
    machines.carry(now)
    pack = f"ocsp/{STEM}/{ocsp_packs.name_of(certificate.serial)}.pack"
    paths = (f"crl/{STEM}.crl", f"ca/public/{STEM}.crt", pack)
    published = {path: index.file_of(path).read_bytes() for path in paths}
    for content in (None, b"", b"half"):
        for path in paths:
            index.file_of(path).unlink()
            if content is not None:
                index.file_of(path).write_bytes(content)
        assert machines.fetch(now)
        assert {path: index.file_of(path).read_bytes() for path in paths} == published


def test_a_round_that_fails_says_so(machines: Machines, shared_store: StoreServer) -> None:
    with pytest.raises(CommandError, match="Not everything is there yet"):
        call_command("fetch_files", "--once")  # nobody has sent anything
    shared_store.freeze()
    with pytest.raises(CommandError, match="StoreAway"):
        call_command("share_files", "--once")


def test_commands_without_a_store_say_what_to_set() -> None:
    for command in ("share_files", "fetch_files"):
        with pytest.raises(CommandError, match="Set STORE_URL"):
            call_command(command, "--once")

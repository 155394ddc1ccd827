"""Time stamps (RFC 3161) of the log's heads: proof by another's clock of when a head existed.

The stamped data is the signed note of a head, which is also the content of an anchor's file. The
service's answer is kept beside that file, so that anybody can verify the two:
``openssl ts -verify -data X.checkpoint -in X.checkpoint.tsr -CAfile ROOTS``.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _, ngettext
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from urllib3.exceptions import HTTPError

from certportal.foundation import events, outgoing
from certportal.foundation.actors import system
from certportal.foundation.certificate_faults import UNREADABLE
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Verifier
from certportal.foundation.event_log.verifying import Kind, Report
from certportal.foundation.files.other_disks import within_limit
from certportal.foundation.models import Event
from certportal.foundation.outbox import outbox
from issuance.event_names import IssuanceEvent
from issuance.services.event_log import anchors, key

SUFFIX = ".tsr"
LARGEST = 20_000
"""Octets of an answer, at most; an answer with two certificates has some 5,000."""
SECONDS = 10.0
_HEADERS = {"Content-Type": "application/timestamp-query"}


class BadStamp(ValueError):
    """The time stamp is of another head, or of a service that the operator does not trust."""


class Stamp(NamedTuple):
    """The answer of a time stamp service (DER), the stamped head, and where the answer is kept."""

    source: str
    note: str
    answer: bytes


def have_stamped(note: str, *, now: datetime) -> None:
    """Fetch a time stamp of the head and hand it to the signing worker, which keeps it.

    Nothing is done without a configured service. Raises Unavailable unless it answers as it should.
    """
    if settings.TIME_STAMPS["url"]:
        payload = {"head": note, "time_stamp": base64.b64encode(fetch(note)).decode()}
        outbox.enqueue("event_log.stamped", now=now, **payload)


def fetch(note: str) -> bytes:
    """Return the service's answer about the head, verified. Raises Unavailable."""
    builder = TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA512)
    asked = builder.build()
    try:
        reply = outgoing.exchange(
            "POST",
            settings.TIME_STAMPS["url"],
            timeout=outgoing.TIMEOUT_SECONDS,
            whole_seconds=SECONDS,
            most_bytes=LARGEST,
            data=asked.as_bytes(),
            headers=_HEADERS,
        )
        if reply.status != HTTPStatus.OK:
            raise Unavailable(f"time stamp: status {reply.status}")
        time_of(reply.body, note, nonce=asked.nonce)
    except (OSError, HTTPError, ValueError) as error:
        raise Unavailable(f"time stamp: {error}") from error
    return reply.body


def time_of(answer: bytes, note: str, *, nonce: int | None = None) -> datetime:
    """Return when the head was stamped, by the service's clock. Raises BadStamp, OSError."""
    roots = x509.load_pem_x509_certificates(Path(settings.TIME_STAMPS["roots"]).read_bytes())
    try:
        decoded = decode_timestamp_response(answer)
        verifier = VerifierBuilder(roots=roots, nonce=nonce).build()
        verifier.verify_message(decoded, note.encode())
    except (VerificationError, *UNREADABLE) as error:
        raise BadStamp(str(error)) from error
    return decoded.tst_info.gen_time


def keep(note: str, encoded: str, *, now: datetime) -> None:
    """Record the stamp in an event, and put it beside each anchor file of the head.

    Raises BadNote or BadStamp if the head or the stamp is not valid, OSError.
    """
    head, answer = Checkpoint.opened(note, key.published()), _decoded(encoded)
    time_of(answer, note)
    anchors.put_beside(note, head.size, SUFFIX, answer)
    with transaction.atomic():
        about, by = events.Subject(anchors.KIND, head.origin), system("event-log")
        data: dict[str, Any] = {"size": head.size, "head": note, "time_stamp": encoded}
        events.record(IssuanceEvent.LOG_STAMPED, about, by, now, **data)


def stamps(name: str, places: Sequence[Path]) -> Iterator[Stamp]:
    """Yield the stamps in events about the log of this name and beside heads in these places."""
    about = Event.objects.filter(object_type=anchors.KIND, object_id=name)
    rows = about.filter(action=IssuanceEvent.LOG_STAMPED).order_by("pk")
    for number, data in rows.values_list("pk", "data"):
        yield Stamp(
            f"event {number}", str(data.get("head", "")), _decoded(data.get("time_stamp", ""))
        )
    for source, note in anchors.kept_in(places):
        beside = Path(source + SUFFIX)
        if answer := within_limit(beside.parent, partial(_answer_in, beside)):
            yield Stamp(str(beside), note, answer)


def _answer_in(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def verify(verifier: Verifier, places: Sequence[Path], report: Report) -> None:
    """Verify each stamp with its head and the service's root; report what the newest proves."""
    found = [*stamps(verifier.name, places)]
    if found and not settings.TIME_STAMPS["roots"]:
        words = ngettext(
            "%(count)s time stamp was not checked: set TIME_STAMP_ROOTS_FILE.",
            "%(count)s time stamps were not checked: set TIME_STAMP_ROOTS_FILE.",
            len(found),
        )
        report.told.append(words % {"count": len(found)})
        return
    proven: list[tuple[datetime, int]] = []
    for each in found:
        try:
            size = Checkpoint.opened(each.note, verifier).size
            proven.append((time_of(each.answer, each.note), size))
        except (BadStamp, BadNote, OSError) as error:
            report.add(Kind.STAMP, f"{each.source} ({error})")
    if proven:
        at, size = max(proven)
        words = _(
            "Time stamps: %(count)s. The newest proves that %(size)s events were there at %(at)s."
        )
        facts = {"count": len(proven), "size": size, "at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        report.told.append(words % facts)


def _decoded(encoded: object) -> bytes:
    """Decode Base64; return no bytes, which are no time stamp, if it is not Base64."""
    try:
        return base64.b64decode(str(encoded), validate=True)
    except binascii.Error:
        return b""

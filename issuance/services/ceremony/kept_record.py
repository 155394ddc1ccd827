"""Keeping the record of a ceremony, and having the paper made of it sealed.

A worker renders the paper; the signer seals its digest once the log has the event of its making.
"""

import hashlib
from datetime import datetime

from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.outbox import outbox
from issuance.event_names import IssuanceEvent
from issuance.models import CeremonyRecord
from issuance.services.sealing import ask_for_seal


@transaction.atomic
def keep_record(name: str, text: str, *, actor: Actor, now: datetime) -> CeremonyRecord:
    """Keep the record, record its hash in an event, and have a paper made of it."""
    made = CeremonyRecord.objects.create(name=name, text=text, at=now)
    digest = hashlib.sha256(text.encode()).hexdigest()
    events.record(IssuanceEvent.CEREMONY_RECORDED, made, actor, now, sha256=digest)
    outbox.enqueue("ceremony.recorded", now=now, record=made.pk)
    return made


def want_papers(*, now: datetime) -> None:
    """Have papers made of records that were kept before there was a seal, in this transaction."""
    for record in CeremonyRecord.objects.filter(digest="").values_list("pk", flat=True):
        outbox.enqueue("ceremony.recorded", now=now, record=record)


@transaction.atomic
def have_record_sealed(
    record: CeremonyRecord, prepared: bytes, digest: bytes, *, now: datetime
) -> None:
    """Keep the prepared paper and have its digest sealed, once."""
    kept = CeremonyRecord.objects.select_for_update().get(pk=record.pk)
    if kept.digest:
        return
    kept.prepared, kept.digest = prepared, digest.hex()
    kept.save(update_fields=["prepared", "digest"])
    ask_for_seal(events.subject_of(kept), digest, "ceremony", actor=system("papers"), now=now)


@transaction.atomic
def keep_sealed_record(record: CeremonyRecord, pdf: bytes) -> None:
    kept = CeremonyRecord.objects.select_for_update().get(pk=record.pk)
    if kept.pdf is None:
        kept.pdf, kept.prepared = pdf, b""
        kept.save(update_fields=["pdf", "prepared"])

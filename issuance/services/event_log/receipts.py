"""Receipts of events, for a process that cannot read the log: it asks the signing worker."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import batched

import structlog

from certportal.foundation.event_log import stored
from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.event_log.leaves import number_of
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.event_log.receipts import BadReceipt, Receipt
from issuance.publication import ask_receipts, repository

log = structlog.get_logger(__name__)


def receipts(numbers: Sequence[int]) -> dict[int, Receipt]:
    """Return the receipts of these events by their numbers, each verified with the log's key.

    Raises LogUnavailable if one of them cannot be made now, or if the log has another content of an
    event than the database.
    """
    verifier = repository.log_key()
    if verifier is None:
        raise LogUnavailable("no key of a log has been published")
    leaves = {number_of(leaf): leaf for leaf in stored.leaves(numbers)}
    return dict(_receipts(leaves, verifier))


def _receipts(leaves: Mapping[int, bytes], verifier: Verifier) -> Iterator[tuple[int, Receipt]]:
    for part in batched(leaves, ask_receipts.MOST, strict=False):
        answer = ask_receipts.ask(part)
        if answer is None:
            raise LogUnavailable("the signing worker did not answer with the events' places")
        for number in part:
            if number not in answer.places:
                raise LogUnavailable(f"event {number} is not in the log")
            place = answer.places[number]
            receipt = Receipt(leaves[number], place.index, place.proof, answer.note)
            try:
                receipt.check(verifier)
            except BadReceipt as error:
                log.error("event_not_as_logged", number=number, fault=error.fault)
                raise LogUnavailable(f"event {number} is not what was logged: {error}") from error
            yield number, receipt

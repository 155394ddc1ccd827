"""Asks witnesses to sign the log's head: https://c2sp.org/tlog-witness.

This runs in a worker with network access, which gets heads and proofs from the signing worker,
which has none. Each witness remembers the last head that it signed and only signs extensions of it.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

import structlog
from urllib3.exceptions import HTTPError

from certportal.foundation import alarms, outgoing
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.notes import BadNote, Note, size_in
from certportal.foundation.event_log.policy import Policy, Witness
from issuance.publication import ask_worker, repository
from issuance.publication.ask_consistency import LONGEST_NOTE, Answer, ask

log = structlog.get_logger(__name__)

SILENT, CONTRADICTS = "witnesses", "witness-contradicts"
_HOURS, _DAYS = timedelta(hours=1), timedelta(days=2)
SECONDS = 5.0
TRIES = 2
"""The first answer tells which head the witness has signed last, if that is not known here."""


class Contradicts(Unavailable):
    """A witness has signed a head that our log does not extend: one of the two is another log."""


class NotEnough(Unavailable):
    """Fewer witnesses have signed than the policy requires; the next run asks again."""


def ask_all() -> None:
    """Have every witness with an address sign the newest head; send it to the signing worker.

    Raises Unavailable: NotEnough, or Contradicts after all witnesses were asked.
    """
    wanted = repository.witnesses()
    if wanted is None or not any(witness.url for witness in wanted.witnesses.values()):
        return
    with alarms.of_silence(SILENT, lasting=_HOURS):
        answer = _answer()
        signers = wanted.signers(_signed(answer, wanted))
        if not wanted.is_met_by(signers):
            raise NotEnough("too few witnesses have signed the head")
    # One that contradicted and is silent now takes nothing back.
    if all(name in signers for name, witness in wanted.witnesses.items() if witness.url):
        alarms.clear(CONTRADICTS)


def _signed(answer: Answer, wanted: Policy) -> str:
    """Return the head with the lines of the witnesses that signed it, after sending it on."""
    note, known, contradiction = answer.note, _last_signed_sizes(answer, wanted), None
    for name, witness in wanted.witnesses.items():
        try:
            note += _lines(witness, answer.note, known.get(name, 0)) if witness.url else ""
        except Contradicts as error:
            log.error("witness_contradicts", witness=name, reason=str(error))
            alarms.sound(CONTRADICTS, lasting=_DAYS)
            contradiction = error
        except Unavailable as error:
            log.warning("witness_silent", witness=name, reason=str(error))
    ask_worker.tell("issuance.keep_cosigned", note=note)
    if contradiction is not None:
        raise contradiction
    return note


def _answer(since: int = 0, size: int = 0) -> Answer:
    answer = ask(since, size)
    if answer is None:
        raise Unavailable("the signing worker did not answer with the head of the log")
    return answer


def _last_signed_sizes(answer: Answer, wanted: Policy) -> Mapping[str, int]:
    """Return the size of the head that each witness signed last, as far as known here."""
    if not answer.cosigned:
        return {}
    return dict.fromkeys(wanted.signers(answer.cosigned), size_in(answer.cosigned))


def _lines(witness: Witness, note: str, since: int) -> str:
    """Return the lines of signatures that the witness adds to the note. Raises Unavailable."""
    size = size_in(note)
    for _ in range(TRIES):
        proof = _answer(since, size).proof
        lines = [f"old {since}", *(base64.b64encode(each).decode() for each in proof), "", note]
        reply = _posted(witness, "\n".join(lines))
        if reply.status == HTTPStatus.OK:
            return _checked(witness, note, reply.body.decode(errors="replace"))
        if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise Contradicts("the proof of consistency does not lead from its head to ours")
        if reply.status != HTTPStatus.CONFLICT:
            raise Unavailable(f"status {reply.status}")
        signed = _signed_size(reply)
        if signed == since == size:
            raise Contradicts(f"it has signed another head of {size} events")
        if signed > size:
            # The log is still shorter than that; else another run was quicker.
            if signed > size_in(_answer().note):
                raise Contradicts(f"it has signed a head of {signed} events, which the log has not")
            raise Unavailable("another run asks it at the same time")
        since = signed
    raise Unavailable("another run asks it at the same time")


def _posted(witness: Witness, question: str) -> outgoing.Reply:
    try:
        return outgoing.exchange(
            "POST",
            f"{witness.url.rstrip('/')}/add-checkpoint",
            timeout=outgoing.TIMEOUT_SECONDS,
            whole_seconds=SECONDS,
            most_bytes=LONGEST_NOTE // 4,
            data=question.encode(),
        )
    except (OSError, HTTPError, ValueError) as error:
        raise Unavailable(f"{type(error).__name__}") from error


def _checked(witness: Witness, note: str, lines: str) -> str:
    """Return only the witness's own lines. Raises Unavailable if none is valid."""
    try:
        read = Note.parse(note + lines)
        if read.signed_at(witness.verifier) is None:
            raise BadNote("it has not signed with its key")
    except BadNote as error:
        raise Unavailable(f"its answer: {error}") from error
    return read.of_only([witness.verifier]).removeprefix(read.text + "\n")


def _signed_size(reply: outgoing.Reply) -> int:
    try:
        return int(reply.body[:20])
    except ValueError:
        raise Unavailable("a conflict without a size") from None

"""Asks witnesses to sign the log's head: https://c2sp.org/tlog-witness.

Of a worker that reaches them; the signer, which does not, is asked for heads and proofs. Each
witness remembers the last head that it signed, and signs no other that does not begin with it.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

import structlog
from urllib3.exceptions import HTTPError

from certportal.foundation import alarms, outgoing
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Note
from certportal.foundation.event_log.policy import Policy, Witness
from issuance.publication import ask_worker, repository
from issuance.publication.ask_consistency import LONGEST_NOTE, Answer, ask

log = structlog.get_logger(__name__)

SILENT, CONTRADICTS = "witnesses", "witness-contradicts"
_HOURS, _DAYS = timedelta(hours=1), timedelta(days=2)
SECONDS = 5.0
TRIES = 2
"""The first tells what the witness knows, if we do not know that."""


class Contradicts(Unavailable):
    """A witness has signed a head that ours does not go on from: one of them is another log."""


class NotEnough(Unavailable):
    """Fewer witnesses have signed than the policy wants; the next run asks again."""


def ask_all() -> None:
    """Have every witness with an address sign the newest head, and hand it to the signer.

    Raises Unavailable: NotEnough, or Contradicts after the others were asked.
    """
    wanted = repository.witnesses()
    if wanted is None or not any(one.url for one in wanted.witnesses.values()):
        return
    with alarms.of_silence(SILENT, lasting=_HOURS):
        asked = _asked()
        signed = _signed(asked, wanted)
        if not wanted.is_met_by(wanted.signers(signed)):
            raise NotEnough("too few witnesses have signed the head")
    alarms.clear(CONTRADICTS)


def _signed(asked: Answer, wanted: Policy) -> str:
    """Return the head with the lines of the witnesses that signed it, and hand it over."""
    note, known, worst = asked.note, _known(asked, wanted), None
    for name, witness in wanted.witnesses.items():
        try:
            note += _lines(witness, asked.note, known.get(name, 0)) if witness.url else ""
        except Contradicts as error:
            log.error("witness_contradicts", witness=name, reason=str(error))
            alarms.sound(CONTRADICTS, lasting=_DAYS)
            worst = error
        except Unavailable as error:
            log.warning("witness_silent", witness=name, reason=str(error))
    ask_worker.tell("issuance.keep_cosigned", note=note)
    if worst is not None:
        raise worst
    return note


def _asked(since: int = 0, size: int = 0) -> Answer:
    answer = ask(since, size)
    if answer is None:
        raise Unavailable("the signing worker does not tell the head of the log")
    return answer


def _known(asked: Answer, wanted: Policy) -> Mapping[str, int]:
    """Return of each witness the size of the head that it signed last, as far as we know."""
    if not asked.cosigned:
        return {}
    return dict.fromkeys(wanted.signers(asked.cosigned), _size(asked.cosigned))


def _lines(witness: Witness, note: str, since: int) -> str:
    """Return the lines of signatures that the witness adds to the note. Raises Unavailable."""
    size = _size(note)
    for _ in range(TRIES):
        proof = _asked(since, size).proof
        reply = _posted(witness, _question(note, since, proof))
        if reply.status == HTTPStatus.OK:
            return _checked(witness, note, reply.body.decode(errors="replace"))
        if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise Contradicts("the proof of consistency does not lead from its head to ours")
        if reply.status != HTTPStatus.CONFLICT:
            raise Unavailable(f"status {reply.status}")
        told = _told(reply)
        if told == since == size:
            raise Contradicts(f"it has signed another head of {size} events")
        if told > size:
            _is_longer(told)
        since = told
    raise Unavailable("somebody else asks it just now")


def _is_longer(told: int) -> None:
    """Raise Contradicts if the log is shorter even now; else another run was quicker."""
    if told > _size(_asked().note):
        raise Contradicts(f"it has signed a head of {told} events, which the log has not")
    raise Unavailable("somebody else asks it just now")


def _question(note: str, since: int, proof: tuple[bytes, ...]) -> str:
    lines = [f"old {since}", *(base64.b64encode(each).decode() for each in proof), "", note]
    return "\n".join(lines)


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
    """Return the witness's own lines only. Raises Unavailable if there are none, or wrong ones."""
    try:
        read = Note.parse(note + lines)
        if read.signed_at(witness.verifier) is None:
            raise BadNote("it has not signed with its key")
    except BadNote as error:
        raise Unavailable(f"its answer: {error}") from error
    return read.of_only([witness.verifier]).removeprefix(read.text + "\n")


def _told(reply: outgoing.Reply) -> int:
    try:
        return int(reply.body[:20])
    except ValueError:
        raise Unavailable("a conflict without a size") from None


def _size(note: str) -> int:
    return Checkpoint.parse(Note.parse(note).text).size

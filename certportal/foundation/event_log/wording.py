"""What an event receipt proves, or why it proves nothing, in the active language."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _, gettext_lazy, pgettext

from certportal.foundation.event_log.log_keys import LogKey
from certportal.foundation.event_log.notes import BadNote, Checkpoint
from certportal.foundation.event_log.policy import Policy
from certportal.foundation.event_log.receipts import BadReceipt, Fault, Receipt
from certportal.foundation.event_names import ACTORS, object_words, words

FAULTS: dict[Fault, Promise] = {
    Fault.FORM: gettext_lazy("This is not an event receipt, or it is damaged."),
    Fault.OTHER_LOG: gettext_lazy("The receipt is from another log than the one with this key."),
    Fault.SIGNATURE: gettext_lazy(
        "The head of the log in the receipt is not signed with the log's key."
    ),
    Fault.PROOF: gettext_lazy(
        "The event is not in the signed log: the event or its proof was changed."
    ),
    Fault.WITNESS: gettext_lazy(
        "A witness’s signature under the head of the log is wrong: the receipt was changed."
    ),
    Fault.ENDED: gettext_lazy(
        "The key that signed this receipt was no longer in use when the event happened."
    ),
    Fault.EXPOSED: gettext_lazy(
        "The key that signed this receipt is known to others, so anybody could have made it."
        " Download the receipt again: it is then signed with the present key."
    ),
}
_NOT_YET = gettext_lazy(
    "fewer than our policy requires. If the event is new, download the receipt again later."
)


def facts(receipt: Receipt, head: Checkpoint) -> list[tuple[str, str]]:
    """Return label and value of each fact that a verified receipt proves. Raises BadReceipt."""
    event = receipt.event
    try:
        return [*_about(event), *_where(receipt, head)]
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadReceipt(
            Fault.FORM
        ) from None  # signed by the log, but not an event of this service


def of_key(key: LogKey) -> str:
    """Return the key, from when to when it signed, and from when others may have had it."""
    since, until = (_day_time(each) if each else "" for each in (key.since, key.until))
    told = [str(key.verifier), f"{since} – {until}".strip()] if key.until else [str(key.verifier)]
    if key.exposed:
        told.append(_("known to others since %(moment)s") % {"moment": _day_time(key.exposed)})
    return ", ".join(told)


def _day_time(moment: datetime) -> str:
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT")


def _about(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    happened = words(event["action"])
    if event["refused"]:
        happened = f"{happened} ({pgettext('event', 'refused')})"
    yield _("What happened"), happened
    at = datetime.fromisoformat(event["at"])
    yield _("Time"), f"{date_format(localtime(at), 'SHORT_DATETIME_FORMAT')} ({event['at']})"
    kind, _sign, key = event["actor"].partition(":")
    actor = str(ACTORS.get(kind, kind))
    yield _("Who did it"), f"{actor} ({key})" if key else actor
    data = event.get("data", {})
    own = event["object_id"] if event["object_type"] == "application" else ""
    if order := data.get("order") or data.get("reference") or own:
        yield pgettext("noun", "Order"), str(order)
    if serial := data.get("serial"):
        yield _("Serial number (hexadecimal)"), str(serial)
    yield _("What it is about"), object_words(event["object_type"], event["object_id"])


def _where(receipt: Receipt, head: Checkpoint) -> Iterator[tuple[str, str]]:
    yield _("Log"), head.origin
    place = _("Number %(number)d of %(size)d") % {"number": receipt.index + 1, "size": head.size}
    yield _("Place in the log"), place


def signed_by(receipt: Receipt, policy: Policy) -> list[tuple[str, str]]:
    """Return a label and value for each witness that signed the head, and whether they suffice.

    Raises BadReceipt if a witness's signature is invalid.
    """
    try:
        signed = policy.signers(receipt.note)
    except BadNote:
        raise BadReceipt(Fault.WITNESS) from None
    seen = [(_("Witness"), f"{name} ({_moment(at)})") for name, at in signed.items()]
    enough = _("as many as our policy requires") if policy.is_met_by(signed) else _NOT_YET
    return [*seen, (_("Witnesses"), str(enough))]


def _moment(seconds: int) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{date_format(localtime(at), 'SHORT_DATETIME_FORMAT')}, {at:%Y-%m-%dT%H:%M:%SZ}"

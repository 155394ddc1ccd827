"""`manage.py verify_receipt`: verify the receipt of an event, without database or network."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log import wording
from certportal.foundation.event_log.log_keys import LogKey, check, opened
from certportal.foundation.event_log.notes import BadNote, Verifier
from certportal.foundation.event_log.policy import Policy
from certportal.foundation.event_log.receipts import BadReceipt, Receipt
from certportal.foundation.management.operators import OperatorCommand
from issuance.publication import repository


class Command(OperatorCommand):
    help = "Check the receipt of an event and say what it proves; exit status 1 if nothing."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the receipt, a file .tlog-proof")
        parser.add_argument(
            "--verifier",
            help="the public key of the log, or a file with it; otherwise the one published here",
        )
        parser.add_argument(
            "--keys", type=Path, help="the list of earlier keys that this key has signed"
        )
        parser.add_argument(
            "--policy",
            type=Path,
            help="a policy of witnesses (c2sp.org/tlog-policy); exit status 1 if too few signed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what the receipt proves, and the key that it was verified with."""
        keys, chosen = _keys(options["verifier"], options["keys"]), options["policy"]
        policy = _policy(chosen)
        try:
            receipt = Receipt.parse(options["file"].read_bytes())
            key, head = check(receipt, keys, policy)
            facts = wording.facts(receipt, head)
            if policy is not None:
                facts += wording.signed_by(receipt, policy)
        except BadReceipt as error:
            raise CommandError(str(wording.FAULTS[error.fault])) from error
        except OSError as error:
            raise CommandError(
                _("%(file)s cannot be read: %(error)s")
                % {"file": options["file"], "error": error.strerror}
            ) from error
        for name, value in [*facts, (_("Key"), wording.of_key(key))]:
            self.stdout.write(f"{name}: {value}")
        if chosen and policy is not None and not policy.is_met_by(policy.signers(receipt.note)):
            sys.exit(1)


def _policy(chosen: Path | None) -> Policy | None:
    """Return the policy given, else the one in use here. Raises CommandError."""
    try:
        return Policy.parse(chosen.read_text()) if chosen else repository.witnesses()
    except (Unavailable, OSError, ValueError) as error:
        raise CommandError(_("The policy cannot be read: %(why)s") % {"why": error}) from error


def _keys(given: str | None, listed: Path | None) -> tuple[LogKey, ...]:
    """Return the keys given, else those published here. Raises CommandError."""
    if not given and not listed and (published := repository.log_keys()):
        return published
    try:
        if given and Path(given).is_file():
            given = Path(given).read_text()
        found = Verifier.parse(given) if given else repository.log_key()
        if found and listed:
            return opened(listed.read_text(), found)
    except (BadNote, OSError, UnicodeDecodeError) as error:
        words = _(
            "The log's key cannot be read (%(why)s): give it with --verifier, as it was handed out."
        )
        raise CommandError(words % {"why": error}) from error
    if found is None:
        raise CommandError(_("No key of a log is published here: give it with --verifier."))
    return (LogKey(found),)

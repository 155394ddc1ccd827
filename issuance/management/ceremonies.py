"""Shared parts of the key ceremony commands: options, passphrases, root keys, records."""

import getpass
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from certportal.foundation.actors import system
from certportal.foundation.management.operators import OperatorCommand
from certportal.foundation.own_files import write_new
from issuance.services.ceremony.ceremony_record import KeepRecord, Minutes, Recorded
from issuance.services.ceremony.create_ca import record_path
from issuance.services.ceremony.kept_record import keep_record
from issuance.signers.file import KeyFiles

SHORTEST_PASSPHRASE = 16


class CeremonyCommand(OperatorCommand):
    """Base command: tells the operator that a file exists already."""

    requires_system_checks = []
    keeps_records = True
    """Whether the record is kept in the database, for a paper to be made of it."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.act(options)
        except FileExistsError as error:
            words = _("%(file)s exists already; nothing was overwritten")
            raise CommandError(words % {"file": error}) from error

    def act(self, options: dict[str, Any]) -> None:
        """Carry out the command; overridden by each command."""
        raise NotImplementedError

    def keeping(self, act: str, options: dict[str, Any], now: datetime) -> KeepRecord:
        """Return what calls `write_minutes` for the records of the ceremony."""
        return lambda records: self.write_minutes(act, records, options, now)

    def write_minutes(
        self, act: str, records: Sequence[Recorded], options: dict[str, Any], now: datetime
    ) -> None:
        """Print the ceremony record, write it to a file, also beside the root keys if given, and
        have a sealed paper made of it.

        Raises FileExistsError if a file of that name exists.
        """
        witnesses = tuple(options["witness"])
        text = Minutes(act, options["operator"], witnesses, now, records).text()
        path = record_path(records[-1].stem, now)
        write_new(path, text.encode(), mode=0o440)
        if options.get("root_keys"):
            write_new(Path(options["root_keys"]) / path.name, text.encode(), mode=0o440)
        self.stdout.write(text)
        if self.keeps_records:
            keep_record(path.stem, text, actor=system("ceremony"), now=now)


def add_people(parser: CommandParser) -> None:
    """Add the options for the people present: operator and witnesses."""
    parser.add_argument("--operator", default=getpass.getuser(), help="who carries it out")
    parser.add_argument(
        "--witness", action="append", default=[], help="who watches; may be given again"
    )


def add_root_keys(parser: CommandParser, *, required: bool) -> None:
    """Add the options for the location of the root keys and their passphrase."""
    parser.add_argument(
        "--root-keys",
        required=required,
        help="directory of the root keys, such as a removable disk",
    )
    parser.add_argument(
        "--root-passphrase-file", help="instead of typing the passphrase of the root keys"
    )


def root_keys(options: dict[str, Any]) -> KeyFiles | None:
    """The root keys given in the options, or None. Asks for the passphrase if no file is given.

    Raises CommandError if the directory belongs to the service, the passphrase is too short, or
    none are given in production.
    """
    if not options["root_keys"]:
        if settings.PRODUCTION:
            words = _("Give --root-keys: in production the root key leaves the service.")
            raise CommandError(words)
        return None
    folder = Path(options["root_keys"]).resolve()
    for inside in (settings.PORTAL_DATA, settings.CA_KEYS_DIR):
        if inside and folder.is_relative_to(Path(inside).resolve()):
            words = _("%(folder)s is a directory of the service; root keys leave it: name another.")
            raise CommandError(words % {"folder": folder})
    return KeyFiles(str(folder), password=_passphrase(options, new=not any(folder.glob("*.key"))))


def ask_name(prompt: str, name: str) -> None:
    """Let the operator go on by typing the name. Raises CommandError for another answer."""
    try:
        typed = input(f"{prompt} ")
    except EOFError as error:
        raise CommandError(_("Nobody answered; with --no-input nobody is asked.")) from error
    if typed.strip() != name:
        raise CommandError(_("Nothing was done: the answer was not %(ca)s.") % {"ca": name})


def _passphrase(options: dict[str, Any], *, new: bool) -> bytes:
    if options["root_passphrase_file"]:
        phrase = Path(options["root_passphrase_file"]).read_bytes().strip()
    elif sys.stdin.isatty():
        phrase = getpass.getpass(_("Passphrase of the root keys:") + " ").encode()
        if new and getpass.getpass(_("Once more:") + " ").encode() != phrase:
            raise CommandError(_("The passphrases differ: run this again."))
    else:
        raise CommandError(_("Give --root-passphrase-file, or run this on a terminal."))
    if len(phrase) < SHORTEST_PASSPHRASE:
        words = _("A passphrase must have at least %(count)s characters.")
        raise CommandError(words % {"count": SHORTEST_PASSPHRASE})
    return phrase

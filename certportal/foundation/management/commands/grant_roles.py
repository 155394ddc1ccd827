"""`manage.py grant_roles [--accounts DIR]`: create the processes' accounts and grant rights."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, ProgrammingError, transaction
from django.utils.translation import gettext as _

from certportal.foundation.database import database_roles
from certportal.foundation.database.database_roles import Role
from certportal.foundation.management.operators import OperatorCommand
from certportal.foundation.service_addresses import split


class Command(OperatorCommand):
    """Creates missing accounts and grants rights. Run as the tables' owner after each `migrate`."""

    help = "Let the database's account of each process write the tables that it may write."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accounts",
            type=Path,
            help="a directory with the files database_url_*: the accounts get their passwords",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create and grant; CommandError if not run by the owner, or if the database refuses."""
        if not database_roles.owns_tables():
            words = _("Run this as the account that owns the tables: the one that migrates.")
            raise CommandError(words)
        passwords = _passwords(options["accounts"]) if options["accounts"] else {}
        if options["accounts"] and not passwords:
            self.stdout.write(
                _("No file in %(folder)s contains the account of a process: nothing was granted.")
                % {"folder": options["accounts"]}
            )
            return
        try:
            for role in set(Role) - database_roles.roles_there():
                database_roles.make(role)
            for role, password in passwords.items():
                if password:
                    self._set(role, password)
            database_roles.grant()
        except DatabaseError as error:
            words = _("%(error)s: see “The database's accounts” in docs/operations.md.")
            raise CommandError(words % {"error": str(error).strip()}) from error
        if options["verbosity"]:
            self.stdout.write(_("Granted to %(accounts)s.") % {"accounts": ", ".join(Role)})

    def _set(self, role: Role, password: str) -> None:
        try:
            with transaction.atomic():
                database_roles.set_password(role, password)
        except ProgrammingError:
            words = _(
                "The password of %(account)s was not changed: only the one who created the"
                " account can set it."
            )
            self.stderr.write(words % {"account": role})


def _passwords(folder: Path) -> dict[Role, str]:
    """Return the passwords of the accounts in the files' addresses; "" for one without a password.

    Accounts that are not in `Role` are left out. Raises CommandError if an address cannot be read.
    """
    found: dict[Role, str] = {}
    for path in sorted(folder.glob("database_url_*")):
        address = split(path.read_text().strip(), several=True)
        if address is None:
            words = _(
                "%(file)s holds no address that can be read: percent-encode characters such as"
                " / and # in its password."
            )
            raise CommandError(words % {"file": path})
        if (name := address.username or "") in {*Role}:
            found[Role(name)] = unquote(address.password or "")
    return found

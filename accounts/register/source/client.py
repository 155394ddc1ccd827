"""The interface of the mirror's source."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol, cast

from django.utils.module_loading import import_string

from accounts.register import conf
from accounts.register.source.rows import Row


@dataclass(frozen=True)
class Download:
    """A complete answer: rows with each (OID, start of validity) once, and the number of pages."""

    rows: list[Row]
    pages: int


class RegisterClient(Protocol):
    """A source of the SOTE register. A delta builds only on runs with the same ``source``."""

    @property
    def source(self) -> str:
        """The name of the source, which stays the same in every run."""

    def download(
        self, *, modified_since: date | None = None, valid_on: date | None = None
    ) -> Download:
        """All rows of any status, or only those modified since a day or valid on a day.

        Raises:
            Unavailable: the source does not answer, or its answer is not a register.
        """


def load_client() -> RegisterClient | None:
    """The client set in ``REGISTER["BACKEND"]``, or None if nothing is fetched."""
    path = conf.value("BACKEND")
    if not path:
        return None
    return cast(RegisterClient, import_string(path)(**conf.value("OPTIONS")))

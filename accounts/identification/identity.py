"""What identification yields, and the seam behind which a provider stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from accounts.identification.hashing import Digest
from certportal.foundation.errors import Refused


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """What the provider calls the session it has opened; it is ended there under these names.

    `name_id` is transient (SAML 2.0 Core, 8.3.8): it lasts as long as the session and no longer.
    """

    name_id: str
    index: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A strongly identified person: keyed hashes of the identifier (newest first), and the name.

    Everything else the provider said is forgotten.
    """

    kind: str
    digests: tuple[Digest, ...]
    given_name: str
    family_name: str
    # When the person proved who they are; None where the provider does not tell.
    proven_at: datetime | None = None
    # The session left open at the provider; None where single logout is not spoken.
    session: ProviderSession | None = None


@dataclass(frozen=True, slots=True)
class Farewell:
    """Where to send the browser to end the provider's session, and the id of that request."""

    url: str
    request: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and what to remember until it comes back."""

    url: str
    state: str
    memory: dict[str, str]


class NotIdentified(Refused):
    """The provider did not identify the person, or its answer cannot be trusted.

    `problem` is for the log alone and names no person.
    """

    def __init__(self, problem: str) -> None:
        """Keep the problem beside words that tell a visitor nothing about it."""
        super().__init__(_("Identification did not succeed. Try again."))
        self.problem = problem


class Cancelled(NotIdentified):
    """The person turned back at the provider."""


class Provider(Protocol):
    """An identification service the browser is sent to and comes back from."""

    def begin(self, *, callback: str, language: str, since: datetime | None = None) -> Departure:
        """Start an identification in the language; `callback` is our absolute return address.

        With `since` the person must prove anew who they are, after that time.
        """

    def complete(
        self, answer: Mapping[str, str], memory: dict[str, str], *, callback: str, now: datetime
    ) -> Identity:
        """Judge the answer the browser brought. Raises NotIdentified, Cancelled, Unavailable."""

    def farewell(self, session: ProviderSession) -> Farewell | None:
        """Return how to end the provider's session too; None where that cannot be asked."""


@cache
def _build(path: str, options: tuple[tuple[str, Any], ...]) -> Provider:
    provider: Provider = import_string(path)(**dict(options))
    return provider


def provider() -> Provider:
    """Return the provider that ``IDENTIFICATION`` names, one for the life of the process."""
    chosen = settings.IDENTIFICATION
    return _build(chosen["BACKEND"], tuple(sorted(chosen["OPTIONS"].items())))

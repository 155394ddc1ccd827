"""The result of an identification, and the interface that identification providers implement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from accounts.identification.hashing import Digest
from accounts.mandates.introduced import Introduced
from certportal.foundation import backends
from certportal.foundation.errors import Refused


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """The session at the provider, as identified in a logout request to it.

    `name_id` is transient (SAML 2.0 Core, 8.3.8): valid only during that session. `index` is the
    SessionIndex.
    """

    name_id: str
    index: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A strongly identified person: keyed hashes of the identifier (newest first), and the name.

    `kind` is "hetu" or "eidas". No other claim of the provider is kept.
    """

    kind: str
    digests: tuple[Digest, ...]
    given_name: str
    family_name: str
    # When the person authenticated at the provider; None if it does not say.
    proven_at: datetime | None = None
    # The session at the provider; None if it does not support single logout.
    session: ProviderSession | None = None
    # How the source of mandates knows the person, if it was told who they are.
    introduced: Introduced | None = None


@dataclass(frozen=True, slots=True)
class ProviderLogout:
    """The address that ends the session at the provider, and the id of that logout request."""

    url: str
    request: str


@dataclass(frozen=True, slots=True)
class Departure:
    """The provider's address, and the state and `memory` to keep until the browser returns."""

    url: str
    state: str
    memory: dict[str, str]


class NotIdentified(Refused):
    """The provider did not identify the person, or its answer cannot be trusted.

    `problem` is for the log alone and names no person.
    """

    def __init__(self, problem: str) -> None:
        """Store the problem; the message shown to the visitor does not mention it."""
        super().__init__(_("Identification did not succeed. Try again."))
        self.problem = problem


class Cancelled(NotIdentified):
    """The person cancelled the identification at the provider."""


class Provider(Protocol):
    """An identification service to which the browser is redirected and from which it returns."""

    def begin(
        self,
        *,
        callback: str,
        language: str,
        since: datetime | None = None,
        introduces: bool = False,
    ) -> Departure:
        """Start an identification in the language; `callback` is our absolute return address.

        With `since` the person must authenticate again after that time. With `introduces` the
        source of mandates is told who they are. Raises Unavailable.
        """

    def complete(
        self, answer: Mapping[str, str], memory: dict[str, str], *, callback: str, now: datetime
    ) -> Identity:
        """Verify the answer in the return address; `memory` is that of the Departure.

        Raises NotIdentified, Cancelled or Unavailable.
        """

    def end_session(self, session: ProviderSession) -> ProviderLogout | None:
        """Return the logout request that ends the provider's session; None if not supported."""


def provider() -> Provider:
    found: Provider = backends.chosen("IDENTIFICATION")
    return found

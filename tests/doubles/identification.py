"""In-memory test double of `Provider`: redirects straight back as a fixed test person."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from accounts.identification import claims
from accounts.identification.identity import (
    Cancelled,
    Departure,
    Identity,
    NotIdentified,
    ProviderLogout,
    ProviderSession,
)
from accounts.identification.testidp import persons


class Memory:
    """A provider without a network; `person` is a test person's key, or empty to cancel."""

    def __init__(self, *, person: str) -> None:
        """Store the key of the person that every visitor is identified as."""
        self.person = person

    def begin(
        self,
        *,
        callback: str,
        language: str,
        since: datetime | None = None,
        introduces: bool = False,
    ) -> Departure:
        """Return our own return address with the answer in its query."""
        state, once = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        answer = {"code": once} if self.person else {"error": "access_denied"}
        url = f"{callback}?{urlencode({'state': state, **answer})}"
        memory = {"once": once} | ({"introduces": "yes"} if introduces else {})
        return Departure(url, state, memory)

    def complete(
        self, answer: Mapping[str, str], memory: dict[str, str], *, callback: str, now: datetime
    ) -> Identity:
        """Return the person if the answer's code is the one issued by `begin`."""
        if answer.get("error") == "access_denied":
            raise Cancelled("access_denied")
        person = persons.find(self.person)
        if person is None or answer.get("code") != memory["once"]:
            raise NotIdentified("code")
        told = claims.introduced(person.claims()) if "introduces" in memory else None
        return replace(claims.identity(person.claims()), proven_at=now, introduced=told)

    def end_session(self, session: ProviderSession) -> ProviderLogout | None:
        """Return None: there is no session to end."""
        return None

"""Security keys of people at their browsers (Chromium's virtual authenticators)."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import CDPSession, Page

DEVICE = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
DEVICE |= {"hasUserVerification": True, "isUserVerified": True}
CODE = re.compile(r"\b[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}\b")


class SecurityKey:
    """One person's security key, which fits any of their browsers, and what it has made there."""

    def __init__(self) -> None:
        self.credentials: list[dict[str, Any]] = []

    def plug_in(self, page: Page) -> Callable[[], None]:
        """Plug the key into the page's browser; return how to take it out."""
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        device = {"authenticatorId": made["authenticatorId"]}
        for one in self.credentials:
            session.send("WebAuthn.addCredential", device | {"credential": one})
        session.on("WebAuthn.credentialAdded", lambda said: self._keep(said["credential"]))
        return lambda: _take_out(session, device)

    def _keep(self, credential: dict[str, Any]) -> None:
        self.credentials.append(credential)


def _take_out(session: CDPSession, device: dict[str, Any]) -> None:
    session.send("WebAuthn.removeVirtualAuthenticator", device)


def make_passkey(page: Page, base: str) -> str:
    """As a reviewer who has just confirmed, make a passkey; return the check code that is shown."""
    page.goto(f"{base}/fi/account/second-factor/set-up/")
    page.locator("[data-passkey=make] button").click()
    page.wait_for_url(lambda url: "/set-up/" not in url)
    found = CODE.search(page.locator("main").inner_text())
    assert found is not None
    return found[0]

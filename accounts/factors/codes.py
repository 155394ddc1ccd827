"""The six digits of an authenticator app (RFC 6238)."""

from datetime import datetime

from allauth.mfa.totp.internal import auth
from django.utils.crypto import constant_time_compare

STEP_SECONDS = 30
# RFC 6238 §5.2: one step of leeway either way, for clocks and for the time it takes to type.
LEEWAY = 1


def new_secret() -> str:
    """Return a fresh secret of 160 bits in base 32."""
    return str(auth.generate_totp_secret())


def code_at(secret: str, step: int) -> str:
    """Return the code that an app shows in this step."""
    return str(auth.format_hotp_value(auth.hotp_value(secret, step)))


def step_at(now: datetime) -> int:
    """Return the number of the step of time."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """Return the step whose code this is, later than the step last used; None if there is none.

    A code that was accepted must not be accepted again (RFC 6238 §5.2).
    """
    present = step_at(now)
    for step in range(max(present - LEEWAY, after + 1), present + LEEWAY + 1):
        if constant_time_compare(code, code_at(secret, step)):
            return step
    return None

"""The six-digit codes of an authenticator app (TOTP, RFC 6238)."""

from datetime import datetime

from allauth.mfa.totp.internal import auth
from django.utils.crypto import constant_time_compare

# What allauth makes by default, and what authenticator apps show (RFC 6238).
DIGITS = 6
RECOVERY_DIGITS = 8  # of a recovery code, as allauth makes it
STEP_SECONDS = 30
# RFC 6238 §5.2: one time step of tolerance either way, for clock skew and typing time.
LEEWAY = 1


def new_secret() -> str:
    """Return a new secret of 160 bits in base 32."""
    return str(auth.generate_totp_secret())


def code_at(secret: str, step: int) -> str:
    """Return the code that an app shows during this time step."""
    return str(auth.format_hotp_value(auth.hotp_value(secret, step)))


def step_at(now: datetime) -> int:
    """Return the time step: `STEP_SECONDS` intervals since 1970."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """Return the time step of a currently valid code, or None.

    `after` is the step of the last accepted code; only later steps count.

    A code that was accepted must not be accepted again (RFC 6238 §5.2).
    """
    present = step_at(now)
    for step in range(max(present - LEEWAY, after + 1), present + LEEWAY + 1):
        if constant_time_compare(code, code_at(secret, step)):
            return step
    return None

"""The PIN that the token refused, remembered beside the journal, also when the signer restarts.

Supervisors start a worker anew as often as it ends; each would try the PIN once, and a token locks
after a few. What is kept tells this PIN of this token from others and gives neither away
(`issuance.token_process.session.told_of`).
"""

from contextlib import suppress
from pathlib import Path

from django.conf import settings

from certportal.foundation.own_files import OWN, OWN_FOLDER, make_folder, replace
from issuance.signers.protocol import SignerUnavailable

_UNKEPT: list[str] = []
"""The refusal that could not be written. Until it is, nothing is asked of the token."""


def file() -> Path:
    """Where it is kept. Without this file the PIN is tried again."""
    return Path(settings.PORTAL_DATA) / "journal" / ".refused-pin"


def known() -> str:
    """What tells the PIN that was refused; "" if none was. Raises SignerUnavailable."""
    if _UNKEPT:
        remember(*_UNKEPT)
    try:
        return file().read_text()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise SignerUnavailable(f"{file()}: it is damaged") from None
    except OSError as error:
        raise SignerUnavailable(f"{error.filename}: {error.strerror}") from None


def remember(refused: str) -> None:
    """Keep what tells the refused PIN. Raises SignerUnavailable."""
    try:
        make_folder(file().parent, OWN_FOLDER)
        replace(file(), refused.encode(), OWN)
        _UNKEPT.clear()
    except OSError as error:
        _UNKEPT[:] = [refused]
        raise SignerUnavailable(f"{error.filename}: {error.strerror}") from None


def forget() -> None:
    """Forget it, since the token has accepted a PIN."""
    with suppress(OSError):
        file().unlink(missing_ok=True)

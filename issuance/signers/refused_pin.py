"""Remembers beside the journal which PIN the token refused, so that it is not tried again.

A supervisor restarts a worker that ends. Each start would try the PIN, and a token locks itself
after a few failures. The file has a salted, slow hash of the PIN and the token
(`issuance.token_process.session.pin_hash`).
"""

from contextlib import suppress
from pathlib import Path

from django.conf import settings

from certportal.foundation.own_files import OWN, OWN_FOLDER, make_folder, replace
from issuance.signers.protocol import SignerUnavailable

_UNKEPT: list[str] = []
"""The hash that could not be written; until it is, the token is not used."""


def file() -> Path:
    """Return the path of the hash. Without this file the PIN is tried again."""
    return Path(settings.PORTAL_DATA) / "journal" / ".refused-pin"


def known() -> str:
    """Return the hash of the refused PIN; "" if none was refused. Raises SignerUnavailable."""
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
    """Store the hash of the refused PIN. Raises SignerUnavailable."""
    try:
        make_folder(file().parent, OWN_FOLDER)
        replace(file(), refused.encode(), OWN)
        _UNKEPT.clear()
    except OSError as error:
        _UNKEPT[:] = [refused]
        raise SignerUnavailable(f"{error.filename}: {error.strerror}") from None


def forget() -> None:
    """Delete the hash, since the token has accepted a PIN."""
    with suppress(OSError):
        file().unlink(missing_ok=True)

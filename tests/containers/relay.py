"""A mail server that writes each message to /mails as an .eml file. Runs in a container."""

import itertools
import threading
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

MAILS = Path("/mails")


class Keeper:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.numbers = itertools.count()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Write the message under a name of its own; it appears when it is whole."""
        draft = MAILS / f".{next(self.numbers)}.part"
        draft.write_bytes(envelope.original_content)
        draft.chmod(0o644)
        draft.rename(MAILS / f"{draft.stat().st_mtime_ns}.eml")
        return "250 kept"


if __name__ == "__main__":
    Controller(Keeper(), hostname="0.0.0.0", port=2525).start()
    threading.Event().wait()

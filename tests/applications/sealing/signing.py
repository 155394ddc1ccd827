"""The signer's part of sealing a paper."""

from datetime import datetime

from applications.models import Paper
from issuance import services as authority


def sign(paper: Paper, now: datetime) -> None:
    """Let the signer sign the prepared paper."""
    authority.seal_papers([authority.MadePaper("paper", str(paper.pk), paper.digest)], now=now)

"""The colour that goes with a status; the word always stands beside it."""

from applications.workflow import Status

TONES: dict[str, str] = {
    Status.AWAITING_CSR: "plain",
    Status.CHECKING: "plain",
    Status.IN_REVIEW: "info",
    Status.INFO_REQUESTED: "warning",
    Status.APPROVED: "success",
    Status.ISSUED: "success",
    Status.DELIVERED: "success",
    Status.REJECTED: "error",
}


def tone(status: str) -> str:
    """Return the tone of a status tag."""
    return TONES.get(status, "plain")

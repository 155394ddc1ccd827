"""A revocation that somebody outside the service asks for, as a reviewer takes it down."""

from typing import Any

from applications.models import Application

CALLED: dict[str, str] = {
    "channel": "phone",
    "role": "technical",
    "caller": "Matti Meikäläinen, Keskustan apteekki, 040 123",
    "verified": "Soitin apteekin vaihteeseen.",
    "callback": "Matti vastasi vaihteen kautta.",
    "words": "Palvelin vaihdettiin.",
    "understood": "on",
}


def told(desk: Any, order: Application, reason: str = "superseded", **more: str) -> Any:
    """Take the report down as one that has just come; return the answer."""
    received = {
        one.name: one.value() for one in desk.open("revocation_report", order.pk).context["form"]
    }
    came = {"received_on": received["received_on"].isoformat(), "received_at": "0.00"}
    return desk.press("revocation_report", order, **CALLED | came | {"reason": reason} | more)

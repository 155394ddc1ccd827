"""Mails about several orders: their names, and which orders their outbox items tell of."""

from collections.abc import Mapping
from typing import Any

SEVERAL = {
    "renewal": "renewals",
    "expired": "certificates_expired",
    "lapse_warning": "lapse_warnings",
    "lapsed": "orders_lapsed",
    "draft_warning": "draft_warnings",
    "account_closed": "orders_closed",
}
"""The mails about one order, and those that tell a reader of several at once."""
ABOUT_ONE = {several: one for one, several in SEVERAL.items()}


def orders_told(payload: Mapping[str, Any]) -> dict[str, str]:
    """Return, by the key of each order that a mail is about, its recipient (`rules.recipients`).

    `others` are those after the first. Items of earlier versions name only the first of the orders
    that were sent or completed together.
    """
    told: dict[str, str] = dict(payload.get("others", {}))
    if "application" in payload:
        told = {payload["application"]: payload.get("recipient", "")} | told
    return told

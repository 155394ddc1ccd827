"""Keys whose private key is public knowledge. Pure.

They are printed in standards, shipped with software, committed to public repositories, or made by
Debian's broken generator (CVE-2008-0166).
"""

import sys
from array import array
from bisect import bisect_left
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("published-keys.bin")
WIDTH = 8
"""Octets kept of each SHA-256. With 77,900 entries one of 2·10^14 good keys matches by chance."""


def is_published(spki_sha256: str) -> bool:
    """Whether the key with this SPKI hash (hex) is in the shipped list."""
    table, prefix = _table(), int(spki_sha256[: 2 * WIDTH], 16)
    at = bisect_left(table, prefix)
    return at < len(table) and table[at] == prefix


@cache
def _table() -> "array[int]":
    table = array("Q", FILE.read_bytes())
    if sys.byteorder == "little":
        table.byteswap()
    return table

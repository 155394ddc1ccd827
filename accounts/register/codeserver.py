"""The code server's REST API v6: a whole classification, page by page, checked for being whole."""

from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote, urlencode

from accounts.register import csapi
from accounts.register.client import Download
from accounts.register.csapi import Malformed, Page
from accounts.register.rows import Row
from accounts.register.transport import SourceFault, Transport

# Removals are seen only when asked for: without `status` the server lists active codes alone.
STATUSES = ("ACTIVE", "DELETED", "PROPOSAL")


class _Moved(Exception):
    """The register changed between two pages, so that rows may be missing."""


@dataclass
class CodeServer:
    """Client of one classification version.

    Args:
        url: base of the API, ending in ``/csapi/v6``.
        page_size: 10 to 500, the server's own limits.
        max_pages: a server that never ends is given up here.
        rounds: how often the whole is fetched again because it changed under paging.
    """

    url: str
    classification: str = "1.2.246.537.6.202"
    version: str = "1.2.246.537.6.202.2008"
    page_size: int = 500
    max_pages: int = 2000
    rounds: int = 3
    transport: Transport = field(default_factory=Transport)

    @property
    def source(self) -> str:
        """The address of the classification version."""
        path = f"classifications/{quote(self.classification)}/versions/{quote(self.version)}"
        return f"{self.url.rstrip('/')}/{path}/conceptcodes"

    def download(self, *, modified_since: date | None = None) -> Download:
        """Every concept code, or those modified on or after a day; see `RegisterClient`."""
        previous: list[Row] | None = None
        for _ in range(self.rounds):
            try:
                rows, pages, whole = self._pages(modified_since)
            except _Moved:
                continue
            # A source that really repeats rows gives the same rows twice; one that changed
            # under paging does not.
            if whole or rows == previous:
                return Download(rows, pages)
            previous = rows
        raise SourceFault(f"register changed under paging {self.rounds} times")

    def _pages(self, modified_since: date | None) -> tuple[list[Row], int, bool]:
        """One round: the rows, the pages, and whether as many codes came as were announced."""
        rows: list[Row] = []
        total: int | None = None
        for number in range(1, self.max_pages + 1):
            page = self._page(number, modified_since)
            if number > 1 and page.total_items != total:
                raise _Moved
            total = page.total_items
            rows += page.rows
            if self._is_last(page, number):
                kept = csapi.without_repeats(rows)
                return kept, number, total is None or len(kept) == total
        raise SourceFault(f"more than {self.max_pages} pages")

    def _page(self, number: int, modified_since: date | None) -> Page:
        document = self.transport.get(self._address(number, modified_since))
        if document is None:
            if number > 1:
                raise _Moved
            return Page([], number, 0, 0)
        try:
            page = csapi.read_page(document)
        except Malformed as error:
            raise SourceFault(str(error)) from error
        if page.number not in {None, number}:
            raise SourceFault(f"page {page.number} instead of {number}")
        return page

    def _is_last(self, page: Page, number: int) -> bool:
        if page.total_pages is not None:
            return number >= page.total_pages
        return len(page.rows) < self.page_size

    def _address(self, number: int, modified_since: date | None) -> str:
        query: dict[str, object] = {
            "page": number,
            "pageSize": self.page_size,
            "status": STATUSES,
            "sortBy": "CONCEPTCODEID",
        }
        if modified_since is not None:
            query["modifiedAfter"] = modified_since.isoformat()
        return f"{self.source}?{urlencode(query, doseq=True)}"

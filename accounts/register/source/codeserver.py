"""Client of the code server's REST API v6: complete, verified downloads of a classification."""

import time
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote, urlencode

from accounts.register.source import codeserver_api
from accounts.register.source.client import Download
from accounts.register.source.codeserver_api import Malformed, Page
from accounts.register.source.rows import Row
from accounts.register.source.transport import SourceFault, Transport

# Without `status` the server lists only active codes, so that removals would not be seen.
STATUSES = ("ACTIVE", "DELETED", "PROPOSAL")

type Query = dict[str, object]


class _Moved(Exception):
    """The register changed between two pages, so that rows may be missing."""


@dataclass
class CodeServer:
    """Client of one classification version.

    Args:
        url: base of the API, ending in ``/csapi/v6``.
        page_size: 10 to 500, the server's own limits.
        max_pages: most pages of one round; more raise SourceFault.
        max_bytes: most bytes of one round; more raise SourceFault.
        longest: most seconds for one download; after them SourceFault is raised.
        rounds: most attempts if the register changes while its pages are fetched.
    """

    url: str
    classification: str = "1.2.246.537.6.202"
    version: str = "1.2.246.537.6.202.2008"
    page_size: int = 500
    max_pages: int = 2000
    max_bytes: int = 512 * 1024 * 1024
    longest: float = 1800.0
    rounds: int = 3
    transport: Transport = field(default_factory=Transport)

    @property
    def source(self) -> str:
        """The address of the classification version's concept codes."""
        path = f"classifications/{quote(self.classification)}/versions/{quote(self.version)}"
        return f"{self.url.rstrip('/')}/{path}/conceptcodes"

    def download(
        self, *, modified_since: date | None = None, valid_on: date | None = None
    ) -> Download:
        """The rows as described in `RegisterClient.download`."""
        query: Query = {"pageSize": self.page_size, "status": STATUSES, "sortBy": "CONCEPTCODEID"}
        if modified_since is not None:
            query["modifiedAfter"] = modified_since.isoformat()
        if valid_on is not None:
            query["validOn"] = valid_on.isoformat()
        ends_at = time.monotonic() + self.longest
        previous: list[Row] | None = None
        for _ in range(self.rounds):
            try:
                rows, pages, missing = self._pages(query, ends_at)
            except _Moved:
                continue
            kept = codeserver_api.without_repeats(rows)
            # Repeated rows are accepted if two rounds give the same rows; if the register changed
            # during paging, they differ.
            if not missing and (len(kept) == len(rows) or kept == previous):
                _require_names(kept)
                return Download(kept, pages)
            previous = kept
        raise SourceFault(f"changed under paging, or not whole, {self.rounds} times")

    def _pages(self, query: Query, ends_at: float) -> tuple[list[Row], int, bool]:
        """One round: rows, number of pages, and whether there are fewer rows than totalItems."""
        rows: list[Row] = []
        total: int | None = None
        most = self.transport.fetched + self.max_bytes
        for number in range(1, self.max_pages + 1):
            if time.monotonic() > ends_at:
                raise SourceFault(f"not whole after {self.longest:.0f} s, at page {number}")
            page = self._page(query, number)
            if self.transport.fetched > most:
                raise SourceFault(f"more than {self.max_bytes} bytes, at page {number}")
            if number > 1 and page.total_items != total:
                raise _Moved
            total = page.total_items
            rows += page.rows
            if self._is_last(page, number):
                return rows, number, total is not None and len(rows) < total
            if total is None and len(page.rows) < self.page_size:
                raise _Moved
        raise SourceFault(f"more than {self.max_pages} pages")

    def _page(self, query: Query, number: int) -> Page:
        address = f"{self.source}?{urlencode({'page': number} | query, doseq=True)}"
        document = self.transport.get(address)
        if document is None:
            if number > 1:
                raise _Moved
            return Page([], number, 0, 0)
        try:
            page = codeserver_api.read_page(document)
        except Malformed as error:
            raise SourceFault(str(error)) from error
        if page.number not in {None, number}:
            raise SourceFault(f"page {page.number} instead of {number}")
        return page

    def _is_last(self, page: Page, number: int) -> bool:
        if page.total_pages is not None:
            return number >= page.total_pages
        return len(page.rows) < self.page_size


def _require_names(rows: list[Row]) -> None:
    try:
        codeserver_api.require_names(rows)
    except Malformed as error:
        raise SourceFault(str(error)) from error

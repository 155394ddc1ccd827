"""Compression of pages whose size tells other sites nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressedPages(GZipMiddleware):
    """Compresses HTML pages that a browser asks for by itself or from one of our pages.

    Where an address puts text into a page, the size of the compressed page tells whether the text
    occurs elsewhere in it too (BREACH, CVE-2013-3587). To use that, another site must have the
    reader's browser send many requests; these say so (Fetch Metadata, 2.3), and their pages are not
    compressed, nor are those of programs that do not say where a request comes from. Django also
    adds a random number of bytes.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Return the response, compressed if it is such a page and the browser accepts that."""
        own = request.headers.get("Sec-Fetch-Site") in {"same-origin", "none"}
        page = response.get("Content-Type", "").startswith("text/html")
        if not own or not page or response.streaming:
            return response
        return super().process_response(request, response)

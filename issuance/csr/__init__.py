"""The CSR checker: reports every fault of an uploaded file in one pass. Pure.

``examine`` is the entry point; it returns a report for any bytes, in bounded time and memory.
``read_root`` is a cheap test for bytes that are exactly one PKCS#10 request in DER, with nothing
around it to unpack or decode. ``plain_request`` is as cheap, and takes PEM too.
"""

from issuance.csr.examination import MOST_SEARCHED, examine
from issuance.csr.kinds import Kind
from issuance.csr.names_compared import ExpectedNames, differences, is_for_another
from issuance.csr.reading import MAX_BYTES, plain_request, read_root
from issuance.csr.report import DecodedCsr, Report

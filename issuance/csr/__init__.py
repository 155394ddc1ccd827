"""The CSR doctor: every fault of an uploaded file in one pass. Pure.

``examine`` is the one way in; it answers on any bytes, in bounded time and memory.
"""

from issuance.csr.examination import MOST_SEARCHED, examine
from issuance.csr.expected import ExpectedNames
from issuance.csr.kinds import Kind
from issuance.csr.reading import MAX_BYTES
from issuance.csr.report import DecodedCsr, NameAttribute, Report, RequestedExtension

__all__ = [
    "MAX_BYTES",
    "MOST_SEARCHED",
    "DecodedCsr",
    "ExpectedNames",
    "Kind",
    "NameAttribute",
    "Report",
    "RequestedExtension",
    "examine",
]

"""The tables of the registration authority."""

from applications.models.application import Application, HostName
from applications.models.attachment import Attachment, storage_name
from applications.models.bulk_order import BulkOrder
from applications.models.contact_link import ContactLink
from applications.models.csr import Csr
from applications.models.delivery import Package, SentNotice
from applications.models.domain import Domain
from applications.models.handling import (
    Addition,
    CaseNote,
    Check,
    Decision,
    InformationRequest,
    SecondLook,
)
from applications.models.paper import Paper
from applications.models.ready_reason import ReadyReason, ReadyReasonVersion
from applications.models.register_task import RegisterTask
from applications.models.replacement import Replacement, ReplacementApproval, ReplacementItem
from applications.models.revocation import RevocationRequest
from applications.models.revocation_proposal import RevocationProposal
from applications.models.revocation_report import RevocationReport
from applications.models.search_entry import SearchEntry
from applications.models.submission import Submission
from applications.models.waiver import Waiver

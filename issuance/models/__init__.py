"""What the certificate authority remembers. Keys are never here."""

from issuance.models.approval import Approval
from issuance.models.ca import IssuingCA
from issuance.models.certificate import BlockedKey, Certificate
from issuance.models.challenge import KeyChallenge
from issuance.models.prepared import PreparedCertificate
from issuance.models.responder import OcspResponder

__all__ = [
    "Approval",
    "BlockedKey",
    "Certificate",
    "IssuingCA",
    "KeyChallenge",
    "OcspResponder",
    "PreparedCertificate",
]

"""The database tables of the CA. They never contain private keys."""

from issuance.models.approval import Approval
from issuance.models.ca import IssuingCA
from issuance.models.ceremony import CeremonyRecord
from issuance.models.certificate import BlockedKey, Certificate
from issuance.models.challenge import KeyChallenge
from issuance.models.lease import RevokedSerial, SigningLease
from issuance.models.prepared import PreparedCertificate
from issuance.models.responder import OcspResponder
from issuance.models.seal import Seal, SealedPaper

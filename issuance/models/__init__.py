"""The database tables of the CA. They never contain private keys."""

from issuance.models.block_ending import BlockEnding, EndedBlock
from issuance.models.ca import IssuingCA, OcspResponder
from issuance.models.certificate import BlockedKey, Certificate, SoundKey
from issuance.models.challenge import KeyChallenge
from issuance.models.lease import RevokedSerial, SigningLease
from issuance.models.prepared import Approval, PreparedCertificate
from issuance.models.seal import CeremonyRecord, Seal, SealedPaper

"""Which journal signs, and serial numbers that are revoked without a certificate."""

from django.db import models
from django.db.models import Q

from certportal.foundation.database.kept_tables import Kept, Ordinary
from issuance.models.ca import IssuingCA
from issuance.models.prepared import PreparedCertificate


class SigningLease(models.Model):
    """The single row that says which journal, on which host, may sign. It never expires.

    ``journal`` is the journal's id, "" while a take-over is unfinished; ``taken_from`` is then the
    id of the journal taken over. ``term`` grows with each take-over. ``host`` is for people. See
    docs/decisions/one-signer.md.
    """

    term = models.PositiveBigIntegerField(unique=True)
    journal = models.CharField(max_length=32, blank=True, unique=True)
    taken_from = models.CharField(max_length=32, blank=True)
    host = models.CharField(max_length=255)
    taken_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    keeping = Ordinary("who signs now, with a sign of life; each take-over is an event")
    # A database restored from a backup belongs to the journal that was restored with it.
    in_backups = False

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="signinglease_one")]

    def __str__(self) -> str:
        return f"{self.host}, term {self.term}"


class RevokedSerial(models.Model):
    """A serial number that is revoked although it is unknown whether it has a certificate.

    The attempt was being signed when the journal was lost. ``crl_entry`` is the DER of its entry.
    """

    prepared = models.OneToOneField(PreparedCertificate, models.PROTECT, related_name="+")
    issuing_ca = models.ForeignKey(IssuingCA, models.PROTECT, related_name="revoked_serials")
    serial = models.CharField(max_length=40)
    not_after = models.DateTimeField()
    revoked_at = models.DateTimeField()
    crl_entry = models.BinaryField()

    keeping = Kept()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuing_ca", "serial"], name="revokedserial_serial_once"
            ),
            models.CheckConstraint(condition=~Q(serial=""), name="revokedserial_has_serial"),
        ]

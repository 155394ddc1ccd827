"""The seals of papers, the sealed papers, and the papers of key ceremonies: public data only."""

from functools import cached_property

from cryptography import x509
from django.db import models

from certportal.foundation.database.kept_tables import Kept


class Seal(models.Model):
    """One seal: its certificate, that of its root, and the root's revocation list.

    The last one registered is in use. All of them have the same root.
    """

    stem = models.SlugField(max_length=40, unique=True)
    certificate_der = models.BinaryField()
    root_der = models.BinaryField()
    root_list = models.BinaryField()
    created_at = models.DateTimeField()

    keeping = Kept()

    @cached_property
    def certificate(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(bytes(self.certificate_der))

    @cached_property
    def root(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(bytes(self.root_der))


class SealedPaper(models.Model):
    """The seal's signature of a paper, of which the CA knows only the digest.

    ``paper`` is the paper's subject in the event that asked for it, such as ``paper:17``. The
    unique digest gives each paper one signature, however often it is asked for.
    """

    seal = models.ForeignKey(Seal, models.PROTECT, related_name="papers")
    paper = models.CharField(max_length=60)
    digest = models.CharField(max_length=96, unique=True)
    signature = models.BinaryField()
    sealed_at = models.DateTimeField()

    keeping = Kept()


class CeremonyRecord(models.Model):
    """The record of one ceremony as it was printed, and the PDF that a worker makes of it.

    ``name`` is the name of the printed record's file. ``prepared`` is the PDF without the seal's
    signature and ``digest`` (SHA-384, hex) what the seal signs of it; ``pdf`` is the sealed PDF.
    The PDFs are few and small, so they are kept in the row and in every backup of the database.
    """

    name = models.CharField(max_length=120, unique=True)
    text = models.TextField()
    at = models.DateTimeField()
    prepared = models.BinaryField(default=b"", db_default=b"")
    digest = models.CharField(max_length=96, blank=True, db_default="")
    pdf = models.BinaryField(null=True)

    keeping = Kept(changing=["prepared"], once=["digest", "pdf"])

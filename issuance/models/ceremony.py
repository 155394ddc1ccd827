"""The records of key ceremonies, and the papers made of them."""

from django.db import models

from certportal.foundation.kept_tables import Kept


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

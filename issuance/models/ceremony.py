"""The records of key ceremonies, and the papers made of them."""

from django.db import models

from certportal.foundation.kept_tables import Kept


class CeremonyRecord(models.Model):
    """The record of one ceremony as it was printed, and the PDF that a worker makes of it.

    ``name`` is that of the printed record's file. ``digest`` (SHA-384, hex) is what the seal signs
    of ``prepared``, the PDF without the signature; ``pdf`` is there once it is sealed. The PDFs are
    few and small, so they stand in the row and in every backup of the database.
    """

    name = models.CharField(max_length=120, unique=True)
    text = models.TextField()
    at = models.DateTimeField()
    prepared = models.BinaryField(default=b"", db_default=b"")
    digest = models.CharField(max_length=96, blank=True, db_default="")
    pdf = models.BinaryField(null=True)

    keeping = Kept(changing=["prepared"], once=["digest", "pdf"])

    def __str__(self) -> str:
        return self.name

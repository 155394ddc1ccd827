"""The index in which orders are searched."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from applications.models.application import Application
from certportal.foundation.database.kept_tables import Ordinary


class SearchEntry(models.Model):
    """The words and numbers that an order is found by.

    `terms` are pairs of a kind (`rules/order_search.py`) and its text; `words` are the folded
    words of them all. The function `applications_index_orders` writes both, and triggers
    call it when an order, its host names, its organisation, its unit or a person of it changes
    (docs/decisions/search.md).
    """

    application = models.OneToOneField(
        Application,
        models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="search_entry",
    )
    terms: Any = models.JSONField(default=list)
    words: Any = SearchVectorField()

    keeping = Ordinary("made of the order, and again whenever it changes")

    class Meta:
        # Without fastupdate: each search would have to scan its list of pending entries.
        indexes = [GinIndex(fields=["words"], name="search_words", fastupdate=False)]

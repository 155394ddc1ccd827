"""The first ready-made reasons address the applicant, and name a request, as all texts do now."""

from django.db import migrations
from django.db.models import Count
from django.utils import timezone

MENDED = {
    "vahvistaa oikeutenne siihen": "vahvistaa organisaatiosi oikeuden siihen",
    "att er organisation administrerar": "att din organisation administrerar",
    "bekräfta er rätt till det": "bekräfta organisationens rätt till det",
    "Pyytämäämme täydennystä ei saatu määräajassa, eikä hakemusta voida hyväksyä ilman sitä.": (
        "Pyytämiämme lisätietoja ei saatu määräajassa, eikä hakemusta voida hyväksyä ilman niitä."
    ),
}


def mend(apps, schema_editor):
    """Write the next version of each reason with such words that no reviewer has changed."""
    reasons = apps.get_model("applications", "ReadyReason").objects.filter(ended_at=None)
    for reason in reasons.annotate(written=Count("versions")).filter(written=1):
        (first,) = reason.versions.all()
        words = {code: _mended(texts) for code, texts in first.words.items()}
        if first.person_id is None and words != first.words:
            reason.versions.create(number=2, words=words, at=timezone.now())


def _mended(texts):
    text = texts["text"]
    for old, new in MENDED.items():
        text = text.replace(old, new)
    return texts | {"text": text}


class Migration(migrations.Migration):
    dependencies = [("applications", "0048_sheet_language")]
    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]

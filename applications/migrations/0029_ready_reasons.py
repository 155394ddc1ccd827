"""Ready-made reasons in the database, begun with those that stood in the code."""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

# Use, then title and text by language.
FIRST = [
    (
        "asking",
        {
            "fi": (
                "Palvelimen nimestä puuttuu selvitys",
                (
                    "Emme voineet todeta, että palvelimen nimi on organisaatiosi hallinnassa."
                    " Kerro tilauksen sivulla kohdassa ”Kirjoita vastaus”, kuka on "
                    "verkkotunnuksen haltija ja kuka voi haltijan puolesta vahvistaa "
                    "oikeutenne siihen, tai korjaa palvelimen nimi."
                ),
            ),
            "sv": (
                "Utredning om ett servernamn saknas",
                (
                    "Vi kunde inte konstatera att er organisation administrerar servernamnet."
                    " Berätta på beställningens sida under ”Skriv ett svar” vem som innehar "
                    "domännamnet och vem som på innehavarens vägnar kan bekräfta er rätt till"
                    " det, eller rätta servernamnet."
                ),
            ),
            "en": (
                "No evidence for a host name",
                (
                    "We could not see that your organisation administers the host name. Tell "
                    "us, under “Write a reply” on the order's page, who holds the domain and "
                    "who can confirm your right to it on the holder's behalf, or correct the "
                    "host name."
                ),
            ),
        },
    ),
    (
        "asking",
        {
            "fi": (
                "Yksikkö ei vastaa rekisteriä",
                (
                    "Hakemuksen organisaatioyksikkö ei vastaa SOTE-organisaatiorekisteriä. "
                    "Valitse oikea yksikkö tai korjauta ensin rekisterin tiedot."
                ),
            ),
            "sv": (
                "Enheten stämmer inte överens med registret",
                (
                    "Organisationsenheten i ansökan stämmer inte överens med SOTE-"
                    "organisationsregistret. Välj rätt enhet eller låt först rätta "
                    "uppgifterna i registret."
                ),
            ),
            "en": (
                "The unit does not match the register",
                (
                    "The organisational unit of the application does not match the register "
                    "of social welfare and health care organisations. Choose the right unit, "
                    "or have the register corrected first."
                ),
            ),
        },
    ),
    (
        "asking",
        {
            "fi": (
                "Varmennepyyntö on tehtävä uudelleen",
                (
                    "Varmennepyyntö (CSR) ei sovi hakemukseen. Tee uusi avainpari ja uusi "
                    "varmennepyyntö ja liitä se hakemukseen."
                ),
            ),
            "sv": (
                "Certifikatbegäran måste göras på nytt",
                (
                    "Certifikatbegäran (CSR) passar inte ihop med ansökan. Gör ett nytt "
                    "nyckelpar och en ny certifikatbegäran och bifoga den till ansökan."
                ),
            ),
            "en": (
                "The certificate request must be made again",
                (
                    "The certificate request (CSR) does not fit the application. Make a new "
                    "key pair and a new certificate request, and attach it to the "
                    "application."
                ),
            ),
        },
    ),
    (
        "asking",
        {
            "fi": (
                "Tietojärjestelmää ei ole yksilöity",
                (
                    "Tietojärjestelmän nimi tai OID-tunnus puuttuu tai on väärä. Tarkista "
                    "molemmat tietojärjestelmärekisteristä ja korjaa ne."
                ),
            ),
            "sv": (
                "Informationssystemet är inte identifierat",
                (
                    "Informationssystemets namn eller OID-kod saknas eller är fel. "
                    "Kontrollera båda i registret över informationssystem och rätta dem."
                ),
            ),
            "en": (
                "The information system is not identified",
                (
                    "The name or the OID of the information system is missing or wrong. Check"
                    " both from the register of information systems and correct them."
                ),
            ),
        },
    ),
    (
        "asking",
        {
            "fi": (
                "Yhteystiedot eivät riitä",
                (
                    "Yhteystiedot eivät riitä. Ilmoita yhteyshenkilö, joka voi vastata "
                    "kysymyksiimme, ja sähköpostiosoite, jota useampi lukee."
                ),
            ),
            "sv": (
                "Kontaktuppgifterna är otillräckliga",
                (
                    "Kontaktuppgifterna är otillräckliga. Ange en kontaktperson som kan svara"
                    " på våra frågor och en e-postadress som läses av flera personer."
                ),
            ),
            "en": (
                "The contact details are insufficient",
                (
                    "The contact details are insufficient. Give a contact person who can "
                    "answer our questions, and a mailbox that several people read."
                ),
            ),
        },
    ),
    (
        "rejecting",
        {
            "fi": (
                "Ei ole rekisterissä",
                (
                    "Organisaatio ei ole rekisterissä, jota varmenne edellyttää. Varmenne "
                    "voidaan myöntää vain rekisterissä olevalle organisaatiolle."
                ),
            ),
            "sv": (
                "Finns inte i registret",
                (
                    "Organisationen finns inte i det register som certifikatet förutsätter. "
                    "Ett certifikat kan utfärdas endast till en organisation som finns i "
                    "registret."
                ),
            ),
            "en": (
                "Not in the register",
                (
                    "The organisation is not in the register that the certificate requires. A"
                    " certificate can be issued only to an organisation that is in the "
                    "register."
                ),
            ),
        },
    ),
    (
        "rejecting",
        {
            "fi": (
                "Ei oikeutta palvelimen nimeen",
                (
                    "Hakija ei ole osoittanut, että palvelimen nimi on organisaation "
                    "hallinnassa. Varmenne voidaan myöntää vain palvelimen nimelle, jota "
                    "organisaatio hallinnoi."
                ),
            ),
            "sv": (
                "Ingen rätt till servernamnet",
                (
                    "Sökanden har inte visat att organisationen förvaltar servernamnet. Ett "
                    "certifikat kan utfärdas endast för ett servernamn som organisationen "
                    "förvaltar."
                ),
            ),
            "en": (
                "No right to the host name",
                (
                    "The applicant has not shown that the organisation administers the host "
                    "name. A certificate can be issued only for a host name that the "
                    "organisation administers."
                ),
            ),
        },
    ),
    (
        "rejecting",
        {
            "fi": (
                "Vastausta ei tullut määräajassa",
                (
                    "Pyytämäämme täydennystä ei saatu määräajassa, eikä hakemusta voida "
                    "hyväksyä ilman sitä."
                ),
            ),
            "sv": (
                "Inget svar inom tidsfristen",
                (
                    "Den komplettering vi begärde kom inte in inom tidsfristen, och ansökan "
                    "kan inte godkännas utan den."
                ),
            ),
            "en": (
                "No answer in time",
                (
                    "The information we requested did not arrive by the deadline, and the "
                    "application cannot be approved without it."
                ),
            ),
        },
    ),
]


def put_first(apps, schema_editor):
    """Write the reasons that every installation begins with."""
    reason = apps.get_model("applications", "ReadyReason")
    version = apps.get_model("applications", "ReadyReasonVersion")
    for use, words in FIRST:
        spoken = {code: {"title": title, "text": text} for code, (title, text) in words.items()}
        made = reason.objects.create(use=use)
        version.objects.create(reason=made, number=1, words=spoken, at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_auditor"),
        ("applications", "0028_second_look"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadyReason",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "use",
                    models.CharField(
                        choices=[("asking", "Asking"), ("rejecting", "Rejecting")], max_length=10
                    ),
                ),
                ("used", models.PositiveIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ReadyReasonVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("words", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.person",
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="applications.readyreason",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("reason", "number"), name="reason_version_once")
                ],
            },
        ),
        migrations.RunPython(put_first, migrations.RunPython.noop),
    ]

"""Names of units."""

LONG = (
    "Järvi-Suomen hyvinvointialueen vammaispalvelujen asumisen tuen ja päiväaikaisen"
    " toiminnan tulosyksikkö"
)

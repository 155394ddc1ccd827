"""The contents of certificates: profile, order, plan, names, validity, lint and text. Pure."""

"""Identification over SAML, against an identity provider of its own process."""

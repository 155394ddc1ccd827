"""Identification over SAML 2.0, as Suomi.fi-tunnistus speaks it: our side, the service provider.

Own views over python3-saml; see docs/decisions/own-saml-service-provider.md.
"""

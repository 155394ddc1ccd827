"""Identification over SAML 2.0 with Suomi.fi-tunnistus; this service is the service provider.

Built on python3-saml with views of our own; see docs/decisions/own-saml-service-provider.md.
"""

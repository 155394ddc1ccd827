"""Identification over SAML 2.0 with Suomi.fi-tunnistus; this service is the service provider.

Built on lxml, xmlsec and cryptography; see docs/decisions/own-saml-service-provider.md.
"""

"""Builds and signs certificates, CRLs and OCSP responses with the signer that it is given."""

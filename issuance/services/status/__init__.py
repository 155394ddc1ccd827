"""The status of certificates: revocation lists and OCSP."""

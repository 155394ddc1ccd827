"""Published CA certificates, CRLs and OCSP responses: the files, and serving them over HTTP."""

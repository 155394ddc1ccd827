"""The register of approvers, kept with the CA's keys."""

"""The register of approvers, kept with the CA's keys, and proofs of approvals held against it."""

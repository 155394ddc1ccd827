"""Public pages: start, CSR check, revocation by key, feedback, eligibility."""

"""What an applicant or a technical contact does."""

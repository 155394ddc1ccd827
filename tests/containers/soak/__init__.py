"""The service in containers under people and relying parties for as long as is asked."""

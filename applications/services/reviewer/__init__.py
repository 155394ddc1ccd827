"""What a reviewer does."""

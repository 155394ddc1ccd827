"""The page of a case and every action on it."""

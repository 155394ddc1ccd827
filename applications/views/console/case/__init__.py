"""The page of a case and every act on it."""

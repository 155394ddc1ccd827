"""Mirror of the national registers that determine which organisations may get a certificate."""

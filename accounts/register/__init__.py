"""Mirror of the national registers that decide who may be certified."""

"""A payment gateway in place of a real one, with books of its own."""

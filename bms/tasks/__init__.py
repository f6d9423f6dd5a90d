"""Background loops. They use commands, queries, checkout, mail and payments, and know nothing of HTTP."""

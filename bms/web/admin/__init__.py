"""The admins' pages: who uses the service, what went wrong, and what is done about it."""

"""Messages and the transports that carry them. No database."""

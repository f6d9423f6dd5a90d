"""Mail: messages composed from templates, and the transports that carry them. No database."""

"""E-mail: messages composed from templates, and the transports that send them. No database."""

"""Background loops. They call commands and queries only."""

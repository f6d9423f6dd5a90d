"""Registers accounts, logs them in and out, and changes their profiles, passwords and roles."""

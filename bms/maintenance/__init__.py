"""Runs the command line's one-off jobs, such as loading demo data or creating an admin."""

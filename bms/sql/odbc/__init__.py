"""Drivers, connection strings and what drivers say when something fails."""

"""bms.http."""

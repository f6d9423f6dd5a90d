"""bms.security."""

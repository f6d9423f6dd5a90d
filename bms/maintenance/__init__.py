"""bms.maintenance."""

"""bms.commands.sales."""

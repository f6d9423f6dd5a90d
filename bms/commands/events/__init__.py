"""bms.commands.events."""

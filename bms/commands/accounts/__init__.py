"""bms.commands.accounts."""

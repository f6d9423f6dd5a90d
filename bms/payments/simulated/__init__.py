"""A simulated payment gateway, which moves no money and keeps its own ledger."""

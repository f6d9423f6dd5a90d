"""Payments: the interface of a gateway, a simulated gateway, and checks of payment details."""

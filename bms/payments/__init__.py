"""Payments: the gateway's interface, a simulated gateway, and what can be checked of payment details."""

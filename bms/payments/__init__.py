"""The payment gateway and its simulation. No database."""

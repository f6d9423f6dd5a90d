"""BMS: a ticket-booking service in which nothing is ever sold twice."""

__version__ = "0.2.0"

"""The buyers' half of the site: find an event, choose tickets, pay, show the ticket, cancel."""

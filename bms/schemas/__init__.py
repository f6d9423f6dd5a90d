"""The shape of requests and answers. No database."""

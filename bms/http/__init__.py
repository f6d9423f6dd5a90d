"""The HTTP layer that all endpoints share, from middleware to paging. Names no resource of the API."""

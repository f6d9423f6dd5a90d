"""A large database, and what the lists, searches and statistics of the API take on it."""

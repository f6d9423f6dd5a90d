"""Languages: their tags, their catalogues, and how each writes texts, times and amounts. No database."""

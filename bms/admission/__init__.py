"""Who may do what how often: proving who one is, and paying. The API and the site both pass through here."""

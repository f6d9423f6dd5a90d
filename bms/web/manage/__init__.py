"""The organiser's desk: their events, what is sold of them, and what they do about it."""

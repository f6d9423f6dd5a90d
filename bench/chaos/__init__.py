"""Random lives at a service while one fault strikes it, and the proof that nothing is lost."""

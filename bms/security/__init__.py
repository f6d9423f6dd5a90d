"""Who is calling, and the proof: identity, tokens, passwords."""

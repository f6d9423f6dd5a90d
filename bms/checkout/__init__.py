"""What a purchase does outside of any one transaction."""

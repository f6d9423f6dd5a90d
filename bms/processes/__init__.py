"""The processes of a service: who listens, who serves, who replaces the dead, and how all of them end."""

"""The API: one module a noun, its routes and nothing else."""

# The groups of operations in the API's description, in its order. Their names are part of the contract and do
# not follow a module's.
TAGS = {
    "health": "What operators and load balancers ask.",
    "users": "Accounts: registration, login, tokens, logout and the profile.",
    "venues": "Venues, which managers share; ``/locations`` is another name for the same list.",
    "categories": "Categories of events.",
    "events": "Events: the list, one event, and what its organiser does with it.",
    "event_cancellation": "Cancelling an event, and how far that has come.",
    "bookings": "Bookings: hold, list, show, cancel.",
    "payments": "Payments: claim, ask the gateway, settle.",
    "refunds": "Refunds: ask for one, show one.",
    "accounts": "Accounts: what admins do with them, a user's booking history, "
    "and the changing of a password.",
    "statistics": "The most sold events, and for an event's organiser its figures and who comes.",
    "notifications": "Notifications: list, read, send.",
    "reviews": "Reviews: post, list.",
    "metrics": "What Prometheus reads. Each server process answers for itself.",
    "docs": "The API's description, and the page that shows it: Swagger UI, from installed files alone.\n\n"
    "The page loads nothing from the internet and its policy forbids that it ever does (decision 12).",
}

"""The API: one module a noun, its routes and nothing else."""

# The groups of operations in the API's description, in its order. Their names are part of the contract and
# independent of the names of modules.
TAGS = {
    "health": "Health checks for operators and load balancers.",
    "users": "Accounts: registration, login, tokens, logout and the profile.",
    "venues": "Venues, shared by all managers. ``/locations`` is another name for the same list.",
    "categories": "Categories of events.",
    "events": "Events: list, show, create, change.",
    "event_cancellation": "Cancelling an event, and its progress.",
    "bookings": "Bookings: hold, list, show, cancel.",
    "payments": "Payments: pay, list, show.",
    "gateway": "What the payment gateway sends: notices of what became of payments.",
    "refunds": "Refunds: request, show.",
    "accounts": "Accounts: managing them, booking history, changing a password.",
    "statistics": "Best-selling events; for organisers the figures and the attendees of an event.",
    "notifications": "Notifications: list, read, send.",
    "reviews": "Reviews: post, list.",
    "metrics": "Figures for Prometheus. Each server process reports its own.",
    "docs": "The API's description and the page that shows it: Swagger UI, served from installed files.\n\n"
    "The page loads nothing from the internet, and its Content-Security-Policy forbids it (decision 12).",
}

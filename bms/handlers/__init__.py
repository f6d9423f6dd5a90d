"""The API: one module a noun, its routes and nothing else."""

# The groups of operations in the API's description, in its order. Their names are part of the contract and
# independent of the names of modules.
TAGS = {
    "health": "Health checks for operators and load balancers.",
    "users": "Accounts: registration, login, tokens, logout and the profile.",
    "venues": "Venues, shared by all managers.",
    "categories": "Categories of events.",
    "events": "Events: list, show, create, change.",
    "event_cancellation": "Cancelling an event, and its progress.",
    "seating_plans": "Seating plans: draw, check, import, publish.",
    "seating": "Seats of events: the plan of an event, and which seats are free.",
    "bookings": "Bookings: hold, list, show, cancel.",
    "payments": "Payments: pay, list, show.",
    "gateway": "What the payment gateway sends: notices of what became of payments.",
    "refunds": "Refunds: request, show.",
    "accounts": "Accounts: managing them, booking history, changing a password.",
    "statistics": "Best-selling events; for organisers the figures and the attendees of an event.",
    "notifications": "Notifications: list, read, send.",
    "reviews": "Reviews: post, list, report, remove.",
    "mails": "Mail that was given up: list, send again.",
    "audit": "The audit log: list.",
    "metrics": "Figures for Prometheus. Each server process reports its own.",
    "docs": "The API's description, a page that shows it, and what each problem means.",
}

"""Takes holds, payments and refunds through their transactions and asks the gateway in between."""

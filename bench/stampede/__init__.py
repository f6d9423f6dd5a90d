"""The stampede: more buyers than tickets, some of them slow, gone or late, and a sale that must be exact."""

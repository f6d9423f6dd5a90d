"""HTTP handlers, one module a resource: parse, one command or query, answer."""

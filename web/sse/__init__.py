"""Server-sent events: frames without I/O, and the response that writes them. It knows no GraphQL and no callers."""

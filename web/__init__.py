"""Floor 4, the front door and the only composition root: HTTP, SSE, GraphiQL, command line, settings.

It knows no SQL and holds no domain rule.
"""

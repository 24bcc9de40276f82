"""Documents that carry a route: plain HTTP is answered by them, and so by the same gates, plans and limits as GraphQL.

A file's first line says method and path, the next one what it does. ``table.py`` reads them.
"""

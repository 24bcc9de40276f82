"""GraphiQL, served from this process with no outside request; it knows paths and bytes, no schema, callers or settings.

The page is built from `src/` by `npm run build` (Node is needed only to change it); what is served is checked in under
`assets/`, compressed once. `graphiql_routes()` is all that the front door needs.
"""

from web.graphiql.routes import graphiql_routes

__all__ = ["graphiql_routes"]

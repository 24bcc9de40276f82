"""Floor 1, who is calling and what that role grants. It knows tokens and sessions, not HTTP and not GraphQL."""

"""Floor 2, what each field does: plain async functions over doors and ids. It knows no GraphQL, no HTTP and no SQL."""

"""Server-sent events: frames, the outlet that writes them, and graphql-sse in both modes. It judges no callers."""

"""Who is calling, and every way of not being that."""

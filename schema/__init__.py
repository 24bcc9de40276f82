"""Floor 3, the language spoken outside: types, directives, limits, and the executor. It knows no HTTP and no SQL."""

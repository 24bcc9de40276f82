"""Random operations by both executors, for as long as one likes: ``make fuzz``."""

"""Live operations: equal subscriptions executed once, however many clients follow them. It knows no connections."""

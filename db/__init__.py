"""Floor 0, every byte that outlives the process: tables, doors, pages, writes, the event log, the hub. It knows no
caller, no GraphQL and no HTTP.
"""

"""Seeded data: made-up tenants that look real, the same rows for the same seed. It knows no door and no password."""

from db.seed.load import Roles, TenantMade
from db.seed.seeding import EPOCH, SeedProgress, SeedReport, seed, seed_demo

__all__ = ["EPOCH", "Roles", "SeedProgress", "SeedReport", "TenantMade", "seed", "seed_demo"]

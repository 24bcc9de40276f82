"""How orders are spread over tenants."""

import pytest

from db.seed import EPOCH
from db.seed.plan import plan_tenants


def test_the_largest_tenant_holds_half_and_the_others_less_and_less() -> None:
    sizes = [plan.orders for plan in plan_tenants(1_000_000, 20, 1, EPOCH)]
    assert sum(sizes) == 1_000_000
    assert 500_000 <= sizes[0] < 500_100
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(("orders", "tenants"), [(1, 1), (2, 2), (3, 2), (25, 25), (30, 25)])
def test_the_smallest_seeds_give_each_tenant_an_order(orders: int, tenants: int) -> None:
    plans = plan_tenants(orders, tenants, 1, EPOCH)
    assert sum(plan.orders for plan in plans) == orders
    assert min(plan.orders for plan in plans) >= 1
    assert len({plan.slug for plan in plans}) == len({plan.tenant_id for plan in plans}) == tenants


@pytest.mark.parametrize(("orders", "tenants"), [(0, 1), (3, 0), (3, 4), (-1, 1)])
def test_a_seed_without_an_order_for_each_tenant_is_refused(orders: int, tenants: int) -> None:
    with pytest.raises(ValueError, match="at least one tenant"):
        plan_tenants(orders, tenants, 1, EPOCH)

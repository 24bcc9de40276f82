"""A statement is compiled once and takes new values by name ever after."""

import pytest
from sqlalchemy import Integer, Uuid, bindparam, literal, select

from db.statements import compile_statement
from db.tables import orders


def test_each_place_knows_the_name_of_its_value() -> None:
    statement = compile_statement(
        select(orders.c.id).where(orders.c.tenant_id == bindparam("tenant"), orders.c.total > bindparam("least"))
    )
    assert statement.sql.count("$") == 2
    assert list(statement.args({"least": 7, "tenant": "t"})) == ["t", 7]


def test_a_name_used_twice_is_given_once() -> None:
    tenant = bindparam("tenant", type_=Uuid(as_uuid=False))
    statement = compile_statement(select(orders.c.id).where(orders.c.tenant_id == tenant, orders.c.id != tenant))
    assert list(statement.args({"tenant": "t"})) == ["t"] * len(statement.names)


def test_a_value_that_is_missing_is_named() -> None:
    statement = compile_statement(select(orders.c.id).where(orders.c.tenant_id == bindparam("tenant")))
    with pytest.raises(KeyError, match="tenant"):
        statement.args({})


def test_a_value_fixed_at_build_time_need_not_be_given_and_can_be() -> None:
    statement = compile_statement(select(bindparam("limit", 5, type_=Integer)))
    assert list(statement.args({})) == [5]
    assert list(statement.args({"limit": 6})) == [6]


def test_a_value_in_the_element_is_sent_as_a_value_and_never_as_text() -> None:
    statement = compile_statement(select(orders.c.id).where(orders.c.status == literal("x'; DROP TABLE orders --")))
    assert "DROP" not in statement.sql
    assert list(statement.args({})) == ["x'; DROP TABLE orders --"]


def test_values_that_are_not_asked_for_are_left_out() -> None:
    statement = compile_statement(select(bindparam("one", type_=Integer)))
    assert list(statement.args({"one": 1, "two": 2})) == [1]

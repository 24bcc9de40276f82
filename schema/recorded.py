"""Which coordinates it takes a record to use: those that ask for more than the permission that reads their noun, and
what administers a tenant, where it is read.

A page of orders takes ``orders:read`` and is no news; a customer's email takes ``customers:pii`` and is.
"""

from collections.abc import Mapping

from graphql import GraphQLSchema

from schema.needs import Needs

ADMINISTERS = "admin:"


def recorded_coordinates(schema: GraphQLSchema, needs: Mapping[str, Needs]) -> frozenset[str]:
    """Fields, input fields and enum values. Root fields count only where they read what administers: a mutation is on
    record by what it changes.
    """
    plain = {permission for name, each in needs.items() if "." not in name for permission in each.permissions}
    changing = schema.mutation_type.name if schema.mutation_type is not None else ""
    reading = {kind.name for kind in (schema.query_type, schema.subscription_type) if kind is not None}
    found = set()
    for coordinate, each in needs.items():
        owner, _, name = coordinate.partition(".")
        if owner in reading:
            news = any(permission.startswith(ADMINISTERS) for permission in each.permissions)
        else:
            news = owner != changing and bool(set(each.permissions) - plain)
        if name and news:
            found.add(coordinate)
    return frozenset(found)

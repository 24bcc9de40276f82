"""What is fit to be registered, and what is wrong with the rest."""

from auth.permissions import SYSTEM_ROLES, PermissionSet
from schema.documents import document_id
from schema.manifests import Entry
from schema.publishing import Examiner, Problem
from schema.root import schema

CORE = schema()._schema
ORDERS = "query Orders { orders(first: 5) { nodes { number } } }"
EMAILS = "query Emails { customers { nodes { id email } } }"
PARTNER, VIEWER = (PermissionSet.of(SYSTEM_ROLES[each]) for each in ("partner", "viewer"))


def problems(text: str, examiner: Examiner | None = None, id: str | None = None) -> list[str]:
    drafts, found = (examiner or Examiner(CORE)).examine([Entry("q", text, id)])
    assert bool(drafts) != bool(found)
    return [each.message for each in found]


def test_a_document_is_known_by_its_hash_and_what_it_names() -> None:
    (draft,), found = Examiner(CORE).examine([Entry("a", ORDERS), Entry("b", ORDERS, document_id(ORDERS))])
    assert (found, draft.id, draft.text) == ([], document_id(ORDERS), ORDERS)
    assert draft.operations == ["query Orders"]
    assert {"Query.orders", "Query.orders(first:)", "Order.number"} <= {*draft.coordinates}


def test_what_does_not_fit_the_schema_or_the_limits_is_told_where_it_stands() -> None:
    _, found = Examiner(CORE).examine([Entry("a", "{ nothing }"), Entry("b", "{"), Entry("c", ORDERS)])
    assert [each.where for each in found] == ["a", "b"]
    assert isinstance(found[0], Problem)
    assert problems("{" + " ".join(f"x{n}: __typename" for n in range(40)) + "}")


def test_another_hash_than_the_texts_is_a_problem() -> None:
    assert "SHA-256" in problems(ORDERS, id="0" * 64)[0]


def test_a_role_that_would_see_null_or_be_refused_is_a_problem() -> None:
    assert problems(EMAILS, Examiner(CORE, permissions=VIEWER)) == [
        "Customer.email would be null: the role lacks customers:pii."
    ]
    assert not problems(EMAILS, Examiner(CORE, permissions=VIEWER, nulls=True))
    assert any("would refuse it" in each for each in problems(EMAILS, Examiner(CORE, permissions=PARTNER, nulls=True)))


def test_what_stands_under_a_condition_is_judged_whatever_it_says() -> None:
    text = "query Q($x: Boolean!) { customers { nodes { id email @skip(if: $x) } } }"
    assert problems(text, Examiner(CORE, permissions=VIEWER))


def test_what_costs_too_much_whatever_its_variables_say_is_a_problem() -> None:
    text = "query Q($n: Int!) { customers(first: $n) { nodes { orders(first: 100) { nodes { items { id } } } } } }"
    dear = text.replace("first: $n", "first: 100").replace("($n: Int!)", "")
    assert not problems(text)
    assert "is allowed" in problems(dear)[0]

"""What a request says of its sender."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from auth.authenticate import Credentials
from auth.errors import AmbiguousCredentials, Unauthenticated
from web.body import fields_of
from web.credentials import credentials_of, has_csrf_header, needs_csrf
from web.settings import Settings

_GET = {"method": "GET", "query_string": b""}


def request(*headers: tuple[str, str]) -> Request:
    app = Starlette()
    app.state.settings = Settings(environment="production")
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return Request({"type": "http", "scheme": "https", "server": ("h", 443), "headers": raw, "app": app, **_GET})


def of(request: Request) -> Credentials:
    return credentials_of(request.scope, fields_of(request.scope))


def test_a_request_without_credentials_has_none() -> None:
    credentials = of(request(("Accept", "*/*"), ("Cookie", "theme=dark; tidegate=x")))
    assert credentials == Credentials(None, None, None)
    assert not needs_csrf(credentials)


@pytest.mark.parametrize("header", ["Bearer abc.def-_~+/=", "bearer abc.def-_~+/=", "BEARER  abc.def-_~+/= "])
def test_a_bearer_token_is_taken_whole(header: str) -> None:
    assert of(request(("Authorization", header))).bearer == "abc.def-_~+/="


def test_the_session_comes_from_its_cookie_among_others() -> None:
    credentials = of(request(("Cookie", 'a=b; __Host-tidegate="secret" ;c=d; broken'), ("X-Tenant", " acme ")))
    assert credentials == Credentials(None, "secret", "acme")
    assert needs_csrf(credentials)


def test_a_token_goes_before_a_cookie_and_needs_no_proof() -> None:
    credentials = of(request(("Authorization", "Bearer t"), ("Cookie", "__Host-tidegate=s")))
    assert credentials == Credentials("t", None, None)
    assert not needs_csrf(credentials)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer a,b", "Bearer é", "abc", "Bearer\ta", 'Bearer "a"'],
)
def test_an_authorization_that_is_no_bearer_token_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated, match="Bearer <token>") as refused:
        of(request(("Authorization", header), ("Cookie", "__Host-tidegate=s")))
    assert refused.value.code == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer a"), ("Authorization", "Bearer b")],
        [("Authorization", "Bearer a"), ("Authorization", "Bearer a")],
        [("X-Tenant", "acme"), ("X-Tenant", "globex")],
        [("Cookie", "__Host-tidegate=a; __Host-tidegate=b")],
        [("Cookie", "__Host-tidegate=a"), ("Cookie", "__Host-tidegate=b")],
    ],
)
def test_what_is_given_twice_is_a_bad_request(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(AmbiguousCredentials) as refused:
        of(request(*headers))
    assert refused.value.code == "BAD_REQUEST"
    assert "Bearer" not in refused.value.message


def test_an_empty_cookie_is_no_session() -> None:
    assert of(request(("Cookie", "__Host-tidegate="))).session is None


def test_a_comma_makes_no_two_of_one() -> None:
    assert of(request(("X-Tenant", "acme, globex"))).tenant_slug == "acme, globex"


@pytest.mark.parametrize("first", ["", "acme"])
def test_a_tenant_that_is_given_again_as_nothing_is_given_twice(first: str) -> None:
    with pytest.raises(AmbiguousCredentials):
        of(request(("X-Tenant", first), ("X-Tenant", "")))


def test_an_empty_tenant_is_a_choice_that_will_be_refused() -> None:
    assert of(request(("X-Tenant", ""))).tenant_slug == ""


@pytest.mark.parametrize(
    ("header", "counts"),
    [(("X-Tidegate-Csrf", "1"), True), (("X-Tidegate-Csrf", "yes"), False), (("Apollo-Require-Preflight", "x"), True),
     (("Apollo-Require-Preflight", ""), False), (("X-Requested-With", "x"), False)],
)  # fmt: skip
def test_a_proof_of_meaning_it_is_one_of_two_headers(header: tuple[str, str], counts: bool) -> None:
    assert has_csrf_header(request(header)) is counts

"""The two routes of GraphiQL: the page, always asked anew, and its assets, whose names change with their content."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from web.graphiql import bundle

# Monaco and the menus write <style> elements of their own, hence 'unsafe-inline' for styles; scripts get no exception.
_POLICY = (
    "default-src 'self'; script-src 'self'; connect-src 'self'; worker-src 'self'; font-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ASSET_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


def graphiql_routes() -> list[BaseRoute]:
    """`GET /graphiql` and `GET /graphiql/assets/{name}`, for the front door's route table. HEAD works too."""
    return [
        Route("/graphiql", _serve_page, methods=["GET"], name="graphiql"),
        Route("/graphiql/assets/{name}", _serve_asset, methods=["GET"], name="graphiql-asset"),
    ]


# Neither endpoint is async: Starlette runs both in a thread, where the first reading of a file holds nobody up.
def _serve_page(request: Request) -> Response:
    page = bundle.page()
    headers = {**_PAGE_HEADERS, "ETag": f'"{page.digest}"'}
    if _has_current(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(page.body, media_type="text/html; charset=utf-8", headers=headers)


def _serve_asset(request: Request) -> Response:
    asset = bundle.asset(request.path_params["name"])
    if asset is None:
        return PlainTextResponse("Not found\n", status_code=404, headers={"Cache-Control": "no-store"})
    compressed = _takes_gzip(request.headers.get("accept-encoding", ""))
    headers = {**_ASSET_HEADERS, "ETag": f'"{asset.digest}{"-gzip" if compressed else ""}"'}
    if _has_current(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.compressed if compressed else asset.plain(), media_type=asset.media_type, headers=headers)


def _has_current(request: Request, etag: str) -> bool:
    """Whether If-None-Match names this entity (RFC 9110 13.1.2, weak comparison)."""
    offered = request.headers.get("if-none-match", "")
    tags = [tag.strip().removeprefix("W/") for tag in offered.split(",")]
    return etag in tags or tags == ["*"]


def _takes_gzip(accept_encoding: str) -> bool:
    """Whether the header admits gzip (RFC 9110 12.5.3): named or starred, and not with a weight of zero."""
    weights: dict[str, str] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.partition(";")
        weights[coding.strip()] = parameter.replace(" ", "").removeprefix("q=")
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", "0")))
    return weight.rstrip("0.") != "" or weight == ""

"""The metrics tell of each upstream how it is, and what became of the calls."""

from joserfc import jwt
from joserfc.jwk import ECKey

from auth.issuers import Issuer
from db.breaker import Outcome
from tests.support.database import Dsns
from tests.support.redis import RedisServer
from tests.support.server import serving, settings_for
from tests.support.waiting import until_answered

ISSUER = Issuer(issuer="http://127.0.0.1:1", audience="tides")
"""Where nobody listens."""


async def test_a_redis_that_goes_and_comes_back_shows_and_providers_are_there_from_the_beginning(
    dsns: Dsns, redis_apart: RedisServer
) -> None:
    async with serving(settings_for(dsns, redis_url=redis_apart.url, issuers=(ISSUER,))) as front:

        async def told() -> dict[str, float]:
            lines = (await front.client.get("/metrics")).text.splitlines()
            pairs = (line.rpartition(" ") for line in lines if line.startswith("tidegate_upstream_"))
            return {name: float(value) for name, _, value in pairs}

        async def state() -> float:
            return (await told())['tidegate_upstream_state{upstream="redis"}']

        found = await told()
        for upstream in ("redis", "127.0.0.1:1"):
            assert found[f'tidegate_upstream_state{{upstream="{upstream}"}}'] == 0
            for outcome in Outcome:
                assert f'tidegate_upstream_calls_total{{outcome="{outcome}",upstream="{upstream}"}}' in found
        redis_apart.kill()

        async def goes() -> bool:
            await front.client.post("/graphql", json={"query": "{ __typename }"})
            return await state() > 0

        await until_answered(goes)
        redis_apart.start()

        async def is_back() -> bool:
            return await state() == 0

        await until_answered(is_back)
        assert (await told())['tidegate_upstream_calls_total{outcome="failed",upstream="redis"}'] >= 3


async def test_whose_issuer_is_away_is_told_to_come_back_at_once_when_that_is_known(dsns: Dsns) -> None:
    key = ECKey.generate_key("P-256")
    async with serving(settings_for(dsns, issuers=(ISSUER,))) as front:
        for number in range(5):
            token = jwt.encode({"alg": "ES256"}, {"iss": ISSUER.issuer, "jti": f"{number}"}, key, algorithms=["ES256"])
            answer = await front.post("{ __typename }", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 503
            assert answer.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
            assert int(answer.headers["retry-after"]) >= 2
        told = (await front.client.get("/metrics")).text
    assert 'tidegate_upstream_state{upstream="127.0.0.1:1"} 0.0' not in told
    assert 'tidegate_upstream_calls_total{outcome="failed",upstream="127.0.0.1:1"} 5.0' in told

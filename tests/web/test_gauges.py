"""What is read when somebody looks, and the files of docs/deploy/ that are made of it."""

import json
import re
from collections.abc import Mapping

import pytest

from db.documents import Terms
from db.tasks import JOBS
from tests.db.test_documents import draft
from tests.house.source import ROOT
from tests.support.members import person
from tests.support.server import Front

DEPLOY = ROOT / "docs" / "deploy"
_SERIES = re.compile(r"\b(?:tidegate|process)_[a-z_]+\b")
_LABELS = re.compile(r'\b(?:by|without) \(([a-z_, ]+)\)|([a-z_]+)(?:=~|!~|!=|=)"')
PROMETHEUS = {"instance", "job", "le"}
"""Labels that Prometheus adds."""


def sample(front: Front, name: str, **labels: str) -> float:
    return front.app.state.metrics.registry.get_sample_value(f"tidegate_{name}", labels) or 0.0


def expressions() -> Mapping[str, str]:
    """What the alerts and the dashboard ask, by where it stands."""
    alerts = re.findall(r"- alert: (\w+)\n +expr: (.+)", (DEPLOY / "alerts.yml").read_text(encoding="utf-8"))
    panels = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))["panels"]
    asked = {f"{panel['title']}: {each['refId']}": each["expr"] for panel in panels for each in panel["targets"]}
    return {**dict(alerts), **asked}


async def test_every_series_and_label_of_the_alerts_and_the_dashboard_is_there(front: Front) -> None:
    await front.post("{ orders(first: 1) { totalCount } }", headers=await front.bearer())
    there: set[str] = set()
    labels = set(PROMETHEUS)
    for family in front.app.state.metrics.registry.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        there |= {family.name + suffix for suffix in suffixes}
        labels |= {name for each in family.samples for name in each.labels}
    told = (await front.client.get("/metrics")).text
    asked = expressions()
    assert len(asked) > 30
    unknown = {where: set(_SERIES.findall(text)) - there for where, text in asked.items()}
    assert not {where: names for where, names in unknown.items() if names}
    series = {name.removesuffix("_bucket") for text in asked.values() for name in _SERIES.findall(text)}
    assert not [name for name in series if f"# TYPE {name} " not in told]
    named = {name.strip() for text in asked.values() for a, b in _LABELS.findall(text) for name in (a or b).split(",")}
    assert named - labels <= {"document", "upstream"}  # only where a document was used, and an upstream is set


@pytest.mark.parametrize("alert", ["summary", "look"])
def test_every_alert_says_what_is_wrong_and_where_to_look(alert: str) -> None:
    text = (DEPLOY / "alerts.yml").read_text(encoding="utf-8")
    assert len(re.findall(rf"^ +{alert}: \S", text, re.MULTILINE)) == text.count("- alert: ")


async def test_work_in_the_background_is_counted_by_outcome(front: Front) -> None:
    before = sample(front, "jobs_total", task="document_uses", outcome="done")
    front.app.state.uses.note("0" * 64, "1" * 32, 0.1)
    await front.app.state.uses.settle()
    assert sample(front, "jobs_total", task="document_uses", outcome="done") == before + 1
    assert (await front.client.get("/health/ready")).status_code == 200
    assert sample(front, "jobs_total", task="isolation", outcome="done") > 0
    shown = (await front.client.get("/metrics")).text
    assert all(f'tidegate_jobs_total{{outcome="failed",task="{job}"}}' in shown for job in JOBS)


async def test_connections_and_kept_documents_are_told(front: Front) -> None:
    headers = await front.bearer()
    before = sample(front, "documents_prepared_total")
    await front.post("{ orders(first: 1) { nodes { gauges: id } } }", headers=headers)
    assert sample(front, "documents_prepared_total") > before
    assert sample(front, "documents_kept") > 0
    assert sample(front, "documents_kept_bytes") > 1_000
    assert sample(front, "pool_size") == front.database.pool.size
    assert (sample(front, "pool_in_use"), sample(front, "pool_waiting")) == (0, 0)
    slot = await front.database.pool.lend((await person(front)).tenant.hex)
    assert sample(front, "pool_in_use") == 1
    front.database.pool.take_back(slot)


async def test_registered_documents_are_told_by_their_ids_and_no_others(front: Front) -> None:
    one = draft("{ orders(first: 1) { nodes { registered: id } } }")
    await front.database.directory.documents.publish([one], Terms("tests"))
    headers = await (await person(front)).bearer()
    for _ in range(3):
        answer = await front.client.post("/graphql", json={"documentId": f"sha256:{one.id}"}, headers=headers)
        assert "data" in answer.json()
    await front.post("{ orders(first: 1) { nodes { adHoc: id } } }", headers=headers)
    await front.app.state.uses.settle()
    assert sample(front, "document_uses_total", document=one.id) == 3
    assert sample(front, "document_seconds_count", document=one.id) == 3
    assert sample(front, "document_seconds_bucket", document=one.id, le="+Inf") == 3
    assert 0 < sample(front, "document_seconds_sum", document=one.id) < 30


async def test_errors_of_what_ran_are_told_by_code(front: Front) -> None:
    headers = await front.bearer("viewer")
    before = sample(front, "graphql_errors_total", code="FORBIDDEN")
    answer = await front.post("{ customers(first: 2) { nodes { email name } } }", headers=headers)
    assert answer.json()["data"]["customers"]["nodes"]
    assert {each["extensions"]["code"] for each in answer.json()["errors"]} == {"FORBIDDEN"}
    assert sample(front, "graphql_errors_total", code="FORBIDDEN") == before + 1

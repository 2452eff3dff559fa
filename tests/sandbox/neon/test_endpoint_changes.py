"""A compute's name, size and suspend timeout changed through the API."""

import pytest

from tests.sandbox.neon.driver import Driver, ok, refusal, write


async def _endpoint(project: Driver) -> str:
    (endpoint,) = (await project.get("/endpoints"))["endpoints"]
    path: str = f"/endpoints/{endpoint['id']}"
    return path


async def test_what_is_changed_is_given_back_and_the_rest_stays(project: Driver) -> None:
    path = await _endpoint(project)
    wanted = {"name": "checkout", "autoscaling_limit_max_cu": 2, "suspend_timeout_seconds": 600}
    idle = ok(await project.call("PATCH", path, {"endpoint": wanted}))
    assert idle["operations"] == []
    await write(project.dsn, 1)
    await project.quiet()
    running = ok(await project.call("PATCH", path, {"endpoint": {"autoscaling_limit_min_cu": 1}}))
    assert [operation["action"] for operation in running["operations"]] == ["apply_config"]
    await project.finished(running)
    endpoint = (await project.get(path))["endpoint"]
    assert {name: endpoint[name] for name in wanted} == wanted
    assert endpoint["autoscaling_limit_min_cu"] == 1


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"autoscaling_limit_min_cu": 4, "autoscaling_limit_max_cu": 2}, 400),
        ({"suspend_timeout_seconds": 5}, 400),
        ({"branch_id": "br-another-branch-1"}, 400),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(
    project: Driver, wanted: dict[str, object], status: int
) -> None:
    answer = await project.call("PATCH", await _endpoint(project), {"endpoint": wanted})
    assert refusal(answer)[0] == status


async def test_the_suspend_timeout_is_fixed_on_the_free_plan(project: Driver) -> None:
    await project.settings(plan="free")
    body = {"endpoint": {"suspend_timeout_seconds": 600}}
    assert refusal(await project.call("PATCH", await _endpoint(project), body))[0] == 412

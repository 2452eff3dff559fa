"""apps.connections.open: the way into Socket Mode."""

from bot.sandbox.slack.web_api.call import Arguments, Family
from bot.sandbox.slack.world import Json, World

connections = Family()


@connections.method("apps.connections.open", for_app_token=True)
def open_connection(world: World, _args: Arguments) -> Json:
    """The URL lets one socket in, once, within 30 s."""
    address = world.url.removeprefix("http://")
    return {"url": f"ws://{address}/link/?ticket={world.passes.issue_ticket()}&app_id={world.app_id}"}

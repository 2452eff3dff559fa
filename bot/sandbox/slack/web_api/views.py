"""views.*: modals, their stack of three, and App Home."""

from bot.sandbox.slack.limits import MODALS_IN_A_STACK
from bot.sandbox.slack.passes import PassRefused, Trigger
from bot.sandbox.slack.web_api.call import TIER_4, ApiError, Arguments, Family
from bot.sandbox.slack.web_api.content import checked_view, view_object
from bot.sandbox.slack.world import Json, View, World

views = Family()


@views.method("views.open", required="trigger_id view", per_minute=TIER_4)
def open_view(world: World, args: Arguments) -> Json:
    """Starts a new stack; assumed: a modal of the same app that is still open gives way."""
    content = _modal(world, args)
    trigger = _trigger(world, args)
    world.close_stack(trigger.user)
    return {"view": view_object(world, world.push_view(trigger.user, content))}


@views.method("views.push", required="trigger_id view", per_minute=TIER_4)
def push(world: World, args: Arguments) -> Json:
    content = _modal(world, args)
    trigger = _trigger(world, args)
    stack = world.stacks.get(trigger.user, [])
    if trigger.view_id is None or trigger.view_id not in {view.id for view in stack}:
        raise ApiError("not_found")
    if len(stack) >= MODALS_IN_A_STACK:
        raise ApiError("push_limit_reached")
    return {"view": view_object(world, world.push_view(trigger.user, content))}


@views.method("views.update", required="view", optional="view_id external_id hash", per_minute=TIER_4)
def update(world: World, args: Arguments) -> Json:
    view = _open_view(world, args)
    content = checked_view(args.structure("view", "invalid_arguments"), (view.content["type"],))
    _refuse_taken_external_id(world, content, view)
    if "hash" in args and args.text("hash") != view.hash:
        raise ApiError("hash_conflict")
    world.replace_view(view, content)
    return {"view": view_object(world, view)}


@views.method("views.publish", required="user_id view", optional="hash", per_minute=TIER_4)
def publish(world: World, args: Arguments) -> Json:
    user = args.text("user_id")
    content = checked_view(args.structure("view", "invalid_arguments"), ("home",))
    if user not in world.people:
        raise ApiError("invalid_arguments", ["invalid `user_id` [json-pointer:/user_id]"])
    if world.manifest is not None and not world.manifest.home_enabled:
        raise ApiError("not_enabled")
    current = world.homes.get(user)
    if "hash" in args and current is not None and args.text("hash") != current.hash:
        raise ApiError("hash_conflict")
    return {"view": view_object(world, world.publish_home(user, content))}


def _modal(world: World, args: Arguments) -> Json:
    content = checked_view(args.structure("view", "invalid_arguments"), ("modal",))
    _refuse_taken_external_id(world, content, None)
    return content


def _trigger(world: World, args: Arguments) -> Trigger:
    try:
        return world.passes.use_trigger(args.text("trigger_id"))
    except PassRefused as refused:
        raise ApiError(str(refused)) from None


def _open_view(world: World, args: Arguments) -> View:
    if "view_id" in args:
        view = world.view(args.text("view_id"))
    elif "external_id" in args:
        wanted = args.text("external_id")
        view = next((one for one in world.open_views() if one.content.get("external_id") == wanted), None)
    else:
        raise ApiError("invalid_arguments", ["missing required field: view_id"])
    if view is None:
        raise ApiError("not_found")
    return view


def _refuse_taken_external_id(world: World, content: Json, updated: View | None) -> None:
    wanted = content.get("external_id")
    others = [view for view in world.open_views() if view is not updated]
    if wanted and any(view.content.get("external_id") == wanted for view in others):
        raise ApiError("duplicate_external_id")

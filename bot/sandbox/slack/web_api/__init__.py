"""The Web API methods this workspace answers, one file per family."""

from bot.sandbox.slack.web_api.chat import chat
from bot.sandbox.slack.web_api.connections import connections
from bot.sandbox.slack.web_api.conversations import conversations
from bot.sandbox.slack.web_api.files import files
from bot.sandbox.slack.web_api.people import people
from bot.sandbox.slack.web_api.views import views

METHODS = {
    method.name: method
    for family in (chat, connections, conversations, files, people, views)
    for method in family.methods
}

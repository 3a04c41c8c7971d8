"""Greets whoever says its name: `my name is Ada` is answered with `Hello, Ada!`."""

from wit_world import exports
from wit_world.exports.lifecycle import Activation, Activation_AnyOf, Condition_UserTextContains, Description
from wit_world.exports.strategy import Outcome
from wit_world.imports import request

from name import name_in
from standin import PASS, reply, setting

greeting = "Hello"


class Lifecycle(exports.Lifecycle):
    def describe(self) -> Description:
        return Description("{{name}}", "0.1.0", "Greets whoever says its name", settings_schema="")

    def configure(self) -> Activation:
        """Reads the settings, and says when the server has to ask: all other requests are answered without a call."""
        global greeting
        greeting = setting("greeting", "Hello")
        return Activation_AnyOf([Condition_UserTextContains("my name is ")])


class Strategy(exports.Strategy):
    def respond(self) -> Outcome:
        name = name_in(request.last_user_text() or "")
        return reply(f"{greeting}, {name}!") if name else PASS

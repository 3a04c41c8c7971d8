"""A support desk that follows a script: it asks for the order, looks it up with the client's own tool, offers a refund or a
replacement, and closes the ticket. Where a conversation stands is kept in `state`, apart for each session."""

import json
import re

from wit_world import exports
from wit_world.exports.lifecycle import Activation, Activation_Always, Description
from wit_world.exports.strategy import Outcome, Outcome_Reply
from wit_world.imports import context, request, state
from wit_world.imports.types import Content_ToolResult, Event_ToolCall, Reply, ToolCall

from standin import reply

TOOL = "look_up_order"


class Lifecycle(exports.Lifecycle):
    def describe(self) -> Description:
        return Description("support-desk", "0.1.0", "A support agent with a script and a memory", settings_schema="")

    def configure(self) -> Activation:
        return Activation_Always()


class Strategy(exports.Strategy):
    def respond(self) -> Outcome:
        step = STEPS[state.get("step") or "greet"]
        return step((request.last_user_text() or "").lower())


def greet(_: str) -> Outcome:
    state.set("step", "ask_order")
    return reply("This is the support desk. What is your order number?")


def ask_order(text: str) -> Outcome:
    found = re.search(r"\b\d{6}\b", text)
    if not found:
        return reply("An order number has six digits. What is yours?")
    state.set("order", found[0])
    if any(tool.name == TOOL for tool in request.list_tools()):
        state.set("step", "read_result")
        return call(TOOL, order=found[0])
    return offer("")


def read_result(_: str) -> Outcome:
    last = request.message_at(request.message_count() - 1)
    results = [part.value.content for part in last.content if isinstance(part, Content_ToolResult)]
    return offer(f" ({results[0]})" if results else "")


def offer(found: str) -> Outcome:
    state.set("step", "choose")
    return reply(f"I have order {state.get('order')}{found}. Would you like a refund or a replacement?")


def choose(text: str) -> Outcome:
    choice = next((it for it in ("refund", "replacement") if it in text), None)
    if not choice:
        return reply("I can offer a refund or a replacement. Which shall it be?")
    state.set("step", "close")
    return reply(f"Your {choice} for order {state.get('order')} is on its way. The ticket is T-{context.random() % 10000:04}.")


def close(_: str) -> Outcome:
    state.delete("step")
    return reply("This conversation is closed. Say hello to open another.")


STEPS = {step.__name__: step for step in (greet, ask_order, read_result, choose, close)}


def call(name: str, **arguments: str) -> Outcome:
    tool_call = ToolCall(None, "function", name, json.dumps(arguments))
    return Outcome_Reply(Reply([Event_ToolCall(tool_call)], None, None, None, None, None, []))

"""Compares JSON with the SDK's own pydantic types, more strictly than the SDK does.

The SDKs construct their models without validation, so a body that lacks half of its keys passes unnoticed. Here an
unknown key, a missing key, a wrong type and a wrong literal are all complaints, at any depth.
"""

import types
import typing
from datetime import datetime

from pydantic import BaseModel, TypeAdapter, ValidationError

# Keys that the SDK's type declares with a default and that the provider leaves out as well. Everything else has to be
# sent, as null if there is nothing to say.
MAY_BE_MISSING = {
    "ChatCompletion.metadata": "only for stored completions",
    "ChatCompletion.moderation": "only when the request asks for moderation",
    "ChatCompletionMessage.audio": "only for audio output",
    "ChatCompletionMessage.function_call": "deprecated in favour of tool_calls",
    "ChatCompletionMessage.tool_calls": "only when tools are called",
    "ChatCompletionChunk.moderation": "only when the request asks for moderation",
    "ChatCompletionChunk.obfuscation": "padding against side channels, can be switched off",
    "ChatCompletionChunk.usage": "only with stream_options.include_usage",
    "ChoiceDelta.audio": "a delta carries what is new",
    "ChoiceDelta.content": "a delta carries what is new",
    "ChoiceDelta.function_call": "a delta carries what is new",
    "ChoiceDelta.refusal": "a delta carries what is new",
    "ChoiceDelta.role": "a delta carries what is new",
    "ChoiceDelta.tool_calls": "a delta carries what is new",
    "ChoiceDeltaToolCall.id": "only in the first delta of a call",
    "ChoiceDeltaToolCall.type": "only in the first delta of a call",
    "ChoiceDeltaToolCallFunction.name": "only in the first delta of a call",
    "CompletionTokensDetails.text_tokens": "only for audio models; unknown to openai-node",
    "PromptTokensDetails.cache_write_tokens": "only for models with explicit caching",
    "PromptTokensDetails.image_tokens": "only for audio models; unknown to openai-node",
    "PromptTokensDetails.text_tokens": "only for audio models; unknown to openai-node",
    "Model.shutdown_date": "only for models that will be shut down; unknown to openai-node",
    "ToolUseBlock.toolset_name": "only for members of a toolset",
}

# Keys that Python declares Optional because they may be missing, while the provider never sends null: the TypeScript
# types tell the two apart.
NEVER_NULL = {
    "ChatCompletion.system_fingerprint",
    "ChatCompletion.usage",
    "ChatCompletionChunk.system_fingerprint",
    "ChatCompletionMessage.annotations",
    "ChatCompletionMessage.tool_calls",
    "ChoiceDelta.role",
    "ChoiceDelta.tool_calls",
    "ChoiceDeltaToolCall.function",
    "ChoiceDeltaToolCall.id",
    "ChoiceDeltaToolCall.type",
    "ChoiceDeltaToolCallFunction.arguments",
    "ChoiceDeltaToolCallFunction.name",
    "CompletionTokensDetails.accepted_prediction_tokens",
    "CompletionTokensDetails.audio_tokens",
    "CompletionTokensDetails.reasoning_tokens",
    "CompletionTokensDetails.rejected_prediction_tokens",
    "CompletionUsage.completion_tokens_details",
    "CompletionUsage.prompt_tokens_details",
    "PromptTokensDetails.audio_tokens",
    "PromptTokensDetails.cached_tokens",
    "ToolUseBlock.caller",
}


def check(kind, value) -> None:
    """Fails the test with every complaint about `value` as a `kind`."""
    found = complaints(kind, value, getattr(kind, "__name__", "value"))
    assert not found, "\n".join([*found, f"in {value!r}"])


def complaints(kind, value, at: str) -> list[str]:
    while isinstance(kind, typing.TypeAliasType if hasattr(typing, "TypeAliasType") else ()):
        kind = kind.__value__
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)

    if origin is typing.Annotated:
        return complaints(arguments[0], value, at)
    if origin in (typing.Union, types.UnionType):
        return complaints_of_union(arguments, value, at)
    if origin is typing.Literal:
        fits = any(value == option and type(value) is type(option) for option in arguments)
        return [] if fits else [f"{at}: {value!r} is none of {arguments}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{at}: {value!r} is not an array"]
        return [c for i, item in enumerate(value) for c in complaints(arguments[0], item, f"{at}[{i}]")]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{at}: {value!r} is not an object"]
        return [c for key, item in value.items() for c in complaints(arguments[1], item, f"{at}[{key!r}]")]
    if kind in (object, typing.Any):
        return []
    if kind is datetime:
        return complaints_of_instant(value, at)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return complaints_of_model(kind, value, at)
    if kind is float:
        kind = (int, float)
    if kind in (type(None), str, int, bool) or isinstance(kind, tuple):
        fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        return [] if fits else [f"{at}: {value!r} is not a {kind}"]
    raise NotImplementedError(f"{at}: teach strict.py the type {kind!r}")


def complaints_of_model(model, value, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {value!r} is not an object ({model.__name__})"]
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    found = [f"{at}: unknown key {key!r} ({model.__name__})" for key in value if key not in fields]
    for key, field in fields.items():
        name = f"{model.__name__}.{key}"
        if key not in value:
            if field.is_required() or name not in MAY_BE_MISSING:
                found.append(f"{at}: missing key {key!r} ({model.__name__})")
        elif value[key] is None and name in NEVER_NULL:
            found.append(f"{at}.{key}: is null, which the provider never sends ({model.__name__})")
        else:
            found += complaints(field.annotation, value[key], f"{at}.{key}")
    return found


def complaints_of_union(members, value, at: str) -> list[str]:
    members = [inner for member in members for inner in flattened(member)]
    if isinstance(value, dict):
        models = [member for member in members if isinstance(member, type) and issubclass(member, BaseModel)]
        tagged = [model for model in models if tags_match(model, value)]
        if models and not tagged:
            names = [model.__name__ for model in models]
            return [f"{at}: type {value.get('type')!r} belongs to none of {names}"]
        members = tagged or members
    return min((complaints(member, value, at) for member in members), key=len)


def flattened(kind) -> list:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return flattened(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return [inner for argument in arguments for inner in flattened(argument)]
    return [kind]


def tags_match(model, value: dict) -> bool:
    field = model.model_fields.get("type")
    if field is None or typing.get_origin(field.annotation) is not typing.Literal:
        return True
    return value.get("type") in typing.get_args(field.annotation)


def complaints_of_instant(value, at: str) -> list[str]:
    try:
        if not isinstance(value, str) or TypeAdapter(datetime).validate_python(value).tzinfo is None:
            return [f"{at}: {value!r} is not an RFC 3339 instant"]
    except ValidationError:
        return [f"{at}: {value!r} is not an RFC 3339 instant"]
    return []

"""Compares JSON with the SDK's own pydantic types, more strictly than the SDK does.

The SDKs construct their models without validation, so a body that lacks half of its keys passes unnoticed. Here an
unknown key, a missing key, a wrong type and a wrong literal are all complaints, at any depth.

With `STANDIN_STRICT=missing` only a missing key that the type requires is one: that is for SDKs of an older generation,
which cannot know what has been added since.
"""

import os
import types
import typing
from datetime import datetime

from pydantic import BaseModel, TypeAdapter, ValidationError

ONLY_MISSING = os.environ.get("STANDIN_STRICT") == "missing"

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
    "Response.completed_at": "only when the response is completed",
    "Response.conversation": "only within a conversation",
    "Response.image": "only for image output",
    "Response.input_transformations": "unknown to openai-node",
    "Response.moderation": "only when the request asks for moderation",
    "Response.prompt": "only when the request names a prompt template",
    "Response.prompt_cache_diagnostics": "only when the request asks for it",
    "Response.prompt_cache_key": "only when the request has one",
    "Response.prompt_cache_options": "only for models with explicit caching",
    "Response.prompt_cache_retention": "only when the request has one",
    "Response.safety_identifier": "only when the request has one",
    "Response.tool_usage": "only for built-in tools",
    "Response.user": "only when the request has one",
    "Reasoning.context": "only when the request has one",
    "Reasoning.generate_summary": "deprecated in favour of summary",
    "Reasoning.mode": "only when the request has one",
    "InputTokensDetails.cache_write_tokens_details": "only for models with explicit caching",
    "ResponseOutputMessage.phase": "only for models that tell commentary from the answer",
    "ResponseInputMessageItem.status": "only when the item was returned by the API before",
    "ResponseFunctionToolCall.async": "only for asynchronous tools",
    "ResponseFunctionToolCall.caller": "only for programmatic tool calls",
    "ResponseFunctionToolCall.namespace": "only for tools of a namespace",
    "ResponseFunctionToolCallItem.async": "only for asynchronous tools",
    "ResponseFunctionToolCallItem.caller": "only for programmatic tool calls",
    "ResponseFunctionToolCallItem.created_by": "only for items that an actor created",
    "ResponseFunctionToolCallItem.namespace": "only for tools of a namespace",
    "ResponseFunctionToolCallOutputItem.caller": "only for programmatic tool calls",
    "ResponseFunctionToolCallOutputItem.created_by": "only for items that an actor created",
    "ResponseFunctionToolCallOutputItem.name": "only for tools of a namespace",
    "ResponseFunctionToolCallOutputItem.namespace": "only for tools of a namespace",
    "ResponseReasoningItem.content": "only for models that show their reasoning",
    "ResponseReasoningItem.encrypted_content": "only when the request includes it",
    "ResponseReasoningItem.status": "only when the item was returned by the API before",
    "ResponseInputText.prompt_cache_breakpoint": "only when the request has one",
    "ResponseInputImage.file_id": "an image has a file or an address",
    "ResponseInputImage.image_url": "an image has a file or an address",
    "ResponseInputImage.prompt_cache_breakpoint": "only when the request has one",
    "FunctionTool.allowed_callers": "only when the request has them",
    "FunctionTool.async": "only when the request has it",
    "FunctionTool.defer_loading": "only when the request has it",
    "FunctionTool.description": "only when the request has one",
    "FunctionTool.output_schema": "only when the request has one",
    "ResponseFormatTextJSONSchemaConfig.description": "only when the request has one",
    "TextBlock.citations": "only with citations; @ai-sdk/anthropic up to 3 refuses a null",
    "ToolUseBlock.toolset_name": "only for members of a toolset",
}

# Keys that are sent although the newest type does not know them.
MAY_BE_EXTRA = {
    "Response.store": "sent by the API, in no SDK's type",
    "ResponseFunctionCallArgumentsDoneEvent.name": "required by openai-python up to 3.3",
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
    "TextBlock.citations",
    "ToolUseBlock.caller",
}


def check(kind, value) -> None:
    """Fails the test with every complaint about `value` as a `kind`."""
    found = complaints(kind, value, getattr(kind, "__name__", "value"))
    if ONLY_MISSING:
        found = [complaint for complaint in found if ": missing required key " in complaint]
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
    found = [
        f"{at}: unknown key {key!r} ({model.__name__})"
        for key in value
        if key not in fields and f"{model.__name__}.{key}" not in MAY_BE_EXTRA
    ]
    for key, field in fields.items():
        name = f"{model.__name__}.{key}"
        if key not in value:
            if field.is_required():
                found.append(f"{at}: missing required key {key!r} ({model.__name__})")
            elif name not in MAY_BE_MISSING:
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

"""A tool loop against standin with the official OpenAI client: `pip install openai`, start standin, run this."""

import json
import os

from openai import OpenAI

client = OpenAI(base_url=os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1"), api_key="any")
tools = [{"type": "function", "function": {"name": "add", "parameters": {
    "type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}}}]
messages = [{"role": "user", "content": """call tool 'add' with '{"a": 40, "b": 2}'"""}]

answer = client.chat.completions.create(model="gpt-4o", messages=messages, tools=tools).choices[0].message
messages.append(answer)
for call in answer.tool_calls:
    arguments = json.loads(call.function.arguments)
    messages.append({"role": "tool", "tool_call_id": call.id, "content": str(arguments["a"] + arguments["b"])})

with client.chat.completions.stream(model="gpt-4o", messages=messages, tools=tools) as stream:
    final = stream.get_final_completion().choices[0].message.content
print(final)
assert final == "last tool call result is 42", final

"""LangChain: `ChatOpenAI` (Chat Completions and Responses) and `ChatAnthropic`."""

from functools import reduce
from operator import add

from langchain_core import exceptions
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from standin import KEY, TIMEOUT, base, model


class Client:
    ERRORS = {
        401: exceptions.ModelAuthenticationError,
        429: exceptions.ModelRateLimitError,
        500: exceptions.ModelAPIError,
    }

    def __init__(self, api):
        fixed = {"model": model(api), "base_url": base(api), "api_key": KEY, "max_retries": 0, "timeout": TIMEOUT}
        if api == "messages":
            from langchain_anthropic import ChatAnthropic

            self.llm = ChatAnthropic(**fixed)
        else:
            from langchain_openai import ChatOpenAI

            self.llm = ChatOpenAI(**fixed, use_responses_api=api == "responses")

    def chat(self, text):
        return self.llm.invoke(text).text

    def stream(self, text):
        return [chunk.text for chunk in self.llm.stream(text)]

    def tool_loop(self, text, weather, stream):
        get_weather = tool(weather.function)
        llm, messages = self.llm.bind_tools([get_weather]), [HumanMessage(text)]
        for _ in range(5):
            answer = reduce(add, llm.stream(messages)) if stream else llm.invoke(messages)
            if not answer.tool_calls:
                return answer.text
            messages += [answer, *(get_weather.invoke(call) for call in answer.tool_calls)]

    def structured(self, text, kind):
        return self.llm.with_structured_output(kind, method="json_schema").invoke(text)

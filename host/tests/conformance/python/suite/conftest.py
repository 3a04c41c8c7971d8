import anthropic
import openai
import pytest

from wire import URL


class Attempts(list):
    """The times at which an SDK sent a request, taken by its own HTTP client."""

    def gap(self) -> float:
        return self[1] - self[0]


@pytest.fixture(scope="session")
def gpt():
    with openai.OpenAI(base_url=f"{URL}/v1", api_key="key", max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def claude():
    with anthropic.Anthropic(base_url=URL, api_key="key", max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture
def attempts():
    return Attempts()

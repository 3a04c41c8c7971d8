// An agent that uses a tool: asked about the weather somewhere, it calls the client's `get_weather`, and says in words what
// came back. Both turns of the loop, whatever the provider.

import type { Lifecycle } from "standin:plugin/lifecycle@0.1.0";
import { lastRole, lastUserText, listTools, messageAt, messageCount } from "standin:plugin/request@0.1.0";
import type { Outcome, Strategy } from "standin:plugin/strategy@0.1.0";
import { pass, reply } from "./standin.js";

const TOOL = "get_weather";

export const lifecycle: Lifecycle = {
  describe: () => ({ name: "weather-agent", version: "0.1.0", summary: "Asks a tool about the weather", settingsSchema: "" }),
  configure: () => ({ tag: "any-of", val: [{ tag: "has-tools" }, { tag: "last-role", val: "tool" }] }),
};

export const strategy: Strategy = {
  respond() {
    if (lastRole() === "tool") return tell(toolResult());
    const city = /weather in ([\p{L} ]+)/iu.exec(lastUserText() ?? "")?.[1]?.trim();
    const offered = listTools().some((tool) => tool.name === TOOL);
    return city && offered ? call({ city }) : pass;
  },
};

interface Weather {
  city?: string;
  degrees?: number;
  sky?: string;
}

function tell(result: string): Outcome {
  let weather: Weather;
  try {
    weather = JSON.parse(result) as Weather;
  } catch {
    return reply(`The weather service says: ${result}`);
  }
  const { city = "there", degrees, sky = "some weather" } = weather;
  return reply(`In ${city}: ${sky}${degrees === undefined ? "" : `, ${degrees} degrees`}.`);
}

/** What the tool answered: the last message holds it. */
function toolResult(): string {
  const parts = messageAt(messageCount() - 1)?.content ?? [];
  return parts.map((part) => (part.tag === "tool-result" ? part.val.content : "")).join("");
}

function call(args: object): Outcome {
  const val = { kind: "function", name: TOOL, arguments: JSON.stringify(args) };
  return { tag: "reply", val: { events: [{ tag: "tool-call", val }], headers: [] } };
}

// Greets whoever says its name: `my name is Ada` is answered with `Hello, Ada!`.

import {
  Activation, ActivationAnyOf, ConditionUserTextContains, Description, EventText, Outcome, OutcomePass, OutcomeReply, Reply,
  Request, Result, Settings, fail, ok,
} from "./abi";
import { textOfJson } from "./json";

const opening = "my name is ";
let greeting = "Hello";

/** Who the plugin is. */
export function describe(): Description {
  const about = new Description();
  about.name = "{{name}}";
  about.version = "0.1.0";
  about.summary = "Greets whoever says its name.";
  about.settingsSchema =
    '{"type":"object","properties":{"greeting":{"type":"string","default":"Hello"}},"additionalProperties":false}';
  return about;
}

/** Reads the settings, and says when the plugin wants to be asked. Called once in each new instance. */
export function configure(): Result<Activation, string> {
  const json = Settings.jsonAt("/greeting");
  if (json != null) {
    const text = textOfJson(json);
    if (text == null) return fail<Activation>("settings.greeting: expected a text, such as `Hello`, found " + json);
    greeting = text;
  }
  return ok<Activation>(new ActivationAnyOf([new ConditionUserTextContains(opening)]));
}

/** Answers a request, or leaves it to the next strategy of the chain. */
export function respond(): Result<Outcome, string> {
  const text = Request.lastUserText();
  const name = text != null ? nameIn(text) : "";
  if (name == "") return ok<Outcome>(new OutcomePass());
  const reply = new Reply();
  reply.events = [new EventText(`${greeting}, ${name}!`)];
  return ok<Outcome>(new OutcomeReply(reply));
}

/** What follows `my name is ` in any case, up to the end of the sentence; "" where nothing does. */
function nameIn(text: string): string {
  const start = text.toLowerCase().indexOf(opening);
  if (start < 0) return "";
  const rest = text.substring(start + opening.length);
  let end = 0;
  while (end < rest.length && !".!?,\n".includes(rest.charAt(end))) end++;
  return rest.substring(0, end).trim();
}

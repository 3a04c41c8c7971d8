// Rolls dice: `roll 3d6` is answered with three throws and their sum. The dice are the session's, seeded: the same turn of the
// same session throws the same.

import {
  Activation, ActivationAnyOf, ConditionUserTextContains, Context, Description, EventText, Outcome, OutcomePass, OutcomeReply,
  Reply, Request, Result, ok,
} from "./abi";

const opening = "roll ";
const most: i32 = 100;

/** Who the plugin is. */
export function describe(): Description {
  const about = new Description();
  about.name = "dice";
  about.version = "0.1.0";
  about.summary = "Rolls dice.";
  about.settingsSchema = "";
  return about;
}

/** Says when the plugin wants to be asked. Called once in each new instance. */
export function configure(): Result<Activation, string> {
  return ok<Activation>(new ActivationAnyOf([new ConditionUserTextContains(opening)]));
}

/** Answers a request, or leaves it to the next strategy of the chain. */
export function respond(): Result<Outcome, string> {
  const text = Request.lastUserText();
  const throws = text != null ? roll(text.toLowerCase()) : null;
  if (throws == null) return ok<Outcome>(new OutcomePass());
  let sum: i32 = 0;
  for (let i = 0; i < throws.length; i++) sum += throws[i];
  const reply = new Reply();
  reply.events = [new EventText(`${throws.join(" + ")} = ${sum}`)];
  return ok<Outcome>(new OutcomeReply(reply));
}

/** The throws of `roll 3d6`; null where nothing is rolled. */
function roll(text: string): Array<i32> | null {
  const start = text.indexOf(opening);
  if (start < 0) return null;
  const parts = text.substring(start + opening.length).split("d");
  if (parts.length < 2) return null;
  const count = number(parts[0]);
  const sides = number(parts[1]);
  if (count < 1 || count > most || sides < 1) return null;
  const throws = new Array<i32>();
  for (let i = 0; i < count; i++) throws.push(1 + <i32>(Context.random() % <u64>sides));
  return throws;
}

/** The number that a text begins with; 0 where it begins with none. */
function number(text: string): i32 {
  let value: i32 = 0;
  for (let i = 0; i < text.length && i < 6; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}

// Short names for what a strategy says and reads. The whole contract is in `wit/`, and as types in `types/`.

import { jsonAt } from "standin:plugin/settings@0.1.0";
import type { Outcome } from "standin:plugin/strategy@0.1.0";

/** Not mine: the server asks the next strategy. */
export const pass: Outcome = { tag: "pass" };

/** The model says this. A reply can say much more: tool calls, pauses, faults, its pacing and usage. */
export const reply = (text: string): Outcome => ({
  tag: "reply",
  val: { events: [{ tag: "text", val: text }], headers: [] },
});

/** What `standin.yaml` says under `settings`, or the default, whose type it has to have. */
export function setting<T>(name: string, otherwise: T): T {
  const json = jsonAt(`/${name}`);
  const value: unknown = json === null ? otherwise : JSON.parse(json);
  if (typeof value !== typeof otherwise) {
    // An Error is told to the person who wrote the settings; in `respond`, to the client.
    throw new Error(`settings.${name}: expected something like ${JSON.stringify(otherwise)}, found ${json}`);
  }
  return value as T;
}

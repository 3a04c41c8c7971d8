// Short names for what a strategy says and reads. The whole contract is in `wit/`, and for the editor in `types/`.

import { jsonAt } from "standin:plugin/settings@0.1.0";

/** @typedef {import("standin:plugin/strategy@0.1.0").Outcome} Outcome */

/**
 * Not mine: the server asks the next strategy.
 * @type {Outcome}
 */
export const pass = { tag: "pass" };

/**
 * The model says this. A reply can say much more: tool calls, pauses, faults, its pacing and usage.
 * @param {string} text
 * @returns {Outcome}
 */
export const reply = (text) => ({ tag: "reply", val: { events: [{ tag: "text", val: text }], headers: [] } });

/**
 * What `standin.yaml` says under `settings`, or the default, whose type it has to have.
 * @param {string} name
 * @param {any} otherwise
 */
export function setting(name, otherwise) {
  const json = jsonAt(`/${name}`);
  const value = json === null ? otherwise : JSON.parse(json);
  if (typeof value !== typeof otherwise) {
    // An Error is told to the person who wrote the settings; in `respond`, to the client.
    throw new Error(`settings.${name}: expected something like ${JSON.stringify(otherwise)}, found ${json}`);
  }
  return value;
}

// Says again what it was told, with addresses, telephone numbers and keys blacked out: `redact: mail ada@example.com` is
// answered with `mail [email]`. What is blacked out can be extended in the settings.

import { lastUserText } from "standin:plugin/request@0.1.0";
import { pass, reply, setting } from "./standin.js";

const KNOWN = {
  email: "[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+",
  key: "\\b(sk|pk|ghp|xoxb)[-_][\\w-]{8,}",
  phone: "\\+?\\d[\\d ()/-]{6,}\\d",
};

/** @type {[string, RegExp][]} */
let patterns = [];

/** @type {import("standin:plugin/lifecycle@0.1.0").Lifecycle} */
export const lifecycle = {
  describe: () => ({ name: "redactor", version: "0.1.0", summary: "Blacks out what should not be said", settingsSchema: "" }),

  configure() {
    const wanted = { ...KNOWN, ...setting("patterns", {}) };
    patterns = Object.entries(wanted).map(([name, pattern]) => [name, compile(name, pattern)]);
    return { tag: "any-of", val: [{ tag: "user-text-contains", val: "redact:" }] };
  },
};

/** @type {import("standin:plugin/strategy@0.1.0").Strategy} */
export const strategy = {
  respond() {
    const found = /^\s*redact:\s*(.*)$/is.exec(lastUserText() ?? "");
    return found ? reply(patterns.reduce((text, [name, pattern]) => text.replace(pattern, `[${name}]`), found[1])) : pass;
  },
};

/**
 * @param {string} name
 * @param {string} pattern
 */
function compile(name, pattern) {
  try {
    return new RegExp(pattern, "g");
  } catch (error) {
    throw new Error(`settings.patterns.${name}: ${error.message}`);
  }
}

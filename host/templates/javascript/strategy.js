// Greets whoever says its name: `my name is Ada` is answered with `Hello, Ada!`.

import { lastUserText } from "standin:plugin/request@0.1.0";
import { nameIn } from "./name.js";
import { pass, reply, setting } from "./standin.js";

let greeting = "Hello";

/** @type {import("standin:plugin/lifecycle@0.1.0").Lifecycle} */
export const lifecycle = {
  describe: () => ({ name: "{{name}}", version: "0.1.0", summary: "Greets whoever says its name", settingsSchema: "" }),

  // Reads the settings, and says when the server has to ask: all other requests are answered without a call.
  configure() {
    greeting = setting("greeting", "Hello");
    return { tag: "any-of", val: [{ tag: "user-text-contains", val: "my name is " }] };
  },
};

/** @type {import("standin:plugin/strategy@0.1.0").Strategy} */
export const strategy = {
  respond() {
    const name = nameIn(lastUserText() ?? "");
    return name ? reply(`${greeting}, ${name}!`) : pass;
  },
};

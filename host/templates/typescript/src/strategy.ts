// Greets whoever says its name: `my name is Ada` is answered with `Hello, Ada!`.

import type { Lifecycle } from "standin:plugin/lifecycle@0.1.0";
import { lastUserText } from "standin:plugin/request@0.1.0";
import type { Strategy } from "standin:plugin/strategy@0.1.0";
import { nameIn } from "./name.js";
import { pass, reply, setting } from "./standin.js";

let greeting = "Hello";

export const lifecycle: Lifecycle = {
  describe: () => ({ name: "{{name}}", version: "0.1.0", summary: "Greets whoever says its name", settingsSchema: "" }),

  // Reads the settings, and says when the server has to ask: all other requests are answered without a call.
  configure() {
    greeting = setting("greeting", "Hello");
    return { tag: "any-of", val: [{ tag: "user-text-contains", val: "my name is " }] };
  },
};

export const strategy: Strategy = {
  respond() {
    const name = nameIn(lastUserText() ?? "");
    return name ? reply(`${greeting}, ${name}!`) : pass;
  },
};

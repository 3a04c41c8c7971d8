// Run by `npm test`: neither WebAssembly nor a server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { nameIn } from "../js/name.js";

test("finds a name", () => {
  assert.equal(nameIn("Hi! My Name Is Ada Lovelace, and yours?"), "Ada Lovelace");
});

test("finds none", () => {
  for (const text of ["", "hello", "my name is ", "my name is ..."]) {
    assert.equal(nameIn(text), "", text);
  }
});

// Runs one client of the matrix: asks it for five things, and judges what it handed to the application.
//
//     node cells.mjs NAME CODE API
//
// CODE is the client's file in frameworks/, API is `chat`, `responses` or `messages`. A line of JSON for each cell goes
// to stdout: `{"client": NAME, "cell": "chat", "failure": null}`.
//
// A client is a class `Client(api)` with the methods `chat`, `stream`, `toolLoop` and `structured`, and the table `errors`
// of the classes (or their names) that it promises by status. It says nothing about what is right: that is here and in expected.json,
// once for all clients.
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { z } from 'zod';
import { expected } from './standin.mjs';

const Forecast = z.strictObject({
  city: z.string(),
  sky: z.enum(['clear', 'clouds', 'rain']),
  windy: z.boolean(),
  days: z.array(z.strictObject({ name: z.string(), celsius: z.number() })),
});

/** The tool, and what it was called with. */
class Weather {
  name = expected.tool.name;
  description = 'The weather in a city.';
  input = z.strictObject({ city: z.string(), days: z.int() });
  schema = {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city', 'days'],
    additionalProperties: false,
  };
  calls = [];
  call = (args) => {
    this.calls.push(args);
    return expected.tool.result;
  };
}

const cells = {
  async chat(client) {
    assert.equal(await client.chat(expected.text), expected.text);
  },

  async stream(client) {
    const pieces = await client.stream(expected.text);
    assert.equal(pieces.join(''), expected.text);
    assert.ok(pieces.filter(Boolean).length > 1, `expected several pieces, got ${inspect(pieces)}`);
  },

  async 'tool loop'(client) {
    for (const stream of [false, true]) {
      const weather = new Weather();
      const answer = await client.toolLoop(expected.tool.prompt, weather, stream);
      assert.deepEqual(weather.calls, [expected.tool.arguments]);
      assert.equal(answer, expected.tool.answer);
    }
  },

  async structured(client) {
    Forecast.parse(await client.structured(expected.structured.prompt, Forecast));
  },

  async error(client) {
    for (const [status, said] of Object.entries(expected.errors)) {
      const text = 'raise error ' + JSON.stringify({ code: Number(status), ...said });
      for (const way of ['chat', 'stream']) {
        const caught = await client[way](text).then(
          (answer) => assert.fail(`expected an error ${status} from ${way}, got ${inspect(answer)}`),
          (error) => error,
        );
        const wanted = client.errors[status];
        const fits = typeof wanted === 'string' ? caught.constructor.name === wanted : caught instanceof wanted;
        assert.ok(fits, `expected ${wanted.name ?? wanted}, got ${inspect(caught)}`);
        assert.equal(caught.status ?? caught.statusCode, Number(status));
        assert.ok(caught.message.includes(said.message), `expected '${said.message}' in '${caught.message}'`);
      }
    }
  },
};

const told = (error) => String(error?.stack ?? inspect(error)).split('\n').slice(0, 12).join('\n');
const [name, code, api] = process.argv.slice(2);
let client, broken = null, failures = 0;
try {
  const { Client } = await import(pathToFileURL(code));
  client = new Client(api);
} catch (error) {
  broken = told(error);
}
for (const [cell, run] of Object.entries(cells)) {
  const failure = broken ?? (await run(client).then(() => null, told));
  if (failure) failures++;
  process.stdout.write(JSON.stringify({ client: name, cell, failure }) + '\n');
}
process.exitCode = failures ? 1 : 0;

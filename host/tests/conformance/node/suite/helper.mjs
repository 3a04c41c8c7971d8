// The clients, and what both suites say to the server.
import Anthropic from '@anthropic-ai/sdk';
import * as anthropicErrors from '@anthropic-ai/sdk/error';
import OpenAI from 'openai';
import * as openaiErrors from 'openai/error';

export { Anthropic, OpenAI };
export { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
const errors = { openai: openaiErrors, anthropic: anthropicErrors };

// The SDK warns at every call of models near their end of life; whether a model is still sold does not matter here.
const { warn } = console;
console.warn = (text, ...more) => String(text).includes('will reach end-of-life') || warn(text, ...more);

export const url = process.env.STANDIN_URL;
export const GPT = 'gpt-4o';
export const CLAUDE = 'claude-sonnet-4-5';
const fixed = { apiKey: 'key', maxRetries: 0, timeout: 30_000 };
export const openai = (more) => new OpenAI({ baseURL: `${url}/v1`, ...fixed, ...more });
export const anthropic = (more) => new Anthropic({ baseURL: url, ...fixed, logLevel: 'error', ...more });

export const user = (content) => [{ role: 'user', content }];
export const failure = (code, more) =>
  'raise error ' + JSON.stringify({ code, message: `Failure ${code} 💥`, ...more });

export const TEXTS = {
  blanks: '  two  blanks \t and a tab  ',
  crlf: 'one\r\ntwo\rthree\r\n\n',
  nul: 'before\0after\x1b\x7f',
  emoji: '👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 😀 e\u0301',
  'line separators': 'a\u2028b\u2029c\u0085d',
  'byte order mark': '\ufeffx\ufeff',
  sse: 'data: x\n\nevent: ping\ndata: [DONE]\n\n[DONE]',
  json: '{"a": "\\"quoted\\"", \'b\': \\u0041 \\n}',
  long: 'The quick brown fox jumps over the lazy dog. '.repeat(500),
};
export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export const CALLS = [
  ['get_weather', { city: 'Zürich', days: 3 }],
  ['get_time', { zone: 'UTC' }],
];
export const CALL_BOTH = CALLS.map(([name, args]) => `call tool '${name}' with '${JSON.stringify(args)}'`).join('\n');
export const SCHEMAS = {
  get_weather: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city', 'days'],
    additionalProperties: false,
  },
  get_time: {
    type: 'object',
    properties: { zone: { type: 'string' } },
    required: ['zone'],
    additionalProperties: false,
  },
};

/** The error classes of an SDK by status. */
export const classes = (sdk) => {
  const of = errors[sdk];
  const common = {
    400: of.BadRequestError,
    401: of.AuthenticationError,
    403: of.PermissionDeniedError,
    404: of.NotFoundError,
    409: of.ConflictError,
    413: of.ContentTooLargeError ?? of.APIError,
    422: of.UnprocessableEntityError,
    429: of.RateLimitError,
    500: of.InternalServerError,
    503: of.ServiceUnavailableError ?? of.InternalServerError,
    529: of.OverloadedError ?? of.InternalServerError,
  };
  return Object.entries(common).map(([status, kind]) => [Number(status), kind]);
};

/** What a promise was rejected with. */
export const rejection = (promise) =>
  promise.then(
    (value) => {
      throw new Error(`expected an error, got ${JSON.stringify(value)}`);
    },
    (error) => error,
  );

/** A `fetch` that notes when the SDK called it. */
export const noting = (times) => (...request) => {
  times.push(performance.now());
  return fetch(...request);
};

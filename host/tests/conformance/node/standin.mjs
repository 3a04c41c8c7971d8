// Where the server is, and what is said to it: all that a client of the matrix has to know.
import { readFileSync } from 'node:fs';

export const expected = JSON.parse(readFileSync(process.env.STANDIN_EXPECTED, 'utf8'));
export const key = 'any-key';
export const timeout = 30_000;

/** The address, as the official SDK of the API wants it. */
export const base = (api) => (api === 'messages' ? process.env.STANDIN_URL : `${process.env.STANDIN_URL}/v1`);
export const model = (api) => expected.models[api];

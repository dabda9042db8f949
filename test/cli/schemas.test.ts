import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorDocument } from '../../src/commands/error-document.ts';
import { UsageError } from '../../src/errors.ts';
import { EXIT_CODES } from '../../src/exit-codes.ts';
import { complaints } from '../helpers/schema.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const SCHEMAS = readdirSync(join(DOCS, 'schemas')).map((file) => file.replace(/\.json$/, ''));

const document = errorDocument(new UsageError('No.', { hint: 'Say yes.' }));

test('an error document is valid, and what is wrong with one is found', () => {
  expect(complaints('error', document)).toEqual([]);
  expect(complaints('error', { ...document, exitCode: 1 })).toEqual([
    '/exitCode: is none of 0, 2, 3, 4, 5, 6, 7, 8, 70, 130',
  ]);
  expect(complaints('error', { ...document, more: true })).toEqual(['/: has more']);
  expect(complaints('error', { ...document, error: { type: 1 } })).toEqual([
    '/error: lacks message',
    '/error/type: is no string',
  ]);
  expect(complaints('history-result', { entries: [{ when: 'today' }] })).toEqual(
    expect.arrayContaining(['/: lacks schema', '/entries/0: lacks who', '/entries/0/when: is no time']),
  );
});

test.each(SCHEMAS)('%s names the outcomes and codes of the table, and is in docs/output.md', (name) => {
  const { properties } = JSON.parse(readFileSync(join(DOCS, 'schemas', `${name}.json`), 'utf8'));
  expect(properties.schema).toEqual({ const: `dr-syncer.io/${name}/v1` });
  expect(properties.outcome.enum).toEqual(Object.keys(EXIT_CODES));
  expect(properties.exitCode.enum).toEqual(Object.values(EXIT_CODES).map(({ code }) => code));
  expect(readFileSync(join(DOCS, 'output.md'), 'utf8')).toContain(`(schemas/${name}.json)`);
});

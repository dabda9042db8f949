import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorDocument } from '../../src/commands/error-document.ts';
import { UsageError } from '../../src/common/errors.ts';
import { EXIT_CODES } from '../../src/common/exit-codes.ts';
import { complaints } from '../helpers/schema.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const SCHEMAS = readdirSync(join(DOCS, 'schemas')).map((file) => file.replace(/\.json$/, ''));

const document = errorDocument(new UsageError('No.', { hint: 'Say yes.' }));

test('an error document is valid, and what is wrong with one is found', () => {
  expect(complaints('error', document)).toEqual([]);
  expect(complaints('error', { ...document, exitCode: 1 })).toEqual([
    '/exitCode: must be equal to one of the allowed values (0, 2, 3, 4, 5, 6, 7, 8, 70, 130)',
  ]);
  expect(complaints('error', { ...document, more: true })).toEqual([
    '/: must NOT have additional properties (more)',
  ]);
  expect(complaints('error', { ...document, error: { type: 1 } })).toEqual([
    "/error: must have required property 'message'",
    '/error/type: must be string',
  ]);
  expect(complaints('history-result', { entries: [{ when: 'today' }] })).toEqual(
    expect.arrayContaining([
      "/: must have required property 'schema'",
      "/entries/0: must have required property 'who'",
      '/entries/0/when: must match format "date-time"',
    ]),
  );
});

test.each(SCHEMAS)('%s names the outcomes and codes of the table, and is in docs/output.md', (name) => {
  const { properties } = JSON.parse(readFileSync(join(DOCS, 'schemas', `${name}.json`), 'utf8'));
  expect(complaints(name, {})).not.toEqual([]);
  expect(properties.schema).toEqual({ const: `dr-syncer.io/${name}/v1` });
  expect(properties.outcome.enum).toEqual(Object.keys(EXIT_CODES));
  expect(properties.exitCode.enum).toEqual(Object.values(EXIT_CODES).map(({ code }) => code));
  expect(readFileSync(join(DOCS, 'output.md'), 'utf8')).toContain(`(schemas/${name}.json)`);
});

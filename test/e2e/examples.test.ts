import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import {
  applyObject,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  kubectl,
  waitUntil,
} from '../cluster/client.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples');
const PAGE = readFileSync(join(FOLDER, '..', 'docs', 'examples.md'), 'utf8');
// They are the custom resources of dr-syncer, so the definitions of the chart are the ones that judge.
const CRDS = join(FOLDER, '..', 'charts', 'dr-syncer', 'files', 'crds');

let namespace: string;

beforeAll(async () => {
  // Definitions that exist are somebody's: a cluster that outlives this run keeps them as they are.
  for (const file of readdirSync(CRDS)) {
    const definition = parse(readFileSync(join(CRDS, file), 'utf8'));
    if ((await getJson('source', definition.kind, definition.metadata.name)) === undefined)
      await applyObject('source', definition);
    await waitUntil(`${definition.metadata.name} to be served`, async () => {
      const { status } = await getJson('source', definition.kind, definition.metadata.name);
      return status?.conditions?.some(
        ({ type, status: is }: Json) => type === 'Established' && is === 'True',
      );
    });
  }
  namespace = freshNamespace('examples');
  await createNamespace('source', namespace);
});
afterAll(() => deleteJson('source', 'Namespace', namespace));

it.each(readdirSync(FOLDER))('%s is valid, is explained and is in the table', async (file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const args = ['apply', '--dry-run=server', '--validate=strict', '-n', namespace, '-f', '-'];
  const { exitCode, stdout, stderr } = await kubectl('source', args, text);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toBe('');
  const objects: Json[] = parseAllDocuments(text).map((document) => document.toJS());
  expect(stdout.trim().split('\n')).toHaveLength(objects.length);
  expect(text).toMatch(/^# [A-Z]/);
  expect(PAGE).toContain(`(../examples/${file})`);
});

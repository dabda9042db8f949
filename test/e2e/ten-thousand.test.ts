import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { smallObjects } from '../../bench/stage/objects.ts';
import { api, contextOf, createNamespace, freshNamespace, listJson, pair } from '../cluster/client.ts';
import { runCli } from '../cluster/run-cli.ts';

const OBJECTS = 10_000;
const MOST_MEGABYTES = 250;
const PAGE = 500;
// On a machine of its own the whole file takes about a minute.
const TIMEOUT_MS = 600_000;

const namespace = freshNamespace('many');
const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-many-'));

beforeAll(async () => {
  await createNamespace('source', namespace);
  const waiting = smallObjects(OBJECTS, namespace)[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const { path, body } of waiting) {
      const { status } = await api('source')('POST', path, { body, timeoutMs: 60_000 });
      if (status !== 201) throw new Error(`POST ${path} answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}, TIMEOUT_MS);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test(`${OBJECTS} objects are staged in less than ${MOST_MEGABYTES} MB, with one request for each`, {
  timeout: TIMEOUT_MS,
}, async () => {
  const { document, megabytes } = await stage();
  expect(document).toMatchObject({ exitCode: 0, totals: { failed: 0, refused: 0, pending: 0 } });
  expect(megabytes).toBeLessThan(MOST_MEGABYTES);
  const { source, dest } = document.requests;
  // The namespace and what keeps the run apart from others: its lock, renewed now and then, and its record.
  const own = 30;
  // A server that is short of breath has some of them sent again, and those are counted too.
  expect(dest.retries).toBeLessThan(OBJECTS / 100);
  // A server of the same version has stored them, and nothing here has a say in them: only our records are asked about.
  expect(dest.dryRuns).toBeLessThan(10);
  expect(dest.writes).toBeGreaterThanOrEqual(OBJECTS);
  expect(dest.dryRuns + dest.writes).toBeLessThanOrEqual(OBJECTS + own + dest.retries);
  expect(source.writes + source.dryRuns).toBe(0);
  // What the namespace needs outside itself is listed as well, before the first write.
  expect(source.lists - pagesOf(document)).toBeLessThan(10);
  const made = await listJson('dest', 'ConfigMap', namespace, 'app.kubernetes.io/part-of=bench');
  expect(made).toHaveLength((OBJECTS * 2) / 5);
});

test('a second run reads the pages of both sides and writes nothing, in no more memory', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { document, megabytes } = await stage();
  expect(document).toMatchObject({ exitCode: 0, totals: { unchanged: OBJECTS, created: 0, updated: 0 } });
  expect(megabytes).toBeLessThan(MOST_MEGABYTES);
  const { source, dest } = document.requests;
  expect([dest.writes, dest.dryRuns, source.writes]).toEqual([0, 0, 0]);
  expect(source.lists).toBe(pagesOf(document));
  for (const side of [source, dest]) {
    expect(side.discovery).toBe(2);
    // The namespace and the identity of the cluster.
    expect(side.gets).toBeLessThanOrEqual(2);
    expect(side.total).toBe(side.lists + side.discovery + side.gets);
  }
});

interface Measured {
  // biome-ignore lint/suspicious/noExplicitAny: the result document of another process
  readonly document: any;
  readonly megabytes: number;
}

/** Runs `dr-syncer stage` as a process of its own, which says at its end how much memory it had at most. */
const stage = async (): Promise<Measured> => {
  const file = join(directory, 'max-rss');
  const side = (name: 'source' | 'dest'): string[] => [`--${name}-context`, contextOf(name)];
  const kubeconfig = ['--source-kubeconfig', pair().kubeconfig, '--dest-kubeconfig', pair().kubeconfig];
  const run = await runCli(
    ['stage', ...kubeconfig, ...side('source'), ...side('dest'), '-n', namespace, '--output', 'json'],
    { env: { NODE_OPTIONS: `--import=${MEASURE}`, MAX_RSS_FILE: file }, timeoutMs: TIMEOUT_MS, bundle: true },
  );
  expect(run.exitCode, run.stderr).toBe(0);
  const megabytes = Number(readFileSync(file, 'utf8')) / 1024;
  return { document: JSON.parse(run.stdout), megabytes };
};

const MEASURE = pathToFileURL(join(import.meta.dirname, '..', 'fixtures', 'max-rss.mjs')).href;

/** Pages that it takes to list what the report is about, on one side: at least one for each type. */
// biome-ignore lint/suspicious/noExplicitAny: as above
const pagesOf = ({ types, objects }: any): number => {
  const counts = Map.groupBy(objects, ({ kind }: { kind: string }) => kind);
  const more = [...counts.values()].reduce(
    (sum, rows) => sum + Math.max(0, Math.ceil(rows.length / PAGE) - 1),
    0,
  );
  // A custom type that is not copied is asked for its count, by a list of one page.
  return types.copied.length + types.leftOut.length + more;
};

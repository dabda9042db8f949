import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openReader } from '../../src/kube/cluster.ts';
import { openContext } from '../../src/kube/contexts.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';

// A server that takes a watch and then says nothing any more, as one does that a forgetful router has cut off.

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const readerFrom = async (handle: (response: ServerResponse, query: URLSearchParams) => void) => {
  const server = createServer((request, response) =>
    handle(response, new URL(request.url ?? '', 'http://x').searchParams),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-watch-'));
  closers.push(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'kubeconfig');
  const { port } = server.address() as AddressInfo;
  writeFileSync(
    path,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'quiet',
      clusters: [{ name: 'quiet', cluster: { server: `http://127.0.0.1:${port}` } }],
      contexts: [{ name: 'quiet', context: { cluster: 'quiet', user: '' } }],
    }),
  );
  const context = openContext({ path, env: {} }, undefined, '--source-context');
  const reader = openReader(context, { concurrency: 2, requestTimeoutMs: 30_000, userAgent: 'test' });
  closers.push(() => reader.close());
  return reader;
};

const line = (type: string, resourceVersion: string): string =>
  `${JSON.stringify({ type, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', resourceVersion } } })}\n`;

test('a watch asks for its end, within a minute, and is told what it has heard', async () => {
  const asked: number[] = [];
  const reader = await readerFrom((response, query) => {
    asked.push(Number(query.get('timeoutSeconds')));
    response.write(line('ADDED', '1'));
    response.end(line('BOOKMARK', '2'));
  });
  for (let round = 0; round < 20; round++) {
    const events = [];
    for await (const event of reader.watch(CONFIG_MAPS, 'shop', { resourceVersion: '0' }))
      events.push(event.type);
    expect(events).toEqual(['opened', 'added', 'bookmark']);
  }
  expect(Math.min(...asked)).toBeGreaterThanOrEqual(30);
  expect(Math.max(...asked)).toBeLessThanOrEqual(45);
  expect(new Set(asked).size).toBeGreaterThan(1);
});

test.each([
  ['before its answer', ''],
  ['behind its first event', line('ADDED', '1')],
])('a server that is silent %s, beyond the end that was asked for, has failed', async (_when, text) => {
  const reader = await readerFrom((response) => {
    if (text !== '') response.write(text);
  });
  const limits = { seconds: 0, jitterSeconds: 0, graceMs: 200 };
  const watch = async (): Promise<void> => {
    for await (const _event of reader.watch(CONFIG_MAPS, 'shop', { resourceVersion: '0', limits }));
  };
  await expect(watch()).rejects.toThrow(
    /watching configmaps failed: the request took too long .*no answer in 0.2 s/,
  );
});

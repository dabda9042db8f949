import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalCluster, startCluster } from './harness.ts';

let cluster: LocalCluster & { stop(): Promise<void> };

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

const namespace = (): Promise<{ status: number }> =>
  cluster.api('GET', '/api/v1/namespaces/kept', { timeoutMs: 500 });

test('a killed API server refuses connections, and a restarted one has the old data', async () => {
  await cluster.kubectl(['create', 'namespace', 'kept']);
  await cluster.killApiServer();
  await expect(namespace()).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
  await cluster.startApiServer();
  expect((await namespace()).status).toBe(200);
});

test('a paused API server does not answer, and a resumed one does', async () => {
  cluster.pauseApiServer();
  await expect(namespace()).rejects.toThrow(/abort|timeout/i);
  cluster.resumeApiServer();
  expect((await cluster.api('GET', '/readyz')).status).toBe(200);
});

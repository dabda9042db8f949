import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { mapBounded } from '../../../src/kube/map-bounded.ts';
import {
  applyObject,
  createNamespace,
  freshNamespace,
  listJson,
  type Side,
  waitUntil,
} from '../../cluster/client.ts';
import { moveOutside } from '../../helpers/moves.ts';
import { stageWell } from '../../helpers/stage.ts';

const WORKLOADS = 200;
const BUSY = pathToFileURL(join(import.meta.dirname, '..', '..', 'fixtures', 'busy-loop.mjs')).href;

const workload = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: 'example.invalid/a' }] },
    },
  },
});

const readyOn = async (side: Side, namespace: string): Promise<number> => {
  const deployments = await listJson(side, 'Deployment', namespace);
  return deployments.filter(({ spec, status }) => spec.replicas === 1 && status.readyReplicas === 1).length;
};

test(`F4, F24: ${WORKLOADS} workloads come over while the event loop is busy, and the lock is kept`, {
  timeout: 600_000,
}, async () => {
  const namespace = freshNamespace('many');
  await createNamespace('source', namespace);
  const names = Array.from({ length: WORKLOADS }, (_item, index) => `app-${index}`);
  await mapBounded(names, 16, (name) => applyObject('source', workload(name), namespace));
  await waitUntil('all to run', async () => (await readyOn('source', namespace)) === WORKLOADS, 240_000);
  await stageWell(namespace);

  const busy = {
    args: ['--wait-timeout', '240s'],
    env: { NODE_OPTIONS: `--import=${BUSY}` },
    timeoutMs: 280_000,
  };
  const cutover = await moveOutside('cutover', namespace, busy);
  expect(cutover.exitCode, cutover.stderr).toBe(0);
  expect([await readyOn('source', namespace), await readyOn('dest', namespace)]).toEqual([0, WORKLOADS]);
  // What is waited for is named in a few words, and so is what was done.
  expect(Math.max(...cutover.stderr.split('\n').map((line) => line.length))).toBeLessThan(400);
});

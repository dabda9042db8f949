import { expect, it, onTestFinished } from 'vitest';
import { mapBounded } from '../../../src/kube/map-bounded.ts';
import { applyObject, deleteJson, listJson, waitUntil } from '../../cluster/client.ts';
import { boundClaims, claim, installClaims, makeVolume, openMover } from '../../helpers/data-app.ts';
import { moveTo } from '../../helpers/moves.ts';
import { stageWell } from '../../helpers/stage.ts';

const COUNT = 200;
const AT_ONCE = 8;

it('D38, D58: 200 claims that wait for a first consumer, eight at once and never more, all in the journal', async () => {
  const namespace = await installClaims('many', { claims: [], replicas: 1, staged: false });
  // A class of its own: others list what there is.
  const className = `lazy-${namespace}`;
  await applyObject('dest', { ...LAZY, metadata: { name: className } });
  onTestFinished(() => deleteJson('dest', 'StorageClass', className));
  const names = Array.from({ length: COUNT }, (_, index) => `data-${String(index).padStart(3, '0')}`);
  await mapBounded(names, 20, async (name) => {
    await makeVolume('source', namespace, name);
    await applyObject('source', claim(name), namespace);
  });
  await boundClaims('source', namespace, COUNT);
  const map = ['--storage-class-map', `standard=${className}`];
  await stageWell(namespace, { storageClassMap: new Map([['standard', className]]) });
  await waitUntil('pending claims', async () => {
    const claims = await listJson('dest', 'PersistentVolumeClaim', namespace);
    return claims.length === COUNT && claims.every(({ status }) => status?.phase === 'Pending');
  });
  // The first ones wait until there are eight of them: were there never eight at once, they would not end.
  const mover = openMover({ '*': { name: 'together', movers: AT_ONCE } });
  const run = await moveTo(0, 'cutover', namespace, {
    args: ['--migrate-pvc-data', '--data-concurrency', String(AT_ONCE), ...map],
    env: mover.env,
    timeoutMs: 900_000,
  });
  expect(run.document.claims).toHaveLength(COUNT);
  expect(new Set(run.document.claims.map(({ status }: { status: string }) => status))).toEqual(
    new Set(['copied']),
  );
  const attempts = mover.noted('attempt');
  const pids = new Set(attempts.map(({ pid }) => pid));
  let running = 0;
  let most = 0;
  for (const { event, pid } of mover.noted()) {
    if (event === 'attempt') running++;
    if (event === 'end' && pids.has(pid)) running--;
    most = Math.max(most, running);
  }
  expect(most).toBe(AT_ONCE);
  expect(new Set(attempts.map(({ id }) => id)).size).toBe(COUNT);
  expect([mover.releases(), mover.privateDirs()]).toEqual([[], []]);
  await mapBounded(names, 20, (name) => deleteJson('source', 'PersistentVolume', `${namespace}-${name}`));
}, 600_000);

const LAZY = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  provisioner: 'kubernetes.io/no-provisioner',
  volumeBindingMode: 'WaitForFirstConsumer',
};

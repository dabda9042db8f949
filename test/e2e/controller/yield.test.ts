import { afterEach, describe, expect, test } from 'vitest';
import { RefusedError, UnsafeError } from '../../../src/common/errors.ts';
import { silentReporter } from '../../../src/common/reporter.ts';
import type { StageResult } from '../../../src/stage/stage-types.ts';
import { LOCK_NAME } from '../../../src/state/record-places.ts';
import { readState } from '../../../src/state/state-record.ts';
import { clusterPair, type OwnedPair } from '../../../src/verbs/cluster-pair.ts';
import type { Runtime } from '../../../src/verbs/runtime.ts';
import { stage } from '../../../src/verbs/stage.ts';
import { status } from '../../../src/verbs/status.ts';
import {
  applyYaml,
  contextOf,
  getJson,
  listJson,
  patchJson,
  pair as testPair,
  waitUntil,
} from '../../cluster/client.ts';
import { plainStage } from '../../helpers/defaults.ts';
import { delay, isWrite } from '../../helpers/faults.ts';
import { deployment, installYaml } from '../../helpers/move-app.ts';
import { checkedMove, countsOf, livePods, startMove } from '../../helpers/moves.ts';
import { throughProxies } from '../../helpers/proxied.ts';
import { CLUSTER, stageWell } from '../../helpers/stage.ts';
import { open, rejection } from '../../helpers/state.ts';

const { proxies, ends } = throughProxies();

const pairs: OwnedPair[] = [];
afterEach(async () => {
  await Promise.all(pairs.splice(0).map((pair) => pair.close()));
});

const MAPPING = 'team-a/shop@uid-of-hub';

const runtime = (changes: Partial<Runtime> = {}): Runtime => ({
  reporter: silentReporter,
  signal: new AbortController().signal,
  operator: 'controller/team-a/shop@pod-0',
  commandLine: 'reconcile shop',
  version: '0.0.0-test',
  process: { id: 'pod-0:1:test', pid: 1, lifeOf: () => 'alive', kill: () => undefined },
  env: {},
  now: () => Date.now(),
  yields: true,
  managedBy: MAPPING,
  ...changes,
});

/** Stages as the controller does for a mapping, to the destination through its proxy. */
const sync = (namespace: string, changes: Partial<Runtime> = {}): Promise<StageResult> => {
  const pair = clusterPair(
    {
      sourceContext: contextOf('source'),
      destKubeconfig: ends.dest.kubeconfig,
      destContext: ends.dest.context,
      namespace,
      env: { KUBECONFIG: testPair().kubeconfig },
    },
    CLUSTER,
  );
  pairs.push(pair);
  const { sourceNamespace: _source, destNamespace: _dest, ...copy } = plainStage(namespace, 4);
  return stage(pair, { stage: copy, preCopy: undefined }, runtime(changes));
};

const configMaps = (count: number): string =>
  Array.from(
    { length: count },
    (_, index) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings-${index} }
data: { number: "${index}" }
---`,
  ).join('');

const copied = async (namespace: string): Promise<string[]> =>
  (await listJson('dest', 'ConfigMap', namespace))
    .map(({ metadata }) => metadata.name as string)
    .filter((name) => name.startsWith('settings-'));

const lease = (namespace: string) => getJson('dest', 'Lease', LOCK_NAME, namespace);
const recordOf = async (namespace: string) => (await readState(open(), namespace))?.record;

describe('a person who moves while a controller stages', () => {
  test('gets the lock within a second or two, and the move is complete', { timeout: 180_000 }, async () => {
    const namespace = await installYaml('yield', deployment('web', 2), { staged: false });
    await applyYaml('source', namespace, configMaps(300));
    // Two stages: the move is refused where nothing was staged, and the second one has all the ConfigMaps to write.
    expect(await sync(namespace, { managedBy: MAPPING })).toMatchObject({ outcome: 'ok' });
    expect(await recordOf(namespace)).toMatchObject({ phase: 'standby', managedBy: MAPPING });
    const changed = await listJson('source', 'ConfigMap', namespace);
    for (const { metadata } of changed.filter(({ metadata }) => metadata.name.startsWith('settings-')))
      await patchJson('source', 'ConfigMap', metadata.name, namespace, { data: { changed: 'yes' } });

    const isSlow = (request: Parameters<typeof isWrite>[0]): boolean =>
      isWrite(request) && request.path.includes('/configmaps/settings-');
    proxies.dest.clear();
    proxies.dest.inject({ match: isSlow, action: delay(300) });
    const written = () => proxies.dest.log().filter(isSlow).length;
    const staging = sync(namespace);
    await waitUntil('the stage to write', async () => written() > 8);
    const cutover = startMove('cutover', namespace);
    const annotations = async () => (await lease(namespace)).metadata.annotations ?? {};
    await waitUntil('the cutover to ask', async () => 'dr-syncer.io/lock-wanted' in (await annotations()));
    const asked = performance.now();
    expect((await lease(namespace)).spec.holderIdentity).toBe('controller/team-a/shop@pod-0');
    await waitUntil('the cutover to have the lock', async () =>
      /^cutover-/.test((await annotations())['dr-syncer.io/lock-operation'] ?? ''),
    );
    expect(performance.now() - asked).toBeLessThan(15_000);

    const staged = await staging;
    expect(staged).toMatchObject({ outcome: 'locked', exitCode: 6 });
    expect(staged.yieldedTo).toMatch(/@/);
    const { updated, pending } = staged.totals;
    expect(updated).toBe(written());
    expect(updated + pending).toBe(300);
    expect(pending).toBeGreaterThan(100);
    expect(staged.summary).toContain(
      `${staged.yieldedTo} has asked for the lock of namespace ${namespace} in context ${contextOf('dest')}: ${updated} objects were written to namespace ${namespace} of context ${contextOf('dest')}, ${pending} remain; run the same command again to continue.`,
    );

    const moved = checkedMove(await cutover.done);
    expect(moved.exitCode, moved.stderr).toBe(0);
    expect(moved.stderr).toContain('controller/team-a/shop@pod-0 has it and was asked to give it up');
    expect(await countsOf('dest', namespace)).toMatchObject({ 'Deployment/web': 2 });
    expect(await livePods('source', namespace)).toEqual([]);
    expect((await copied(namespace)).sort()).toEqual(
      Array.from({ length: 300 }, (_, index) => `settings-${index}`).sort(),
    );
    const there = await listJson('dest', 'ConfigMap', namespace);
    expect(there.filter(({ data }) => data?.changed === 'yes')).toHaveLength(300);

    const record = await recordOf(namespace);
    expect(record).toMatchObject({ phase: 'active', managedBy: MAPPING });
    const after = await rejection(UnsafeError, sync(namespace));
    expect(after.message).toContain('is live: its record says "active"');
    expect(await recordOf(namespace)).toEqual(record);
    expect(await livePods('dest', namespace)).toHaveLength(2);
  });

  test('stages instead of it, where that is what was asked for', { timeout: 120_000 }, async () => {
    const namespace = await installYaml('yield-stage', configMaps(60), { staged: false });
    proxies.dest.inject({
      match: (request) => isWrite(request) && request.path.includes('/configmaps/settings-'),
      action: delay(200),
    });
    const staging = sync(namespace);
    await waitUntil('the stage to write', async () => (await copied(namespace)).length > 3);
    await stageWell(namespace);
    const staged = await staging;
    expect(staged).toMatchObject({ outcome: 'locked', yieldedTo: 'test@local' });
    expect(staged.totals.created).toBeLessThan(60);
    expect(await copied(namespace)).toHaveLength(60);
    expect((await recordOf(namespace))?.managedBy).toBeUndefined();
    // What the person has staged is the mapping's from the next run on.
    expect(await sync(namespace)).toMatchObject({ outcome: 'ok', totals: { created: 0, updated: 0 } });
    expect(await recordOf(namespace)).toMatchObject({ managedBy: MAPPING });
  });
});

describe('the copy of a mapping', () => {
  test('is kept by one mapping, until another one is told to take it over', async () => {
    const namespace = await installYaml('mapping', configMaps(1), { staged: false });
    expect(await sync(namespace)).toMatchObject({ outcome: 'ok' });
    await applyYaml('source', namespace, configMaps(2));
    const other = { managedBy: 'team-b/shop@uid-of-hub' };
    const before = await recordOf(namespace);
    const refused = await rejection(RefusedError, sync(namespace, other));
    expect(refused.message).toBe(
      `Namespace ${namespace} in context ${contextOf('dest')} is the copy of another mapping: team-a/shop, in the cluster with UID uid-of-hub. Nothing was changed.`,
    );
    await rejection(RefusedError, sync(namespace, { ...other, takeOverFrom: 'team-c/shop@uid-of-hub' }));
    expect(await recordOf(namespace)).toEqual(before);
    expect(await copied(namespace)).toEqual(['settings-0']);

    // A person may stage, and leaves the copy to the mapping.
    await stageWell(namespace);
    expect(await recordOf(namespace)).toMatchObject({ managedBy: MAPPING });
    expect(await copied(namespace)).toHaveLength(2);

    // Nothing else is to be written: it is taken over all the same.
    expect(await sync(namespace, { ...other, takeOverFrom: MAPPING })).toMatchObject({ outcome: 'ok' });
    expect(await recordOf(namespace)).toMatchObject(other);
    await rejection(RefusedError, sync(namespace));
    const pair = clusterPair(
      { destContext: contextOf('dest'), namespace, env: { KUBECONFIG: testPair().kubeconfig } },
      CLUSTER,
    );
    pairs.push(pair);
    expect(await status(pair, runtime())()).toMatchObject(other);
  });
});

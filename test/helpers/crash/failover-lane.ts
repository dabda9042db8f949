import { expect } from 'vitest';
import { api, deleteJson, getJson, type Json, listJson, waitUntil } from '../../cluster/client.ts';
import { COUNTS, expectParked, expectRunning, podCount } from './app.ts';
import type { Cut } from './cutter.ts';
import { command, expectExit, expectRecords, isNothingToDo, type Lane, openLane, stateOf } from './lane.ts';

/** A lane whose source is lost: nothing runs there any more, and only the staged copy is left. */
export interface FailoverLane extends Lane {
  /** The parked copy as it was staged, to put it back. */
  readonly staged: readonly Json[];
}

/** Makes such a lane. */
export async function openFailoverLane(program: string): Promise<FailoverLane> {
  const lane = await openLane(program, 'failover');
  for (const kind of KINDS) {
    const objects = await listJson('source', kind, lane.namespace);
    await Promise.all(
      objects.map(({ metadata }) => deleteJson('source', kind, metadata.name, lane.namespace)),
    );
  }
  await waitUntil('the end of the source', async () => (await podCount('source', lane.namespace)) === 0);
  const staged = await Promise.all(
    KINDS.map(async (kind) => {
      const objects = await listJson('dest', kind, lane.namespace);
      return objects.map((object) => ({ ...object, path: PATHS[kind] }));
    }),
  );
  const record = await getJson('dest', 'ConfigMap', 'dr-syncer-state', lane.namespace);
  return { ...lane, staged: [...staged.flat(), { ...record, path: '/api/v1/configmaps' }] };
}

/**
 * Runs a failover until it is cut, goes on or goes back, and asserts the state at the end; then puts the staged copy
 * back. Returns whether the process was killed.
 */
export async function cutFailover(
  lane: FailoverLane,
  cut: Cut,
  mend: 'resume' | 'rollback',
): Promise<boolean> {
  const run = await command(lane, 'failover', cut, ['--accept-data-loss']);
  if (!run.wasCut) {
    expectExit(run, 0);
  } else {
    const mended = await command(lane, mend);
    if (!isNothingToDo(mended)) {
      expectExit(mended, 0);
      if (mend === 'rollback') {
        await expectStandby(lane);
        return true;
      }
    } else if ((await stateOf(lane))?.phase !== 'active') {
      expectExit(await command(lane, 'failover', undefined, ['--accept-data-loss']), 0);
    }
  }
  await expectActive(lane, run.wasCut);
  await putBack(lane);
  return run.wasCut;
}

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'] as const;
const PATHS = {
  Deployment: '/apis/apps/v1/deployments',
  StatefulSet: '/apis/apps/v1/statefulsets',
  DaemonSet: '/apis/apps/v1/daemonsets',
  CronJob: '/apis/batch/v1/cronjobs',
} as const;
const PODS = COUNTS.web + COUNTS.worker + COUNTS.idle + COUNTS.db + 3;

async function expectActive(lane: FailoverLane, mayHoldLock: boolean): Promise<void> {
  await waitUntil(`${PODS} pods`, async () => (await podCount('dest', lane.namespace)) === PODS);
  await expectRunning('dest', lane.namespace, COUNTS);
  const state = await stateOf(lane);
  expect(state).toMatchObject({ phase: 'active', epoch: 1, pendingFence: { epoch: 1 } });
  await expectRecords(lane, 'active', { isMirrored: false, mayHoldLock });
}

async function expectStandby(lane: FailoverLane): Promise<void> {
  await waitUntil('the end of all pods', async () => (await podCount('dest', lane.namespace)) === 0);
  await expectParked('dest', lane.namespace, [COUNTS]);
  expect(await stateOf(lane)).not.toHaveProperty('pendingFence');
  await expectRecords(lane, 'standby', { isMirrored: false });
  await putBack(lane);
}

async function putBack(lane: FailoverLane): Promise<void> {
  const { namespace, staged } = lane;
  for (const { path, metadata, ...object } of staged) {
    const { name, labels, annotations } = metadata;
    const url = path.replace(/\/(\w+)$/, `/namespaces/${namespace}/$1/${name}`);
    const body = { ...object, metadata: { name, namespace, labels, annotations } };
    const answer = await api('dest')('PUT', url, { body });
    if (answer.status !== 200)
      throw new Error(`PUT ${url} answered ${answer.status}: ${answer.body.message}`);
  }
  const journals = await listJson('dest', 'ConfigMap', namespace, 'dr-syncer.io/record=journal');
  await Promise.all(
    journals.map(({ metadata }) => deleteJson('dest', 'ConfigMap', metadata.name, namespace)),
  );
  await waitUntil('the end of all pods', async () => (await podCount('dest', namespace)) === 0);
  lane.epoch = 0;
}

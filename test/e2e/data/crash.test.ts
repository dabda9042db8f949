import { describe, expect, it } from 'vitest';
import { lifeOf } from '../../../src/common/process-identity.ts';
import { readJournal } from '../../../src/state/journal.ts';
import {
  applyObject,
  deleteJson,
  getJson,
  type Json,
  listJson,
  patchJson,
  type Side,
  waitUntil,
} from '../../cluster/client.ts';
import { installClaims, type MoverBench, openMover } from '../../helpers/data-app.ts';
import { makeRelease, partsOf } from '../../helpers/left-release.ts';
import { lockToExpire } from '../../helpers/lock.ts';
import { beginMove, checkedMove, countsOf, moveOutside, moveTo, startMove } from '../../helpers/moves.ts';
import { complaints } from '../../helpers/schema.ts';
import { open } from '../../helpers/state.ts';
import { untilNoted } from '../../volumes/helpers/stand-in.ts';

const COPY = ['--migrate-pvc-data'];
// What is quiet for long lives on when its reader is gone; what prints dies of its broken pipe.
const QUIET = 'hang-then-obey';

/** Runs a cutover until its mover copies, then kills dr-syncer with SIGKILL. Returns the mover's process identity. */
const killInMidCopy = async (namespace: string, mover: MoverBench, env = {}): Promise<string> => {
  const run = startMove('cutover', namespace, { args: COPY, env: { ...mover.env, ...env } });
  await untilNoted(mover, 'attempt');
  const identity = await waitUntil('the mover on record', async () => {
    const journal = await readJournal(open(), namespace);
    const movers = (journal?.data?.['files'] as Json)?.movers ?? [];
    return movers.at(-1)?.identity as string | undefined;
  });
  run.child.kill('SIGKILL');
  await run.done;
  expect(lifeOf(identity)).toBe('alive');
  expect(await listJson('dest', 'Pod', namespace)).toEqual([]);
  return identity;
};

/** The Job of a copy that was cut off, as the mover's chart makes it, with a pod that goes on. */
const makeOrphanJob = async (namespace: string, id: string): Promise<void> => {
  const labels = {
    'app.kubernetes.io/name': 'pv-migrate',
    'app.kubernetes.io/instance': `pv-migrate-${id}-loadbalancer-dest`,
  };
  await applyObject(
    'dest',
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `pv-migrate-${id}-loadbalancer-dest-rsync`, labels },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { ...labels, 'testbed/hold': 'running' } },
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 1,
            containers: [{ name: 'rsync', image: 'example.invalid/a' }],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'files' } }],
          },
        },
      },
    },
    namespace,
  );
  await waitUntil('the pod of the copy', async () =>
    (await listJson('dest', 'Pod', namespace)).some(({ status }) => status?.phase === 'Running'),
  );
};

const idOf = (mover: MoverBench): string => mover.noted('attempt')[0]?.id ?? '';

// The process that was killed and the one that goes on belong to the same person on the same host.
const outside = async (
  code: number,
  verb: string,
  namespace: string,
  args: Parameters<typeof moveOutside>[2],
): ReturnType<typeof moveOutside> => {
  const run = await moveOutside(verb, namespace, args);
  expect(run.exitCode, run.stderr).toBe(code);
  return run;
};

describe('after kill -9 of dr-syncer in mid-copy', () => {
  it('D31, D56: resume ends the old mover, cleans up by its id on both sides, and copies', async () => {
    const namespace = await installClaims('crash', { claims: ['files'] });
    const mover = openMover({ files: [QUIET, 'ok'] });
    const orphan = await killInMidCopy(namespace, mover);
    expect(mover.privateDirs()).toHaveLength(1);
    const run = await outside(0, 'resume', namespace, { env: mover.env });
    expect(run.stderr).toMatch(/An earlier mover of PVC files \(pid \d+\) was still running; it was ended/);
    expect(lifeOf(orphan)).toBe('gone');
    const [first, second] = mover.noted('attempt').map(({ id }) => id);
    expect(second).not.toBe(first);
    const cleanups = mover.noted('start').filter(({ command }) => command === 'cleanup');
    expect(cleanups.map(({ argv = [] }) => argv[1])).toEqual([first, first]);
    expect([mover.releases(), mover.privateDirs()]).toEqual([[], []]);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 0 });
  }, 180_000);

  it('D56: rollback ends the copy in both clusters before the source starts', async () => {
    const namespace = await installClaims('crash', { claims: ['files'] });
    const mover = openMover({ files: QUIET });
    const orphan = await killInMidCopy(namespace, mover);
    await makeOrphanJob(namespace, idOf(mover));
    const run = await outside(0, 'rollback', namespace, { env: mover.env });
    expect(lifeOf(orphan)).toBe('gone');
    expect(run.document.steps.find((step: Json) => step.id === 'undo-copies')).toMatchObject({
      state: 'done',
      detail: '1 copy ended',
    });
    expect(await listJson('dest', 'Job', namespace)).toEqual([]);
    expect(mover.releases()).toEqual([]);
    expect((await getJson('source', 'Deployment', 'web', namespace)).status.readyReplicas).toBe(2);
  }, 180_000);

  it('D33, D56, D62: failover, fence and failback remove what it left on both sides, without the program, and nothing else', async () => {
    const namespace = await installClaims('crash', { claims: ['files'] });
    const mover = openMover({ files: [QUIET, 'ok'] });
    const orphan = await killInMidCopy(namespace, mover, { DR_SYNCER_LOCK_TTL_MS: '15000' });
    const id = idOf(mover);
    await makeOrphanJob(namespace, id);
    const release = `pv-migrate-${id}-loadbalancer-src`;
    await makeRelease('source', namespace, release);
    // Of another program with the same chart: never ours to remove.
    await makeRelease('source', namespace, 'pv-migrate-happy-cat-src', 0);
    const args = ['--accept-data-loss', '--take-over', '--ignore-preflight', 'all'];
    await lockToExpire(namespace);
    const run = checkedMove(
      await startMove('failover', namespace, { args, env: { PATH: '/nonexistent' } }).done,
    );
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toMatch(
      /Last data copy: never, but since \S+ its volumes were written to by cutover-/,
    );
    expect(lifeOf(orphan)).toBe('gone');
    expect(await listJson('dest', 'Job', namespace)).toEqual([]);
    expect((await getJson('dest', 'Deployment', 'web', namespace)).status.readyReplicas).toBe(2);
    const fence = await moveTo(0, 'fence', namespace, { env: { PATH: '/nonexistent' } });
    expect(fence.stderr).toContain(`Deleted Deployment ${release} of an unfinished copy`);
    expect(await partsOf('source', namespace, release)).toEqual([]);
    expect(await partsOf('source', namespace, 'pv-migrate-happy-cat-src')).toHaveLength(4);
    // Another one that was killed, before a failback: nothing has to be done by hand.
    const second = 'pv-migrate-dr-files-0123456789a-loadbalancer-src';
    await makeRelease('source', namespace, second);
    const lingers = await applyObject('source', podThatLingers(), namespace);
    const back = beginMove('failback', namespace, {
      args: ['--reverse-migrate-pvc-data', '--ignore-preflight', 'all'],
      env: mover.env,
    });
    await back.says(/Waiting for pods of an earlier copy to release PVC files: lingers/);
    expect(await partsOf('source', namespace, second)).toEqual([]);
    // The first attempt was that of the cutover.
    expect(mover.noted('attempt')).toHaveLength(1);
    await deleteJson('source', 'Pod', lingers.metadata.name, namespace);
    const home = await back.done;
    expect(home.exitCode, home.stderr).toBe(0);
    expect(home.stderr).toMatch(/Removed leftovers of earlier copies from .*dr-files-0123456789a/);
    expect(await partsOf('source', namespace, 'pv-migrate-happy-cat-src')).toHaveLength(4);
  }, 240_000);
});

const podThatLingers = (): Json => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'lingers', labels: { 'app.kubernetes.io/name': 'pv-migrate' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'rsync', image: 'example.invalid/a' }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'files' } }],
  },
});

describe('a copy that is stopped', () => {
  it('D27: Ctrl-C is passed on once and waited for; resume goes on', async () => {
    const namespace = await installClaims('crash', { claims: ['files'] });
    const mover = openMover({ files: [{ name: 'ignores-second-signal', ms: 1500 }, 'ok'] });
    const run = startMove('cutover', namespace, { args: COPY, env: mover.env });
    await untilNoted(mover, 'attempt');
    run.child.kill('SIGINT');
    const ended = checkedMove(await run.done);
    expect(ended.exitCode, ended.stderr).toBe(130);
    expect(mover.noted('signal').map(({ signal }) => signal)).toEqual(['SIGINT']);
    const [end] = mover.noted('end').filter(({ pid }) => pid === mover.noted('signal')[0]?.pid);
    expect(end?.code).toBe(1);
    expect([mover.releases(), mover.privateDirs()]).toEqual([[], []]);
    expect(await listJson('dest', 'Pod', namespace)).toEqual([]);
    await outside(0, 'resume', namespace, { env: mover.env });
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
  }, 180_000);

  it('D26: the deadline of a claim ends a mover that hangs, and resume may give it longer', async () => {
    const namespace = await installClaims('crash', { claims: ['files'] });
    const mover = openMover({ files: ['hang-then-obey', 'ok'] });
    const run = await moveTo(4, 'cutover', namespace, {
      args: [...COPY, '--data-timeout', '3s'],
      env: mover.env,
    });
    expect(run.document.summary).toMatch(/files: pv-migrate did not finish within 3000 ms and was stopped/);
    expect(mover.releases()).toEqual([]);
    await moveTo(0, 'resume', namespace, { args: ['--data-timeout', '10m'], env: mover.env });
  }, 180_000);

  it('D51: a verification that cannot be made is no success', async () => {
    const namespace = await installClaims('crash', { claims: ['files'] });
    const mover = openMover();
    const running = moveTo(4, 'cutover', namespace, {
      args: [...COPY, '--verify', 'checksum'],
      env: mover.env,
    });
    const verifier = async (side: Side): Promise<Json | undefined> =>
      (await listJson(side, 'Pod', namespace)).find(
        ({ metadata, status }) =>
          metadata.name.startsWith('dr-syncer-verify-') && status?.phase === 'Running',
      );
    for (const side of ['source', 'dest'] as const) {
      const pod = await waitUntil(`the pod of the ${side}`, () => verifier(side), 60_000);
      await patchJson(
        side,
        'Pod',
        pod.metadata.name,
        namespace,
        { status: { phase: 'Succeeded' } },
        'status',
      );
    }
    const run = await running;
    expect(run.document.claims).toMatchObject([{ claim: 'files', verification: { outcome: 'unknown' } }]);
    expect(run.document.summary).toMatch(/copied, but the two sides could not be compared/);
    expect(complaints('move-result', run.document)).toEqual([]);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 0 });
    await moveTo(0, 'rollback', namespace, { env: mover.env });
  }, 180_000);
});

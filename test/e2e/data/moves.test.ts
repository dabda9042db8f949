import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contextOf, getJson, type Json, listJson, pair, patchJson, waitUntil } from '../../cluster/client.ts';
import {
  boundClaims,
  installClaims,
  type MoverBench,
  openMover,
  type Timeline,
  watchTimeline,
} from '../../helpers/data-app.ts';
import { countsOf, moveTo } from '../../helpers/moves.ts';
import { complaints } from '../../helpers/schema.ts';
import { type Noted, untilNoted } from '../../volumes/helpers/stand-in.ts';

const COPY = ['--migrate-pvc-data'];
const BACK = ['--reverse-migrate-pvc-data'];

/** The copies that the stand-in was asked for, with the time of each. */
const copies = (mover: MoverBench): { claim: string; from: number; to: number; start: Noted }[] =>
  mover.noted('attempt').map(({ claim = '', pid, t }) => ({
    claim,
    from: t,
    to: mover.noted('end').find((end) => end.pid === pid)?.t ?? Number.NaN,
    start: mover.noted('start').find((start) => start.pid === pid) as Noted,
  }));

/** Asserts that nothing ran on either side from the first copy to the last, and that something ran before and after. */
const expectStopped = (time: Timeline, made: readonly { from: number; to: number }[]): void => {
  const first = Math.min(...made.map(({ from }) => from));
  const last = Math.max(...made.map(({ to }) => to));
  expect(time.at(first)).toMatchObject({ source: 0, dest: 0 });
  expect(time.seen(first, last)).toEqual([]);
};

const dataOf = (document: Json): Json =>
  Object.fromEntries((document.claims ?? []).map((item: Json) => [item.claim, item.status]));

describe('the copy of record', () => {
  it('D9, D11, D48, D52, D60, D61: cutover copies when the source is empty and before the destination starts; failback is its mirror', async () => {
    const namespace = await installClaims('data', { claims: ['files', 'pictures'] });
    const mover = openMover({ '*': { name: 'slow', startMs: 200, ms: 600 } });
    const time = await watchTimeline(namespace);
    try {
      const plan = await moveTo(0, 'cutover', namespace, { args: [...COPY, '--dry-run'], env: mover.env });
      const planned = plan.document.steps.find((step: Json) => step.id === 'copy-data').plan.join('\n');
      expect(planned).toContain(
        `copy PVC files (1Gi): ${contextOf('source')}/${namespace} -> ${contextOf('dest')}/${namespace}`,
      );
      expect(planned).toContain('pv-migrate --source=pictures --dest=pictures --source-kubeconfig=');
      expect(planned).toContain('--dest-delete-extraneous-files');
      expect(mover.noted('attempt')).toEqual([]);

      const out = await moveTo(0, 'cutover', namespace, { args: COPY, env: mover.env });
      expect(dataOf(out.document)).toEqual({ files: 'copied', pictures: 'copied' });
      expect(complaints('move-result', out.document)).toEqual([]);
      expectStopped(time, copies(mover));
      expect(time.at(copies(mover)[0]?.from ?? 0)).toEqual(expect.objectContaining({ source: 0 }));
      expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
      for (const { start } of copies(mover)) expectCall(start, 'source', 'dest', namespace);
      const status = (await moveTo(0, 'status', namespace)).document;
      expect(status).toMatchObject({ live: 'dest', lastDataCopy: { claims: 2, verified: 0 } });
      expect(status.lastDataCopy.ageSeconds).toBeLessThan(120);
      expect(status.mixedData).toBeUndefined();

      const there = copies(mover).length;
      const home = await moveTo(0, 'failback', namespace, { args: BACK, env: mover.env });
      expect(dataOf(home.document)).toEqual({ files: 'copied', pictures: 'copied' });
      const back = copies(mover).slice(there);
      expect(back.map(({ claim }) => claim).sort()).toEqual(['files', 'pictures']);
      expectStopped(time, back);
      for (const { start } of back) expectCall(start, 'dest', 'source', namespace);
      expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
      expect([mover.releases(), mover.privateDirs()]).toEqual([[], []]);
    } finally {
      await time.stop();
    }
  }, 180_000);

  it('D18, D54, D60: a failed copy stops before anything starts, resume tries the failed claim only', async () => {
    const namespace = await installClaims('data', { claims: ['bad', 'good'] });
    const mover = openMover({ bad: ['partial-failure', 'ok'] });
    const run = await moveTo(4, 'cutover', namespace, { args: COPY, env: mover.env });
    expect(run.document.summary).toMatch(/1 of 2 PVCs were not copied/);
    expect(run.document.summary).toMatch(/exited with code 23 .*Partial transfer/);
    // What pv-migrate said is told once, and is once in the result.
    for (const text of [run.stderr, JSON.stringify(run.document)])
      expect(text.split('loadbalancer: pod ').length - 1).toBe(1);
    const last = 'PVC bad, last output of pv-migrate: rsync job failed after 10 retries';
    expect(run.stderr.split(last).length - 1).toBe(1);
    expect(run.document.hint).toMatch(
      /Continue with: dr-syncer resume .*or roll back with: dr-syncer rollback/,
    );
    expect(dataOf(run.document)).toEqual({ bad: 'failed', good: 'copied' });
    expect(complaints('move-result', run.document)).toEqual([]);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 0 });
    expect(await listJson('dest', 'Pod', namespace)).toEqual([]);
    const status = (await moveTo(4, 'status', namespace)).document;
    expect(status).toMatchObject({ mixedData: { side: 'dest' } });
    expect(complaints('status-result', status)).toEqual([]);
    expect(status.next).toMatch(/dr-syncer resume/);

    const before = copies(mover).length;
    const done = await moveTo(0, 'resume', namespace, { env: mover.env });
    expect(
      copies(mover)
        .slice(before)
        .map(({ claim }) => claim),
    ).toEqual(['bad']);
    expect(dataOf(done.document)).toEqual({ bad: 'copied', good: 'copied' });
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
    expect((await moveTo(0, 'status', namespace)).document).toMatchObject({ lastDataCopy: { claims: 2 } });
  }, 120_000);

  it('D55: a claim that was copied before the stopped side was started again is copied once more', async () => {
    const namespace = await installClaims('data', { claims: ['bad', 'good'] });
    const mover = openMover({ bad: ['exit1', 'ok'] });
    await moveTo(4, 'cutover', namespace, { args: COPY, env: mover.env });

    const pods = async (): Promise<number> => (await listJson('source', 'Pod', namespace)).length;
    await patchJson('source', 'Deployment', 'web', namespace, { spec: { replicas: 1 } });
    await waitUntil('a pod', async () => (await pods()) === 1);
    const before = copies(mover).length;
    const done = await moveTo(0, 'resume', namespace, { env: mover.env });
    expect(
      copies(mover)
        .slice(before)
        .map(({ claim }) => claim)
        .sort(),
    ).toEqual(['bad', 'good']);
    expect(done.stderr).toMatch(/changed after good had been copied/);
  }, 120_000);

  it('D57: rollback after a failed copy brings the source up again and leaves the destination parked', async () => {
    const namespace = await installClaims('data', { claims: ['bad'] });
    const mover = openMover({ bad: { name: 'exit1', cleanup: 'fail' } });
    await moveTo(4, 'cutover', namespace, { args: COPY, env: mover.env });
    const run = await moveTo(0, 'rollback', namespace, { env: mover.env });
    expect(run.document.steps.find((step: Json) => step.id === 'undo-copies')).toMatchObject({
      state: 'done',
    });
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 0 });
    expect((await getJson('source', 'Deployment', 'web', namespace)).status.readyReplicas).toBe(2);
    expect(mover.releases()).toEqual([]);
    const { mixedData, live } = (await moveTo(0, 'status', namespace)).document;
    expect({ mixedData: mixedData.side, live }).toEqual({ mixedData: 'dest', live: 'source' });
  }, 120_000);

  it('D52: a warm standby is refused before anything stops, and a move without a copy says what it leaves', async () => {
    const namespace = await installClaims('data', { claims: ['files'], mounted: [] });
    const mover = openMover();
    await patchJson('dest', 'Deployment', 'web', namespace, { spec: { replicas: 1 } });
    await waitUntil('the warm pod', async () => (await listJson('dest', 'Pod', namespace)).length === 1);
    const args = [...COPY, '--ignore-preflight', 'all'];
    const warm = await moveTo(7, 'cutover', namespace, { args, env: mover.env });
    expect(warm.document.summary).toMatch(/Nothing was changed/);
    expect((await listJson('source', 'Pod', namespace)).length).toBe(2);
    await patchJson('dest', 'Deployment', 'web', namespace, { spec: { replicas: 0 } });
    await waitUntil('no pod', async () => (await listJson('dest', 'Pod', namespace)).length === 0);
    const bare = await moveTo(0, 'cutover', namespace);
    expect(bare.stderr).toMatch(
      /Volume data is not copied: .*without what was written to files in .*--migrate-pvc-data/,
    );
  }, 120_000);

  it('D53: the destination coming up in the middle of the copy ends it, and nothing starts', async () => {
    const namespace = await installClaims('data', { claims: ['files'], mounted: [] });
    const mover = openMover({ files: ['ignores-second-signal', 'ok'] });

    const running = moveTo(4, 'cutover', namespace, { args: COPY, env: mover.env });
    await untilNoted(mover, 'attempt');
    await patchJson('dest', 'Deployment', 'web', namespace, { spec: { replicas: 1 } });
    const run = await running;
    expect(run.document.summary).toMatch(/Deployment web run in namespace .* data is copied only while both/);
    expect(mover.noted('signal').map(({ signal }) => signal)).toEqual(['SIGINT']);
    await moveTo(0, 'rollback', namespace, { env: mover.env });
    await boundClaims('source', namespace, 1);
  }, 120_000);
});

// One call of the mover: the arguments, the private files, and nothing that is secret.
const expectCall = (
  start: Noted,
  from: 'source' | 'dest',
  to: 'source' | 'dest',
  namespace: string,
): void => {
  const { argv = [], cmdline = '', env = {} } = start;
  expect(argv).toEqual(
    expect.arrayContaining([
      `--source-context=${contextOf(from)}`,
      `--dest-context=${contextOf(to)}`,
      `--source-namespace=${namespace}`,
      `--dest-namespace=${namespace}`,
      '--dest-delete-extraneous-files',
      '--strategies=loadbalancer,nodeport,local',
      '--show-progress-bar=false',
    ]),
  );
  expect(argv.some((word) => /^--id=dr-[a-z0-9]+-[0-9a-f]{11}$/.test(word))).toBe(true);
  expect(argv.filter((word) => word === '--ignore-mounted')).toEqual([]);
  expect(argv.every((word) => word.startsWith('--'))).toBe(true);
  const credentials = [...readFileSync(pair().kubeconfig, 'utf8').matchAll(/(?:-data|token): (\S{20,})/g)];
  expect(credentials.length).toBeGreaterThan(0);
  for (const [, secret = ''] of credentials) {
    expect(cmdline).not.toContain(secret);
    expect(JSON.stringify(env)).not.toContain(secret);
  }
  expect(env['KUBECONFIG']).toBeUndefined();
};

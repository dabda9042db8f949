import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/common/errors.ts';
import { lifeOf, processIdentity } from '../../src/common/process-identity.ts';
import { findMover } from '../../src/volumes/find-mover.ts';
import { systemClock } from '../../src/volumes/mover-defaults.ts';
import type { StrategyName } from '../../src/volumes/mover-types.ts';
import { type MoverOutcome, type MoverRun, runMover } from '../../src/volumes/pv-migrate.ts';
import { copyArgs } from '../../src/volumes/pv-migrate-args.ts';
import {
  type Bench,
  clockUntil,
  openBench,
  options,
  pair,
  type Scenarios,
  standIn,
  untilNoted,
} from './helpers/stand-in.ts';

let bench: Bench;
afterEach(() => bench.remove());

/** Opens a bench with one scenario for the claim `data` and returns a function that runs the mover on it. */
const prepare = async (
  scenario: unknown,
  version = '3.6.1',
  strategies: readonly StrategyName[] = ['loadbalancer'],
) => {
  bench = openBench(version, { data: scenario } satisfies Scenarios);
  const mover = await standIn(bench);
  const files = ['src', 'dst', 'values'].map((name) => {
    const path = join(bench.root, name);
    writeFileSync(path, '{"contexts":[{"name":"prod"},{"name":"dr"}]}', { mode: 0o600 });
    return path;
  });
  const [src = '', dst = '', values = ''] = files;
  const args = copyArgs({
    dialect: mover.dialect,
    pair: pair('data'),
    options: options({ strategies }),
    source: { kubeconfig: src, context: 'prod' },
    dest: { kubeconfig: dst, context: 'dr' },
    values,
    id: 'dr-data-1',
  });
  return (more: Partial<MoverRun> = {}): Promise<MoverOutcome> =>
    runMover({ mover, args, deadlineMs: 60_000, graceMs: 60_000, clock: systemClock, ...more });
};

describe('runMover', { timeout: 120_000 }, () => {
  it('D27: forwards an interruption once, however often it is asked, and waits for the cleanup', async () => {
    const run = await prepare({ name: 'ignores-second-signal', ms: 700 });
    const stop = new AbortController();
    const running = run({ signal: stop.signal });
    await untilNoted(bench, 'attempt');
    stop.abort();
    stop.abort();
    const outcome = await running;
    expect(outcome).toMatchObject({ end: 'interrupted', stopped: 'interrupted', exitCode: 1 });
    expect(bench.noted('signal').map((item) => item.signal)).toEqual(['SIGINT']);
    expect(bench.releases()).toEqual([]);
    expect(outcome.seconds).toBeGreaterThan(0.6);
  });

  it('D28: waits for a version that walks through its other strategies after the interruption', async () => {
    const strategies = ['loadbalancer', 'nodeport', 'local'] as const;
    const run = await prepare('hang-then-obey', '3.4.0', strategies);
    const stop = new AbortController();
    const events: string[] = [];
    const running = run({
      signal: stop.signal,
      onEvent: (event) => void (event.type === 'strategy' && events.push(event.strategy)),
    });
    await untilNoted(bench, 'attempt');
    stop.abort();
    expect(await running).toMatchObject({ end: 'interrupted', exitCode: 1 });
    expect(events).toEqual(strategies);
    expect(bench.noted('signal')).toHaveLength(1);
    expect(bench.releases()).toEqual([]);
  });

  it('D29: kills the mover when it does not end within its grace period, and not before', async () => {
    const run = await prepare('hang');
    const stop = new AbortController();
    const running = run({ signal: stop.signal, graceMs: 3000 });
    await untilNoted(bench, 'attempt');
    const asked = Date.now();
    stop.abort();
    const outcome = await running;
    expect(Date.now() - asked).toBeGreaterThanOrEqual(2900);
    expect(outcome).toMatchObject({ end: 'killed', stopped: 'interrupted', endedBy: 'SIGKILL' });
    expect(outcome.exitCode).toBeUndefined();
    expect(bench.noted('signal')).toHaveLength(1);
    expect(bench.releases()).toHaveLength(2);
  });

  it('D26: stops at the deadline in the same way', async () => {
    const run = await prepare('hang-then-obey');
    const clock = clockUntil(4321, () => untilNoted(bench, 'attempt'));
    const outcome = await run({ deadlineMs: 4321, clock });
    expect(outcome).toMatchObject({ end: 'deadline', stopped: 'deadline', exitCode: 1 });
    expect(bench.noted('signal').map((item) => item.signal)).toEqual(['SIGINT']);
    expect(bench.releases()).toEqual([]);
  });

  it('does not start to count the deadline of a copy that ends in time', async () => {
    const run = await prepare('ok');
    const outcome = await run({ deadlineMs: 60_000 });
    expect(outcome).toMatchObject({ end: 'succeeded', exitCode: 0, stopped: undefined });
    expect(bench.noted('signal')).toEqual([]);
  });

  it('stops a mover that was started although the run was aborted already', async () => {
    const run = await prepare({ name: 'hang-then-obey' });
    const outcome = await run({ signal: AbortSignal.abort() });
    expect(outcome.stopped).toBe('interrupted');
  });

  it('counts a mover that finishes its copy in spite of the interruption as succeeded', async () => {
    bench = openBench('3.6.1');
    const path = join(bench.root, 'stubborn');
    writeFileSync(
      path,
      '#!/bin/sh\n[ "$1" = --version ] && { echo pv-migrate version 3.6.1; exit 0; }\ntrap "" INT\necho started >&2\nsleep 1\necho \'{"msg":"Migration succeeded"}\' >&2\n',
    );
    chmodSync(path, 0o755);
    const mover = await findMover({ path, env: bench.env });
    const stop = new AbortController();
    const outcome = await runMover({
      mover,
      args: [],
      deadlineMs: 60_000,
      graceMs: 60_000,
      clock: systemClock,
      signal: stop.signal,
      onEvent: () => stop.abort(),
    });
    expect(outcome).toMatchObject({ end: 'succeeded', stopped: 'interrupted', exitCode: 0 });
  });

  it('tells its process by pid and identity while it runs', async () => {
    const run = await prepare({ name: 'ok', ms: 300 });
    let seen: { pid: number; identity: string | undefined } | undefined;
    await run({
      onStarted: async (started) => {
        seen = started;
        expect(lifeOf(started.identity ?? '')).toBe('alive');
      },
    });
    expect(seen?.pid).toBe(bench.noted('attempt')[0]?.pid);
    expect(lifeOf(seen?.identity ?? '')).toBe('gone');
    expect(processIdentity(seen?.pid ?? 0)).toBeUndefined();
  });

  it('stops the mover when its start cannot be recorded, and throws that error', async () => {
    const run = await prepare('hang-then-obey');
    const failing = run({
      onStarted: async () => {
        await untilNoted(bench, 'attempt');
        throw new Error('the journal is gone');
      },
    });
    await expect(failing).rejects.toThrow('the journal is gone');
    expect(bench.noted('signal')).toHaveLength(1);
    expect(bench.releases()).toEqual([]);
  });

  it('throws a RefusedError when the program cannot be started', async () => {
    bench = openBench('3.6.1');
    const mover = await standIn(bench);
    const broken = { ...mover, path: join(bench.root, 'gone') };
    const failing = runMover({ mover: broken, args: [], deadlineMs: 1000, graceMs: 10, clock: systemClock });
    await expect(failing).rejects.toBeInstanceOf(RefusedError);
  });

  it('does not wait for a child of the mover that holds its output open', async () => {
    const run = await prepare({ name: 'holds-pipe', seconds: 100 });
    const outcome = await run();
    expect(outcome.end).toBe('succeeded');
    expect(outcome.seconds).toBeLessThan(60);
  });

  it('D17: tells a mover that something else has killed from one that failed', async () => {
    const run = await prepare('crash');
    expect(await run()).toMatchObject({ end: 'failed', endedBy: 'SIGKILL', stopped: undefined });
  });

  it('D17: exit code 0 without a word about a copy is no copy', async () => {
    const run = await prepare('exits-without-a-word');
    expect(await run()).toMatchObject({
      end: 'failed',
      exitCode: 0,
      diagnosis: 'it did not report that it copied anything',
    });
  });

  it('D18: keeps the last words, a diagnosis and advice for a failure', async () => {
    const run = await prepare('partial-failure');
    const outcome = await run();
    expect(outcome.end).toBe('failed');
    expect(outcome.diagnosis).toMatch(
      /^loadbalancer: pod .* exited with code 23 .*\(pod pending: 0\/3 nodes/,
    );
    expect(outcome.hint).toMatch(/could not be read/);
    expect(outcome.tail.join('\n')).toContain('send_files failed to open "/source/a": Permission denied');
    expect(outcome.tail.at(-1)).toBe('migration failed: no strategy could complete the migration');
    expect(outcome.tail.length).toBe(new Set(outcome.tail).size);
    expect(outcome.cause).toMatch(/^pod .* exited with code 23 [^)]*\)$/);
  });

  it('D19: shows a usage error of the mover as the diagnosis', async () => {
    const run = await prepare('ok');
    expect(await run({ args: ['--nope'] })).toMatchObject({
      end: 'failed',
      exitCode: 1,
      diagnosis: 'Error: unknown flag: --nope',
    });
  });

  it('D19: passes over lines that are no JSON, and hides credentials in those it keeps', async () => {
    const run = await prepare('noise');
    const texts: string[] = [];
    const outcome = await run({ onEvent: (event) => void texts.push(JSON.stringify(event)) });
    expect(outcome.end).toBe('succeeded');
    expect(outcome.bytes).toBe(124_325_647);
    const tail = outcome.tail.join('\n');
    expect(tail).toContain('panic-looking line { not json');
    expect(tail).toContain('token=(masked) expired');
    expect(tail).not.toContain('abcdef0123456789');
    expect(texts.some((text) => text.includes('pv-migrate status x --follow'))).toBe(true);
  });

  it('D25: notes vanished files as a warning, as 3.6 goes on to succeed', async () => {
    const run = await prepare('vanished');
    expect(await run()).toMatchObject({
      end: 'succeeded',
      warnings: [expect.stringContaining('/source/tmp.1')],
    });
  });

  it('D24: notes that objects could not be removed although the exit code is 0', async () => {
    const run = await prepare({ name: 'ok', cleanup: 'fail' });
    expect(await run()).toMatchObject({ end: 'succeeded', cleanupFailed: true });
  });

  it('D20: keeps the id that an old version chose', async () => {
    const run = await prepare('ok', '2.2.1');
    const outcome = await run();
    expect(outcome.moverId).toBe(bench.noted('attempt')[0]?.id);
    expect(outcome.moverId).toMatch(/^[0-9a-f]{5}$/);
  });

  it('D8: gives the mover neither kubeconfig variables nor credentials of other commands', async () => {
    const run = await prepare('ok');
    await run();
    const env = bench.noted('start').at(-1)?.env ?? {};
    expect(env).toMatchObject({ NO_COLOR: '1', HOME: bench.root });
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['KUBECONFIG']));
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['PV_MIGRATE_S3_SECRET_KEY']));
  });
});

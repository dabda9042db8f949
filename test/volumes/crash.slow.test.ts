import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import { lifeOf, processIdentity } from '../../src/common/process-identity.ts';
import { silentReporter } from '../../src/common/reporter.ts';
import { cleanupLeftovers } from '../../src/volumes/copy-leftovers.ts';
import { moveClaims } from '../../src/volumes/copy-pvcs.ts';
import { endProcess } from '../../src/volumes/end-process.ts';
import { systemClock } from '../../src/volumes/mover-defaults.ts';
import type { MoverRecord } from '../../src/volumes/mover-types.ts';
import {
  type Bench,
  CONTROL,
  moveDeps,
  moveRequest,
  openBench,
  options,
  pair,
  standIn,
  untilNoted,
} from './helpers/stand-in.ts';

const PARENT = fileURLToPath(new URL('./helpers/parent.ts', import.meta.url));

let bench: Bench;
afterEach(() => bench.remove());

/** Starts a copy in a process of its own, kills that process with SIGKILL in mid-copy, and returns its journal. */
const crashDuring = async (scenario: unknown): Promise<MoverRecord[]> => {
  bench = openBench('3.6.1', { data: [scenario, 'ok'] });
  const journal = join(bench.root, 'journal.jsonl');
  const parent = execa(process.execPath, [PARENT, JSON.stringify({ bench, journal })], { reject: false });
  await untilNoted(bench, 'attempt');
  const read = (): MoverRecord[] =>
    readFileSync(journal, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as MoverRecord);
  while (read().length < 2) await systemClock.sleep(20);
  parent.kill('SIGKILL');
  expect((await parent).signal).toBe('SIGKILL');
  return read();
};

const latest = (records: readonly MoverRecord[]): MoverRecord => {
  const last = records.at(-1);
  if (last?.identity === undefined) throw new Error('The mover was not recorded.');
  return last;
};

describe('after kill -9 of dr-syncer in mid-copy', { timeout: 180_000 }, () => {
  it('D31: a mover that prints dies of its broken pipe, and the next run removes what it left and copies', async () => {
    const records = await crashDuring({ name: 'slow', ms: 60_000 });
    await untilNoted(bench, 'broken-pipe');
    expect(bench.releases()).toHaveLength(2);
    expect(bench.privateDirs()).toHaveLength(1);
    const said: string[] = [];
    const [result] = await moveClaims(
      [pair('data')],
      moveRequest(await standIn(bench), { previous: [latest(records)] }),
      moveDeps(bench, { reporter: { ...silentReporter, action: (text) => void said.push(text) } }),
    );
    expect(result?.status).toBe('copied');
    expect(said).toContain(`Removed leftovers of copy ${records[0]?.id} of PVC data from the clusters`);
    expect(bench.noted('cleaned').map((item) => [item.id, item.context])).toEqual([
      [records[0]?.id, 'prod'],
      [records[0]?.id, 'dr'],
    ]);
    expect(bench.noted('attempt').map((item) => item.id)).toEqual([
      records[0]?.id,
      expect.not.stringMatching(records[0]?.id ?? ''),
    ]);
    expect([bench.releases(), bench.privateDirs()]).toEqual([[], []]);
  });

  it('D34: a mover that says nothing lives on, and the next run ends it before it copies', async () => {
    const records = await crashDuring('hang-then-obey');
    const orphan = latest(records);
    expect(lifeOf(orphan.identity ?? '')).toBe('alive');
    const warnings: string[] = [];
    let usedBefore = true;
    const [result] = await moveClaims(
      [pair('data')],
      moveRequest(await standIn(bench), { previous: [orphan] }),
      moveDeps(bench, {
        reporter: { ...silentReporter, warning: (text) => void warnings.push(text) },
        waitUnused: async () => {
          usedBefore = lifeOf(orphan.identity ?? '') === 'alive';
          return [];
        },
      }),
    );
    expect(result?.status).toBe('copied');
    expect(usedBefore).toBe(false);
    expect(warnings).toEqual([
      `An earlier mover of PVC data (pid ${orphan.pid}) was still running; it was ended.`,
    ]);
    expect(bench.noted('signal').map((item) => [item.pid, item.signal])).toEqual([[orphan.pid, 'SIGINT']]);
    expect(bench.releases()).toEqual([]);
  });

  it('D34: a mover that ignores its interruption is killed, and what it left is removed', async () => {
    const records = await crashDuring('hang');
    const [result] = await moveClaims(
      [pair('data')],
      moveRequest(await standIn(bench), {
        previous: [latest(records)],
        options: options({ helmTimeoutMs: 100, loadBalancerTimeoutMs: 100 }),
      }),
      moveDeps(bench, { extraGraceMs: 300 }),
    );
    expect(result?.status).toBe('copied');
    expect(lifeOf(latest(records).identity ?? '')).toBe('gone');
    expect(bench.noted('cleaned')).toHaveLength(2);
    expect(bench.releases()).toEqual([]);
  });

  it('D33: does not copy while a pod of an earlier copy still uses the claim, and names it and what removes it', async () => {
    bench = openBench('2.2.1');
    const left = {
      name: 'rsync-1',
      namespace: 'shop',
      context: 'prod',
      command: 'kubectl delete pod rsync-1',
    };
    const [result] = await moveClaims(
      [pair('data')],
      moveRequest(await standIn(bench)),
      moveDeps(bench, { waitUnused: async () => [left] }),
    );
    expect(result).toMatchObject({
      status: 'failed',
      reason:
        'pod rsync-1 of an earlier copy, in namespace shop of context prod, still uses the PVC. Remove it: kubectl delete pod rsync-1',
    });
    expect(bench.noted('attempt')).toEqual([]);
  });

  it('D33: waits for the pods of a copy of another operation that ended well a moment ago', async () => {
    bench = openBench('3.6.1', {}, { PV_MIGRATE_FAKE_LINGERS: '1' });
    const mover = await standIn(bench);
    const copy = async (operationId: string, waits: boolean) => {
      const waitUnused = async () => {
        // The pods are gone after some time.
        if (bench.isMounted('data')) bench.letGo('data');
        return [];
      };
      const request = moveRequest(mover, { operationId });
      const [result] = await moveClaims(
        [pair('data')],
        request,
        moveDeps(bench, waits ? { waitUnused } : {}),
      );
      return result;
    };
    expect((await copy('op-1', true))?.status).toBe('copied');
    expect((await copy('op-2', false))?.reason).toMatch(/PVC is mounted to a node and --ignore-mounted/);
    expect((await copy('op-3', true))?.status).toBe('copied');
  });

  it('D31: does not copy while leftovers cannot be removed', async () => {
    const records = await crashDuring({ name: 'slow', ms: 60_000 });
    await untilNoted(bench, 'broken-pipe');
    const broken: Bench = { ...bench, env: { ...bench.env, PV_MIGRATE_FAKE_CLEANUP: 'fail' } };
    const [result] = await moveClaims(
      [pair('data')],
      moveRequest(await standIn(broken), { previous: [latest(records)] }),
      moveDeps(bench),
    );
    expect(result).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(
        /cleanup dr-data-\w+ in context prod, namespace shop, failed: .*deletion is forbidden/,
      ),
    });
    expect(bench.noted('attempt')).toHaveLength(1);
  });
});

describe('endProcess', { timeout: 180_000 }, () => {
  it('D34: never signals a process that got the pid of another, nor one of another machine', async () => {
    bench = openBench('3.6.1');
    const sleeper = execa('sleep', ['60'], { reject: false });
    const identity = processIdentity(sleeper.pid ?? 0) ?? '';
    const known = JSON.parse(identity) as Record<string, unknown>;
    const reused = JSON.stringify({ ...known, started: 'before this boot' });
    const elsewhere = JSON.stringify({ ...known, system: 'another boot' });
    expect(await endProcess(reused, 100, { clock: systemClock, control: CONTROL })).toBe('gone');
    expect(await endProcess(elsewhere, 100, { clock: systemClock, control: CONTROL })).toBe('elsewhere');
    for (const bad of [
      '',
      '{',
      '{"host":1}',
      JSON.stringify({ ...known, pid: 1 }),
      JSON.stringify({ ...known, pid: -1 }),
    ])
      expect(await endProcess(bad, 100, { clock: systemClock, control: CONTROL })).toBe('elsewhere');
    expect(lifeOf(identity)).toBe('alive');
    expect(await endProcess(identity, 5000, { clock: systemClock, control: CONTROL })).toBe('ended');
    expect((await sleeper).signal).toBe('SIGINT');
    expect(await endProcess(identity, 100, { clock: systemClock, control: CONTROL })).toBe('gone');
  });
});

describe('cleanupLeftovers', { timeout: 180_000 }, () => {
  const sides = [{ files: { kubeconfig: '/k', context: 'prod' }, namespace: 'shop' }];

  it('D32: tells how to do it by hand for a version without the command', async () => {
    bench = openBench('3.0.0');
    expect(await cleanupLeftovers(await standIn(bench), 'x', sides)).toMatchObject({
      state: 'manual',
      reason: expect.stringContaining(
        "helm --kube-context prod --namespace shop list --filter '^pv-migrate-'",
      ),
    });
    expect(bench.noted('start').map((item) => item.command)).toEqual(['']);
  });

  it('passes on why it failed', async () => {
    bench = openBench('3.2.0');
    expect(await cleanupLeftovers(await standIn(bench), 'x', sides)).toEqual({
      state: 'failed',
      reason:
        'pv-migrate cleanup x in context prod, namespace shop, failed: stat /k: no such file or directory',
    });
  });
});

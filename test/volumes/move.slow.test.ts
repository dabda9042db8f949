import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Reporter } from '../../src/common/reporter.ts';
import { silentReporter } from '../../src/common/reporter.ts';
import { moveClaims } from '../../src/volumes/copy-pvcs.ts';
import { movesError } from '../../src/volumes/copy-texts.ts';
import { DEFAULT_MOVER_OPTIONS } from '../../src/volumes/mover-defaults.ts';
import type { ClaimResult, MoverOptions, MoverRecord } from '../../src/volumes/mover-types.ts';
import {
  type Bench,
  clockUntil,
  eventsOf,
  moveDeps,
  moveRequest,
  openBench,
  options,
  pair,
  SECRET_TOKEN,
  standIn,
  untilNoted,
  VERSIONS,
} from './helpers/stand-in.ts';

let bench: Bench;
afterEach(() => bench.remove());

const byName = (results: readonly ClaimResult[]) =>
  Object.fromEntries(results.map((item) => [item.name, item]));

/** A reporter that keeps what it is told, one text per call. */
const listening = (): Reporter & { readonly said: string[] } => {
  const said: string[] = [];
  const keep = (kind: string) => (message: string) => void said.push(`${kind}: ${message}`);
  return {
    ...silentReporter,
    said,
    action: keep('action'),
    success: keep('success'),
    warning: keep('warning'),
    failure: keep('failure'),
    progress: (done, total, what) => void said.push(`progress: ${done}/${total} ${what}`),
    event: (name, fields) => void said.push(`event: ${name} ${JSON.stringify(fields)}`),
  };
};

describe('moveClaims', { timeout: 180_000 }, () => {
  it.each(VERSIONS)('D16: copies with version %s from end to end', async (version) => {
    bench = openBench(version);
    const events = eventsOf();
    const records: MoverRecord[] = [];
    const results = await moveClaims(
      [pair('data')],
      moveRequest(await standIn(bench), { options: options({ deleteExtraneous: true }) }),
      moveDeps(bench, {
        onEvent: events.onEvent,
        onStarting: async (record) => void records.push(record),
        onStarted: async (record) => void records.push(record),
      }),
    );
    expect(results).toEqual([
      {
        name: 'data',
        status: 'copied',
        bytes: 124_325_647,
        seconds: expect.any(Number),
        strategy: version < '3' ? 'lbsvc' : 'loadbalancer',
        tail: [],
        verification: undefined,
      },
    ]);
    const progress = events.of('progress');
    expect(progress.map((event) => event.percent)).toEqual([0, 25, 50, 75, 100, 100]);
    expect(progress.map((event) => event.indeterminate)).toEqual([true, false, false, false, false, false]);
    expect(progress[1]).toMatchObject({ rate: 20_625_490, filesLeft: 15, files: 20 });
    expect(progress.at(-1)).toMatchObject({ summary: true, bytes: 124_325_647 });
    expect(events.of('succeeded')).toHaveLength(1);
    expect(records.map((record) => [record.claim, record.attempt, record.pid === undefined])).toEqual([
      ['data', 1, true],
      ['data', 1, false],
    ]);
    expect(records[0]?.id).toBe(records[1]?.id);
    expect(bench.releases()).toEqual([]);
    expect(bench.privateDirs()).toEqual([]);
  });

  it('D9, D43: passes images, no credential in arguments or environment, and files that are gone afterwards', async () => {
    bench = openBench('3.6.1');
    const images = { rsync: 'mirror.example:5000/rsync:v9', sshd: `mirror/sshd@sha256:${'0'.repeat(64)}` };
    const request = moveRequest(await standIn(bench), { options: options({ images }) });
    await moveClaims([pair('data')], request, moveDeps(bench));
    // Above the tag that a release of the program puts over every values file.
    expect(bench.noted('images')).toMatchObject([images]);
    const { argv = [], env = {} } = bench.noted('start').at(-1) ?? {};
    expect(JSON.stringify([argv, env])).not.toContain(SECRET_TOKEN);
    const paths = argv.flatMap(
      (arg) => /^--(?:source-kubeconfig|dest-kubeconfig|helm-values)=(.*)$/.exec(arg)?.[1] ?? [],
    );
    expect(paths).toHaveLength(3);
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
  });

  it.each(['1.8.0', '2.2.1', '3.0.0', '3.6.1'])(
    'D17: tells one failure of version %s with its reason and keeps copying the others',
    async (version) => {
      bench = openBench(version, { bad: 'partial-failure', mounted: 'mounted', '*': 'ok' });
      const results = await moveClaims(
        ['a', 'bad', 'b', 'mounted', 'c'].map(pair),
        moveRequest(await standIn(bench), { options: options({ strategies: ['local'] }) }),
        moveDeps(bench),
      );
      expect(results.map((item) => [item.name, item.status])).toEqual([
        ['a', 'copied'],
        ['bad', 'failed'],
        ['b', 'copied'],
        ['mounted', 'failed'],
        ['c', 'copied'],
      ]);
      const { bad, mounted } = byName(results);
      expect(bad?.reason).toMatch(/^pv-migrate ended with exit code 1: local: pod .* exited with code 23/);
      expect(mounted?.reason).toMatch(/is mounted to a node.*completed pods count too/);
      expect(movesError(results)?.message).toMatch(
        /^2 of 5 PVCs were not copied: bad: pv-migrate ended.*; mounted: /,
      );
      expect(movesError(results)?.message).not.toMatch(/0\/3 nodes|rsync output below/);
      expect(movesError(results)?.hint).toContain('a resume retries only the others');
    },
  );

  it('D13: falls back to the next strategy and says which one worked', async () => {
    bench = openBench('3.6.1', { data: { name: 'ok', failStrategies: ['loadbalancer'] } });
    const events = eventsOf();
    const [result] = await moveClaims(
      [pair('data')],
      moveRequest(await standIn(bench)),
      moveDeps(bench, { onEvent: events.onEvent }),
    );
    expect(result).toMatchObject({ status: 'copied', strategy: 'nodeport' });
    expect(events.of('strategy').map((event) => event.strategy)).toEqual(['loadbalancer', 'nodeport']);
    expect(events.of('strategy-failed')[0]?.error).toContain('load balancer');
  });

  it.each(['2.2.1', '3.0.0', '3.6.1'])(
    'D14: fails with all reasons when version %s declines everywhere',
    async (version) => {
      bench = openBench(version, { '*': 'decline' });
      const [result] = await moveClaims(
        [pair('data')],
        moveRequest(await standIn(bench), { options: options({ strategies: ['mount', 'local'] }) }),
        moveDeps(bench),
      );
      expect(result?.status).toBe('failed');
      // Version 2 logs a decline as a failure.
      expect(result?.reason).toMatch(
        version < '3'
          ? /mnt2: this strategy cannot.*; local: this strategy cannot/
          : /mount declined: .*; local declined: /,
      );
    },
  );

  it('D22: shows a re-sync that copies nothing as indeterminate, then done', async () => {
    bench = openBench('3.6.1', { '*': 'resync-0-to-100' });
    const reporter = listening();
    const events = eventsOf();
    const [result] = await moveClaims(
      [pair('data')],
      moveRequest(await standIn(bench)),
      moveDeps(bench, { onEvent: events.onEvent, reporter }),
    );
    expect(events.of('progress').map((event) => [event.percent, event.indeterminate, event.summary])).toEqual(
      [
        [0, true, false],
        [0, true, false],
        [0, true, false],
        [100, false, true],
      ],
    );
    expect(result).toMatchObject({ status: 'copied', bytes: 124_325_647 });
    expect(reporter.said).toContainEqual(
      expect.stringContaining('progress: 0/1 PVCs copied; data under way'),
    );
    expect(reporter.said).toContainEqual(
      expect.stringMatching(/^success: Copied PVC data: 118\.6 MiB in \d+ s by loadbalancer$/),
    );
  });

  it('D26: stops at the deadline of one claim and copies the others', async () => {
    bench = openBench('3.6.1', { stuck: 'hang-then-obey', '*': 'ok' });
    // One `end` is that of the question for the version.
    const clock = clockUntil(4321, async () => {
      await untilNoted(bench, 'attempt', 3);
      await untilNoted(bench, 'end', 3);
    });
    const results = byName(
      await moveClaims(
        ['stuck', 'a', 'b'].map(pair),
        moveRequest(await standIn(bench), { options: options({ deadlineMs: 4321 }) }),
        moveDeps(bench, { clock }),
      ),
    );
    expect(results['stuck']).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^pv-migrate did not finish within 4321 ms and was stopped/),
    });
    expect([results['a']?.status, results['b']?.status]).toEqual(['copied', 'copied']);
  });

  it('D29: kills a mover that hangs, and removes what it left', async () => {
    bench = openBench('3.6.1', { data: 'hang' });
    const [result] = await moveClaims(
      [pair('data')],
      moveRequest(await standIn(bench), {
        options: options({ deadlineMs: 4321, helmTimeoutMs: 100, loadBalancerTimeoutMs: 100 }),
      }),
      moveDeps(bench, { extraGraceMs: 500, clock: clockUntil(4321, () => untilNoted(bench, 'attempt')) }),
    );
    expect(result).toMatchObject({ status: 'failed', reason: expect.stringContaining('was killed') });
    expect(bench.noted('cleaned').map((item) => item.context)).toEqual(['prod', 'dr']);
    expect(bench.releases()).toEqual([]);
  });

  it('D27: interrupts copies under way, skips those not begun, and leaves nothing behind', async () => {
    bench = openBench('3.6.1', { '*': 'hang-then-obey' });
    const stop = new AbortController();
    const running = moveClaims(
      ['a', 'b', 'c', 'd'].map(pair),
      moveRequest(await standIn(bench)),
      moveDeps(bench, { signal: stop.signal }),
    );
    await untilNoted(bench, 'attempt', 2);
    stop.abort();
    const results = await running;
    expect(results.map((item) => [item.name, item.status, item.reason])).toEqual([
      ['a', 'failed', 'pv-migrate was interrupted'],
      ['b', 'failed', 'pv-migrate was interrupted'],
      ['c', 'skipped', 'interrupted before its copy started'],
      ['d', 'skipped', 'interrupted before its copy started'],
    ]);
    expect(bench.noted('signal')).toHaveLength(2);
    expect([bench.releases(), bench.privateDirs()]).toEqual([[], []]);
  });

  it('D24: removes what the mover itself could not remove', async () => {
    bench = openBench('3.6.1', { data: { name: 'ok', cleanup: 'fail' } });
    const [result] = await moveClaims([pair('data')], moveRequest(await standIn(bench)), moveDeps(bench));
    expect(result).toMatchObject({ status: 'copied', reason: expect.stringContaining('Cleanup failed') });
    expect(bench.releases()).toEqual([]);
  });

  it('D54: copies again only what the caller names, under a new id', async () => {
    bench = openBench('3.6.1', { bad: ['exit1', 'ok'], '*': 'ok' });
    const mover = await standIn(bench);
    const journal = new Map<string, MoverRecord>();
    const deps = moveDeps(bench, { onStarted: async (record) => void journal.set(record.claim, record) });
    const first = await moveClaims(['a', 'bad'].map(pair), moveRequest(mover), deps);
    const failed = first.filter((item) => item.status === 'failed').map((item) => pair(item.name));
    const second = await moveClaims(failed, moveRequest(mover, { previous: [...journal.values()] }), deps);
    expect(second).toMatchObject([{ name: 'bad', status: 'copied' }]);
    const attempts = bench.noted('attempt');
    expect(attempts.map((item) => item.claim).sort()).toEqual(['a', 'bad', 'bad']);
    expect(new Set(attempts.map((item) => item.id)).size).toBe(3);
    expect(journal.get('bad')?.attempt).toBe(2);
  });

  it('D51: makes a difference between the sides a failure of the claim', async () => {
    bench = openBench('3.6.1');
    const results = await moveClaims(
      ['same', 'other'].map(pair),
      moveRequest(await standIn(bench)),
      moveDeps(bench, {
        verify: async ({ name }) => ({
          mode: 'size',
          outcome: name === 'same' ? 'equal' : 'different',
          reason: name === 'same' ? undefined : 'a is missing at the destination',
          differences: [],
        }),
      }),
    );
    expect(results).toMatchObject([
      { status: 'copied', verification: { outcome: 'equal' } },
      {
        status: 'failed',
        reason: expect.stringMatching(
          /^copied, but the two sides differ: a is missing at the destination\. .*resume with --pv-migrate-flags '--rsync-extra-args --checksum'$/,
        ),
      },
    ]);
  });

  it('refuses wrong options before anything runs', async () => {
    bench = openBench('1.8.0');
    const mover = await standIn(bench);
    const wrong: Partial<MoverOptions>[] = [
      { nonRoot: true },
      { compress: false },
      { strategies: ['nodeport'] },
      { extraFlags: ['--skip-cleanup'] },
    ];
    for (const change of wrong) {
      await expect(
        moveClaims([pair('a')], moveRequest(mover, { options: options(change) }), moveDeps(bench)),
      ).rejects.toThrow();
    }
    expect(bench.noted('attempt')).toEqual([]);
    expect(bench.privateDirs()).toEqual([]);
  });

  it('throws at the end when a result could not be recorded, after all claims were copied', async () => {
    bench = openBench('3.6.1');
    const running = moveClaims(
      ['a', 'b', 'c'].map(pair),
      moveRequest(await standIn(bench)),
      moveDeps(bench, {
        onFinished: async ({ name }) => {
          if (name === 'a') throw new Error('the journal is gone');
        },
      }),
    );
    await expect(running).rejects.toThrow('the journal is gone');
    expect(bench.noted('attempt')).toHaveLength(3);
  });

  it('copies nothing for an empty list', async () => {
    bench = openBench('3.6.1');
    expect(await moveClaims([], moveRequest(await standIn(bench)), moveDeps(bench))).toEqual([]);
    expect(movesError([])).toBeUndefined();
  });

  it('D58: copies two at once unless told', () => {
    bench = openBench('3.6.1');
    expect(DEFAULT_MOVER_OPTIONS.concurrency).toBe(2);
  });
});

describe('moveClaims with many claims', { timeout: 120_000 }, () => {
  it('D58: copies 60 claims, eight at once and never more', async () => {
    bench = openBench('3.6.1', { '*': { name: 'together', movers: 8 }, 'c-13': 'exit1' });
    const names = Array.from({ length: 60 }, (_, index) => `c-${index}`);
    const reporter = listening();
    const results = await moveClaims(
      names.map(pair),
      moveRequest(await standIn(bench), { options: options({ concurrency: 8 }) }),
      moveDeps(bench, { reporter }),
    );
    expect(results.map((item) => item.name)).toEqual(names);
    expect(results.filter((item) => item.status !== 'copied').map((item) => item.name)).toEqual(['c-13']);
    let running = 0;
    let most = 0;
    const copies = new Set(bench.noted('attempt').map((item) => item.pid));
    for (const item of bench.noted().filter((entry) => copies.has(entry.pid))) {
      if (item.event === 'start') running++;
      if (item.event === 'end') running--;
      most = Math.max(most, running);
    }
    expect(most).toBe(8);
    expect(new Set(bench.noted('attempt').map((item) => item.id)).size).toBe(60);
    const counts = reporter.said.flatMap((text) => /^progress: (\d+)\/60/.exec(text)?.[1] ?? []).map(Number);
    expect(counts.at(-1)).toBe(60);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });
});

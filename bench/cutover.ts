// How much time a cutover adds to what the pods themselves need: from the first write to the source until the
// destination is ready, less a floor that stops and starts the same workloads with bare requests at the same
// concurrency in the same run. The hold is off: it is a time that the operator chooses. Goals: less than 2 s for
// 50 workloads, and less than 5 s with a round trip of 40 ms; for 500 and 2,000 at most 1.15 times the floor, with an
// event loop that is not later than 200 ms in 99 of 100 cases and less than 250 MB of memory. With --load, so many
// processes that only compute run beside it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { startLocalPair } from '../test/cluster/harness.ts';
import { CONCURRENCY, workloadsOf } from './cutover/workloads.ts';
import { delayedKubeconfig } from './delay.ts';

const { values } = parseArgs({
  options: {
    workloads: { type: 'string', default: '50,500,2000' },
    'delay-ms': { type: 'string', default: '0,40' },
    rounds: { type: 'string', default: '3' },
    load: { type: 'string', default: '0' },
  },
});
if (!existsSync('dist/dr-syncer.js')) throw new Error('dist is missing: run npm run build first');

interface Round {
  readonly floor: number;
  readonly total: number;
  readonly stop: number;
  readonly empty: number;
  readonly start: number;
  readonly command: number;
  readonly megabytes: number;
  /** How late the event loop was: the 99th percentile, ms. */
  readonly lateMs: number;
}

const MEASURE = pathToFileURL(join(import.meta.dirname, '..', 'test', 'fixtures', 'max-rss.mjs')).href;

// The controllers have a budget of requests that fills up again while they rest.
const QUIET_MS = 4000;
const numbers = (text: string): number[] => text.split(',').map(Number);
const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-bench-'));
const file = (name: string): string => join(directory, name);
const pair = await startLocalPair();
const load = Array.from({ length: Number(values.load) }, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
);
try {
  console.log(
    'workloads  round trip   added  = without application - pods alone  ratio  (stop   empty   start)  command  memory  late',
  );
  for (const count of numbers(values.workloads)) {
    const namespace = `bench-${count}`;
    const workloads = workloadsOf(pair.source, namespace, count);
    await workloads.fill();
    let isAway = false;
    for (const delayMs of numbers(values['delay-ms'])) {
      const { kubeconfig, close } = await delayedKubeconfig(pair, delayMs);
      const run = (...args: readonly string[]): Promise<string> => dr(kubeconfig, namespace, args);
      const rounds: Round[] = [];
      for (let left = Number(values.rounds); left > 0; left--) {
        if (isAway) await run('failback', '--yes', '--hold', '0s');
        await run('stage');
        await sleep(QUIET_MS);
        const floor = await workloads.floor();
        await sleep(QUIET_MS);
        const round = { floor, ...measured(await run('cutover', '--yes', '--hold', '0s', '-o', 'json')) };
        rounds.push(round);
        isAway = true;
      }
      print(count, delayMs, rounds);
      await close();
    }
  }
} finally {
  for (const child of load) child.kill('SIGKILL');
  await pair.stop();
  rmSync(directory, { recursive: true, force: true });
}

function measured(text: string): Omit<Round, 'floor'> {
  const { rtoSeconds, seconds, steps } = JSON.parse(text);
  const of = (id: string): number => steps.find((step: { id: string }) => step.id === id).seconds;
  return {
    total: rtoSeconds,
    stop: of('stop'),
    empty: of('empty'),
    start: of('start'),
    command: seconds,
    megabytes: Number(readFileSync(file('rss'), 'utf8')) / 1024,
    lateMs: JSON.parse(readFileSync(file('late'), 'utf8')).p99,
  };
}

// Of several rounds the one in the middle, by what was added.
function print(count: number, delayMs: number, rounds: readonly Round[]): void {
  const added = (round: Round): number => round.total - round.floor;
  const sorted = [...rounds].sort((a, b) => added(a) - added(b));
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) return;
  const { total, floor, stop, empty, start, command, megabytes, lateMs } = middle;
  const cell = (seconds: number, width: number): string => `${seconds.toFixed(2)} s`.padStart(width);
  console.log(
    `${String(count).padStart(9)}${`${delayMs} ms`.padStart(12)}${cell(added(middle), 9)}${cell(total, 16)}${cell(floor, 18)}` +
      `${(total / floor).toFixed(2).padStart(7)}${cell(stop, 9)}${cell(empty, 9)}${cell(start, 9)}${cell(command, 10)}` +
      `${`${megabytes.toFixed(0)} MB`.padStart(8)}${`${lateMs.toFixed(0)} ms`.padStart(7)}   all added: ${sorted.map((round) => added(round).toFixed(2)).join(' ')}`,
  );
}

function dr(kubeconfig: string, namespace: string, args: readonly string[]): Promise<string> {
  const names = [
    '--source-context',
    pair.source.context,
    '--dest-context',
    pair.dest.context,
    '-n',
    namespace,
  ];
  const all = [
    '--import',
    MEASURE,
    'bin/dr-syncer.js',
    ...args,
    ...names,
    '--concurrency',
    String(CONCURRENCY),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, all, {
      env: {
        ...process.env,
        KUBECONFIG: kubeconfig,
        MAX_RSS_FILE: file('rss'),
        LOOP_DELAY_FILE: file('late'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${args[0]} ended with ${code}\n${err}${out}`)),
    );
  });
}

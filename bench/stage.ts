// `dr-syncer stage` of 1,000 mixed objects against `kubectl get | kubectl apply --server-side` and against bare loops
// that send the same requests, in one run on the same two clusters. What the numbers mean: docs/performance.md.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type OpenArena, openArena } from './stage/arena.ts';
import { runFloor, runPipe, runStage } from './stage/contenders.ts';
import { cpuTimes, untilQuiet } from './stage/cpu.ts';
import { type Measured, printRestage, printTable } from './stage/report.ts';
import { chainsOf, isDryRun, isObjectWrite, readRequests, type SentRequest } from './stage/requests.ts';

const { values: flags } = parseArgs({
  options: {
    objects: { type: 'string', default: '1000' },
    'delay-ms': { type: 'string', default: '0' },
    rounds: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '64' },
  },
});
if (!existsSync('dist/dr-syncer.js')) throw new Error('dist is missing: run npm run build first');

/** The requests of one stage, for the floors. */
interface Captured {
  readonly namespace: string;
  readonly dryRuns: readonly SentRequest[];
  readonly writes: readonly SentRequest[];
}

// The first run fills caches on both sides and tells what is sent.
const capture = async (arena: OpenArena): Promise<Captured> => {
  const namespace = 'bench-captured';
  const file = join(arena.directory, 'requests.ndjson');
  const preload = ['--import', join(import.meta.dirname, 'stage', 'capture.mjs')];
  await runStage(arena, namespace, { CAPTURE_REQUESTS: file }, preload);
  const sent = await readRequests(file);
  return { namespace, dryRuns: sent.filter(isDryRun), writes: sent.filter(isObjectWrite) };
};

// The version that a second write of an object builds on is another one in another namespace.
const moved = (requests: readonly SentRequest[], from: string, to: string): SentRequest[] =>
  requests.map(({ path, body, ...rest }) => ({
    ...rest,
    path: path.replaceAll(from, to),
    body: body?.replaceAll(from, to).replace(/"resourceVersion":"\d+",?/, ''),
  }));

const arena = await openArena({
  objects: Number(flags.objects),
  delayMs: Number(flags['delay-ms']),
  concurrency: Number(flags.concurrency),
});
try {
  const { namespace, dryRuns, writes } = await capture(arena);
  const floor = (to: string, ...phases: (readonly SentRequest[])[]): Promise<number> =>
    runFloor(
      arena,
      phases.map((phase) => chainsOf(moved(phase, namespace, to))),
    );
  // A contender returns its own seconds when its process does more than what is measured.
  const contenders: Record<string, (to: string) => Promise<number | undefined>> = {
    'dr-syncer stage': async (to) => void (await runStage(arena, to)),
    'kubectl pipe': async (to) => void (await runPipe(arena, to)),
    'floor 1: writes': (to) => floor(to, writes),
    'floor 2: dry runs, writes': (to) => floor(to, dryRuns, writes),
  };
  const measured: Measured[] = [];
  const restaged: Measured[] = [];
  let result: Awaited<ReturnType<typeof runStage>>;
  const measure = async (name: string, work: () => Promise<number | undefined>): Promise<Measured> => {
    await untilQuiet(arena.pids);
    const before = cpuTimes(arena.pids);
    const started = performance.now();
    const own = await work();
    const seconds = own ?? (performance.now() - started) / 1000;
    const after = cpuTimes(arena.pids);
    return {
      name,
      seconds,
      clientCpu: (after?.clients ?? 0) - (before?.clients ?? 0),
      serverCpu: (after?.servers ?? 0) - (before?.servers ?? 0),
    };
  };
  const names = Object.keys(contenders);
  for (let round = 0; round < Number(flags.rounds); round++) {
    // Each round starts with another contender, so that no one always has the quietest or the fullest servers.
    for (const at of names.keys()) {
      const name = names[(at + round) % names.length] ?? '';
      const to = `bench-${round}-${at}`;
      if (name !== 'dr-syncer stage') await arena.createNamespace(to);
      measured.push(await measure(name, async () => contenders[name]?.(to)));
      if (name !== 'dr-syncer stage') continue;
      restaged.push(
        await measure('re-stage', async () => {
          result = await runStage(arena, to);
          return undefined;
        }),
      );
    }
    process.stderr.write(`round ${round + 1} of ${flags.rounds}\n`);
  }
  console.log(
    `${flags.objects} objects, ${flags['delay-ms']} ms added round trip, ${flags.concurrency} requests at once; ` +
      `${dryRuns.length} dry runs, ${writes.length} writes`,
  );
  printTable(measured, 'dr-syncer stage');
  printRestage(restaged, result);
} finally {
  await arena.close();
}

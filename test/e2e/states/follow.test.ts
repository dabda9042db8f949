import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteJson, type Json, listJson, patchJson, type Side, waitUntil } from '../../cluster/client.ts';
import { buildProgram } from '../../helpers/crash/cutter.ts';
import { installSmall } from '../../helpers/move-app.ts';
import { countsOf, livePods, startMove } from '../../helpers/moves.ts';
import { commandsIn, openShell, type Shell } from '../../helpers/printed.ts';
import { throughProxies } from '../../helpers/proxied.ts';

// From any state that kills, lost records and other people's hands can leave: whoever only types what is printed comes
// to an application that runs on one side with its counts, or to a sentence that says what a person must decide.
// Each run takes half a minute, so an ordinary run of the tests follows a few: DR_SYNCER_STATES=25 asks for more, and DR_SYNCER_SEED for others.
const RUNS = Number(process.env['DR_SYNCER_STATES'] ?? 3);
// Looking with status counts as one, so these are four steps.
const COMMANDS = 8;
const WEB = { 'Deployment/web': 2 };
const PARKED = { 'Deployment/web': 0 };

const { proxies, ends } = throughProxies();
let program: Awaited<ReturnType<typeof buildProgram>>;
let shell: Shell;
beforeAll(async () => {
  program = await buildProgram();
  shell = openShell(program.file);
});
afterAll(() => {
  shell?.close();
  program?.stop();
});

interface Story {
  readonly verb: 'cutover' | 'failback' | 'failover';
  /** The write before which the process is killed, by its number. */
  readonly killAt: number;
  readonly lost: readonly { readonly side: Side; readonly kind: 'state' | 'journal' }[];
  readonly scaled: Side | undefined;
  readonly silent: Side | undefined;
}

const side = fc.constantFrom<Side>('source', 'dest');
const stories: fc.Arbitrary<Story> = fc.record({
  verb: fc.constantFrom('cutover', 'failback', 'failover'),
  killAt: fc.integer({ min: 1, max: 40 }),
  lost: fc.uniqueArray(fc.record({ side, kind: fc.constantFrom('state', 'journal') }), {
    maxLength: 2,
    selector: ({ side: at, kind }) => `${at} ${kind}`,
  }),
  scaled: fc.option(side, { nil: undefined, freq: 5 }),
  silent: fc.option(side, { nil: undefined, freq: 3 }),
});

test('whoever types only what is printed comes out of any state', { timeout: 3_600_000 }, async () => {
  const seed = Number(process.env['DR_SYNCER_SEED'] ?? 340_239);
  process.stdout.write(`states: seed ${seed}, ${RUNS} runs\n`);
  await fc.assert(fc.asyncProperty(stories, follow), { numRuns: RUNS, seed, endOnFailure: true });
});

const follow = async (story: Story): Promise<void> => {
  const namespace = await installSmall('story');
  const told: string[] = [JSON.stringify(story)];
  try {
    await begin(namespace, story);
    let silent = story.silent;
    if (silent !== undefined) await proxies[silent].goDown();
    for (let typed = 0; typed < COMMANDS; ) {
      const status = await statusOf(namespace, told);
      typed++;
      const isOk = status.outcome === 'ok';
      if (isOk && (await isWell(namespace))) return;
      if (silent !== undefined && isDecided(status)) return;
      if (isOk && silent !== undefined) {
        // What runs on a side that does not answer cannot be seen: it is as soon as it does.
        await proxies[silent].comeBack();
        silent = undefined;
        continue;
      }
      const line = nextOf(status);
      expect(line, `a way out of ${status.state}\n${told.join('\n')}`).toBeDefined();
      typed += await typeAll(line ?? '', told);
    }
    expect.fail(`not out after ${COMMANDS} commands:\n${told.join('\n')}`);
  } finally {
    await proxies.source.comeBack();
    await proxies.dest.comeBack();
    for (const at of ['source', 'dest'] as const) await deleteJson(at, 'Namespace', namespace);
  }
};

/** Brings the namespace into the state of the story. */
const begin = async (namespace: string, { verb, killAt, lost, scaled }: Story): Promise<void> => {
  if (verb === 'failback') await startMove('cutover', namespace, ends).done;
  const args = verb === 'failover' ? ['--accept-data-loss', '--source-given-up'] : [];
  if (verb === 'failover')
    await patchJson('source', 'Deployment', 'web', namespace, { spec: { replicas: 0 } });
  const run = startMove(verb, namespace, { ...ends, args });
  let writes = 0;
  for (const at of ['source', 'dest'] as const) {
    proxies[at].inject({
      match: ({ method }) => method !== 'GET' && ++writes === killAt,
      action: (exchange) => {
        run.child.kill('SIGKILL');
        exchange.reset();
      },
    });
  }
  await run.done;
  for (const at of ['source', 'dest'] as const) proxies[at].clear();
  for (const { side: at, kind } of lost) {
    const records = await listJson(at, 'ConfigMap', namespace, `dr-syncer.io/record=${kind}`);
    for (const { metadata } of records) await deleteJson(at, 'ConfigMap', metadata.name, namespace);
  }
  if (scaled !== undefined) {
    await patchJson(scaled, 'Deployment', 'web', namespace, { spec: { replicas: 2 } });
    await waitUntil(
      'the pods that somebody started',
      async () => (await livePods(scaled, namespace)).length === 2,
    );
  }
};

const statusOf = async (namespace: string, told: string[]): Promise<Json> => {
  const { done } = startMove('status', namespace, ends);
  const run = await done;
  told.push(`status ${run.exitCode}: ${run.stdout}`);
  return JSON.parse(run.stdout);
};

const nextOf = ({ ways }: Json): string | undefined =>
  ways.map(({ command }: Json) => command).find((line: string) => line.startsWith('dr-syncer '));

// With a side that is silent a person decides; with both there, the commands alone have to lead out.
const isDecided = ({ decide }: Json): boolean => decide !== undefined;

// Types a line and, when it is refused with a line of its own, that one: a refusal asks for the acknowledgement.
const typeAll = async (line: string, told: string[]): Promise<number> => {
  const run = await shell.type(line);
  told.push(`${run.exitCode}: ${line}\n${run.stdout}`);
  if (run.exitCode !== 7 && run.exitCode !== 6) return 1;
  const hint = JSON.parse(run.stdout).error?.hint ?? JSON.parse(run.stdout).hint;
  const [more] = commandsIn(hint);
  if (more === undefined) return 1;
  const again = await shell.type(more);
  told.push(`${again.exitCode}: ${more}\n${again.stdout}`);
  return 2;
};

/** The application runs on exactly one side, with its counts. */
const isWell = async (namespace: string): Promise<boolean> => {
  const counts = await Promise.all((['source', 'dest'] as const).map((at) => countsOf(at, namespace)));
  const pods = await Promise.all((['source', 'dest'] as const).map((at) => livePods(at, namespace)));
  const runs = counts.map((found) => JSON.stringify(found) === JSON.stringify(WEB));
  const rests = counts.map(
    (found, index) => JSON.stringify(found) === JSON.stringify(PARKED) && pods[index]?.length === 0,
  );
  return (runs[0] === true && rests[1] === true) || (rests[0] === true && runs[1] === true);
};

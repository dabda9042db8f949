import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  applyYaml,
  createNamespace,
  freshNamespace,
  type Json,
  listJson,
  patchJson,
  type Side,
  waitUntil,
} from '../../cluster/client.ts';
import { buildProgram } from '../../helpers/crash/cutter.ts';
import { type Freezer, openFreezer } from '../../helpers/crash/freezer.ts';
import { type Observer, observe } from '../../helpers/crash/observer.ts';
import { drain, newTally, print } from '../../helpers/crash/plan.ts';
import { lockToExpire } from '../../helpers/lock.ts';
import { deployment, runs } from '../../helpers/move-app.ts';
import { countsOf, livePods, move, moveTo } from '../../helpers/moves.ts';
import { stageWell } from '../../helpers/stage.ts';

// A process that stands still for longer than its lock lasts, with a write on its way: a laptop that sleeps, a virtual
// machine that is moved, a line that stalls. Meanwhile somebody else takes over. Whatever the first one had sent and
// whatever it does when it wakes up, nothing of it may take effect.
// A round takes half a minute: DR_SYNCER_FROZEN_ROUNDS=100 asks for more of them.
const ROUNDS = Number(process.env['DR_SYNCER_FROZEN_ROUNDS'] ?? 8);
// Short enough for many rounds, long enough to be renewed on a busy machine.
const LOCK = { DR_SYNCER_LOCK_TTL_MS: process.env['DR_SYNCER_FROZEN_TTL_MS'] ?? '3000' };

// The lock is somebody else's, or was and is free again.
const LOST = [6, 4];

interface Lane {
  readonly namespace: string;
  readonly freezer: Freezer;
  readonly observer: Observer;
  at: Side;
}

/** What is frozen, and how somebody else takes over; `ends` is where the application is then. */
interface Victim {
  readonly name: string;
  readonly at: Side;
  /** What comes before it. */
  prepare?(namespace: string): Promise<unknown>;
  readonly args: readonly string[];
  /** What happens while it is frozen, before somebody takes over. */
  meanwhile?(namespace: string): Promise<unknown>;
  readonly takeOvers: readonly TakeOver[];
  /** How it is begun anew when its process was frozen before it had begun; a move to the other side otherwise. */
  readonly anew?: TakeOver;
  /** What must still be done, when all is over, for one side alone to run. */
  finish?(lane: Lane): Promise<void>;
}

interface TakeOver {
  readonly args: readonly string[];
  readonly ends: Side;
}

const FAILING = ['--smoke-command', 'false', '--smoke-attempts', '1'];
const GIVEN_UP = ['--accept-data-loss', '--source-given-up'];
const resume = (ends: Side) => ({ args: ['resume'], ends });
const rollback = (ends: Side) => ({ args: ['rollback'], ends });
const stopped = (verb: string) => (namespace: string) => moveTo(4, verb, namespace, { args: FAILING });

const VICTIMS: readonly Victim[] = [
  {
    name: 'stage',
    at: 'source',
    // Something to write.
    prepare: (namespace) => change('source', namespace),
    args: ['stage'],
    // What it has sent is out of date by the time it arrives.
    meanwhile: (namespace) => change('source', namespace),
    takeOvers: [{ args: ['cutover'], ends: 'dest' }],
  },
  { name: 'cutover', at: 'source', args: ['cutover'], takeOvers: [resume('dest'), rollback('source')] },
  { name: 'failback', at: 'dest', args: ['failback'], takeOvers: [resume('source'), rollback('dest')] },
  {
    name: 'resume of a cutover',
    at: 'source',
    prepare: stopped('cutover'),
    args: ['resume', '--without-hooks', '--smoke-command', 'true'],
    takeOvers: [
      { args: ['resume', '--without-hooks', '--smoke-command', 'true'], ends: 'dest' },
      rollback('source'),
    ],
  },
  {
    name: 'rollback of a cutover',
    at: 'source',
    prepare: stopped('cutover'),
    args: ['rollback'],
    takeOvers: [rollback('source')],
  },
  {
    name: 'rollback of a failback',
    at: 'dest',
    prepare: stopped('failback'),
    args: ['rollback'],
    takeOvers: [rollback('dest')],
  },
  {
    name: 'failover',
    at: 'source',
    args: ['failover', ...GIVEN_UP],
    takeOvers: [resume('dest'), rollback('source')],
    anew: { args: ['failover', ...GIVEN_UP], ends: 'dest' },
    // Its source was declared lost while it ran: until it is fenced, both sides run. After a rollback there is none to fence.
    finish: async ({ namespace, observer }) => {
      const { exitCode, stderr } = await move('fence', namespace);
      expect([0, 3], stderr).toContain(exitCode);
      observer.forget();
    },
  },
  {
    name: 'fence',
    at: 'source',
    prepare: (namespace) => moveTo(0, 'failover', namespace, { args: GIVEN_UP }),
    args: ['fence'],
    takeOvers: [resume('dest')],
    anew: { args: ['fence'], ends: 'dest' },
    // Until it was done, both sides ran.
    finish: async ({ observer }) => observer.forget(),
  },
];

let program: Awaited<ReturnType<typeof buildProgram>>;
const lanes: Lane[] = [];

beforeAll(async () => {
  program = await buildProgram();
});
afterAll(async () => {
  await Promise.all(lanes.map(({ freezer }) => freezer.stop()));
  for (const { observer } of lanes) observer.stop();
  program.stop();
});

test(`F5: a process that was frozen in mid-write changes nothing after somebody took over (${ROUNDS} rounds)`, {
  timeout: 300_000 + ROUNDS * 60_000,
}, async () => {
  const result = newTally();
  // How many writes each kind of run makes is learnt as they run.
  const lengths = new Map<string, number>();
  let round = 0;
  await drain(openLane, (lane) => {
    if (round >= ROUNDS) return undefined;
    const number = round++;
    const candidates = VICTIMS.filter(({ at }) => at === lane.at);
    const victim = candidates[number % candidates.length] as Victim;
    const takeOver = victim.takeOvers[Math.floor(number / 7) % victim.takeOvers.length];
    // Spread over the length by the golden ratio: no two rounds alike, and none by chance.
    const at = 1 + Math.floor(((number * 0.618) % 1) * (lengths.get(victim.name) ?? 10));
    return {
      name: `${victim.name} at write ${at}, then ${takeOver?.args[0]}, in ${lane.namespace}`,
      into: result,
      run: async () => {
        const { wasFrozen, writes } = await freezeAndTakeOver(
          lane,
          victim,
          takeOver ?? rollback(lane.at),
          at,
          number,
        );
        lengths.set(victim.name, Math.max(wasFrozen ? (lengths.get(victim.name) ?? 10) : 1, writes));
        return wasFrozen;
      },
    };
  });
  print('frozen', result);
  expect(result.failures).toEqual([]);
  expect(result.cut).toBeGreaterThan(ROUNDS / 2);
});

const freezeAndTakeOver = async (
  lane: Lane,
  victim: Victim,
  takeOver: Victim['takeOvers'][number],
  at: number,
  number: number,
): Promise<{ wasFrozen: boolean; writes: number }> => {
  const { namespace, freezer } = lane;
  await victim.prepare?.(namespace);
  const hold = victim.name === 'stage' ? [] : ['--yes', '--hold', '300ms'];
  const run = freezer.run([...victim.args, ...hold], at, LOCK);
  if (!(await run.frozen)) {
    const { exitCode, stderr } = await run.thaw();
    // On a machine that stands still by itself, its lock may be gone before.
    expect([0, ...LOST], stderr).toContain(exitCode);
    if (exitCode !== 0) await moveOn(lane, victim, takeOver);
    await victim.finish?.(lane);
    await settle(lane);
    await expectOneSide(lane);
    return { wasFrozen: false, writes: run.writes() };
  }
  await Promise.all([lockToExpire(namespace, 'dest'), lockToExpire(namespace, 'source')]);
  await victim.meanwhile?.(namespace);
  await moveOn(lane, victim, takeOver);
  const before = await contentOf(namespace);
  // The write arrives while its process stands still, or together with what the process does next.
  if (number % 2 === 0) await run.arrive();
  const thawed = run.thaw();
  if (number % 2 === 1) await Promise.race([run.arrive(), thawed]);
  const { exitCode, stderr } = await thawed;
  const after = await contentOf(namespace);
  const what = `${run.held()} was held; late: ${run.late().join(', ')}; ended with ${exitCode}\n${stderr}`;
  expect(after, what).toEqual(before);
  expect(LOST, what).toContain(exitCode);
  await victim.finish?.(lane);
  await expectOneSide(lane);
  return { wasFrozen: true, writes: run.writes() };
};

/** Somebody else goes on, or goes back; begins anew when nothing had begun. */
const moveOn = async (lane: Lane, victim: Victim, takeOver: TakeOver): Promise<void> => {
  const run = await asBob(lane, takeOver);
  if (run.exitCode !== 3 || !/There is nothing to/.test(run.stdout)) {
    expect([0, 5], `${takeOver.args[0]}: ${run.stderr}`).toContain(run.exitCode);
    lane.at = takeOver.ends;
    return;
  }
  if (victim.anew === undefined) await settle(lane);
  const anew = victim.anew ?? AWAY[lane.at];
  const again = await asBob(lane, anew);
  expect(again.exitCode, again.stderr).toBe(0);
  lane.at = anew.ends;
};

const AWAY: Readonly<Record<Side, TakeOver>> = {
  source: { args: ['cutover'], ends: 'dest' },
  dest: { args: ['failback'], ends: 'source' },
};

const asBob = ({ namespace }: Lane, { args: [verb = '', ...flags] }: TakeOver) =>
  move(verb, namespace, { operator: 'bob@desk', args: [...flags, '--take-over'] });

/** Where the application is by the number of its pods. */
const settle = async (lane: Lane): Promise<void> => {
  await waitUntil('all pods on one side', async () => {
    const [source = 0, dest = 0] = await podCounts(lane.namespace);
    if (source + dest !== PODS || source * dest !== 0) return false;
    lane.at = source > 0 ? 'source' : 'dest';
    return true;
  });
};

const expectOneSide = async (lane: Lane): Promise<void> => {
  const { namespace, at, observer } = lane;
  const other: Side = at === 'source' ? 'dest' : 'source';
  await settle(lane);
  expect(lane.at).toBe(at);
  expect(await countsOf(at, namespace)).toEqual({ 'Deployment/web': 2, 'Deployment/worker': 1 });
  expect(await countsOf(other, namespace)).toEqual({ 'Deployment/web': 0, 'Deployment/worker': 0 });
  expect(observer.violations.join('\n')).toBe('');
};

const openLane = async (): Promise<Lane> => {
  const namespace = freshNamespace('frozen');
  await createNamespace('source', namespace);
  await runs('source', namespace, await applyYaml('source', namespace, APP));
  await stageWell(namespace);
  const freezer = await openFreezer(program.file, namespace);
  const lane: Lane = { namespace, freezer, observer: await observe(namespace), at: 'source' };
  lanes.push(lane);
  return lane;
};

const PODS = 3;
const podCounts = (namespace: string): Promise<number[]> =>
  Promise.all((['source', 'dest'] as const).map(async (side) => (await livePods(side, namespace)).length));

let changes = 0;
const change = async (side: Side, namespace: string): Promise<void> => {
  const data = { colour: `shade-${++changes}` };
  for (const name of ['settings', 'more', 'most'])
    await patchJson(side, 'ConfigMap', name, namespace, { data });
  const template = { metadata: { annotations: { change: String(changes) } } };
  await patchJson(side, 'Deployment', 'web', namespace, { spec: { template } });
  await waitUntil('the new pods', async () => {
    const [web] = (await listJson(side, 'Deployment', namespace)).filter(
      ({ metadata }) => metadata.name === 'web',
    );
    const { replicas, updatedReplicas, readyReplicas } = web.status;
    return updatedReplicas === 2 && readyReplicas === 2 && replicas === 2;
  });
};

// All that a run writes, records and locks included; not what controllers write by themselves. The history alone may
// grow: it tells how the frozen run ended, too.
const contentOf = async (namespace: string): Promise<Record<string, Json>> => {
  const lists = await Promise.all(
    (['source', 'dest'] as const).flatMap((side) =>
      ['Deployment', 'ConfigMap', 'Lease', 'Secret', 'ServiceAccount', 'Service'].map(async (kind) =>
        (await listJson(side, kind, namespace)).filter(isNoHistory).map((object): [string, Json] => {
          const { metadata, status, ...rest } = object;
          const { annotations, labels } = metadata;
          const { 'deployment.kubernetes.io/revision': _revision, ...kept } = annotations ?? {};
          return [`${side} ${kind}/${metadata.name}`, { ...rest, annotations: kept, labels }];
        }),
      ),
    ),
  );
  return Object.fromEntries(lists.flat());
};

const isNoHistory = ({ metadata }: Json): boolean => !metadata.name.includes('history');

const config = (name: string): string => `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name} }
data: { colour: blue }
`;
const APP = `${deployment('web', 2)}${deployment('worker', 1)}${['settings', 'more', 'most'].map(config).join('')}`;

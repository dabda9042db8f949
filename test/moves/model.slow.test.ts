import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { ORIGINAL_REPLICAS, PARKED } from '../../src/common/annotations.ts';
import { valueAt } from '../../src/kube/raw-json.ts';
import { CALM, mend, records, runVerb, type Verb, wait } from './model/operators.ts';
import type { Faults } from './model/process.ts';
import { CRON_JOBS, createWorld, DEPLOYMENTS, type World } from './model/world.ts';

// The steps, the records, the lock and the journal are the real ones; only the API servers are a model, in which the
// order of everything that happens at once is drawn at random, and every request can be the last one.

// The model's time passes in turns of the event loop: a look that waits for the clock would only make it slow.
vi.mock(import('../../src/kube/informer.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    openInformer: (cluster, types, namespace, options) =>
      real.openInformer(cluster, types, namespace, { ...options, lookMs: 0 }),
  };
});

/** One run, or two at once, while the application may be scaled; then the rest is brought to an end. */
interface Round {
  readonly faults: Faults;
  readonly rival: { readonly verb: Verb; readonly after: number; readonly faults: Faults } | undefined;
  readonly scale: { readonly after: number; readonly replicas: number } | undefined;
  /** The clocks go on for a minute while requests are under way: longer than any lock lasts. */
  readonly pass: { readonly after: number } | undefined;
  /** The same operator goes on or goes back, perhaps in two terminals at once. */
  readonly early: readonly {
    readonly verb: 'resume' | 'rollback';
    readonly after: number;
    readonly faults: Faults;
  }[];
  readonly mend: 'resume' | 'rollback';
  readonly mender: string;
}

const ALICE = 'alice@laptop';
const BOB = 'bob@desk';

// Most requests are quick; a few take as long as a whole run of somebody else.
const turns = fc.oneof(
  { arbitrary: fc.nat(4), weight: 14 },
  { arbitrary: fc.integer({ min: 100, max: 600 }), weight: 1 },
);

const faults: fc.Arbitrary<Faults> = fc.record({
  crash: fc.option(
    fc.record({ at: fc.nat(60), when: fc.constantFrom('before' as const, 'after' as const) }),
    { nil: undefined, freq: 3 },
  ),
  errors: fc.array(
    fc.record({ at: fc.nat(150), how: fc.constantFrom('refused' as const, 'lost' as const) }),
    { maxLength: 2 },
  ),
  pace: fc.array(turns, { minLength: 1, maxLength: 12 }),
  retries: fc.nat(2),
  held: fc.option(fc.record({ at: fc.nat(40), turns: fc.nat(3000) }), { nil: undefined, freq: 2 }),
});

const pods = fc.array(fc.nat(60), { minLength: 1, maxLength: 8 });

const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    faults,
    rival: fc.option(
      fc.record({
        verb: fc.constantFrom<Verb>('move', 'resume', 'rollback'),
        after: fc.nat(300),
        faults,
      }),
      { nil: undefined, freq: 2 },
    ),
    scale: fc.option(fc.record({ after: fc.nat(300), replicas: fc.integer({ min: 1, max: 4 }) }), {
      nil: undefined,
      freq: 2,
    }),
    pass: fc.option(fc.record({ after: fc.nat(300) }), { nil: undefined, freq: 2 }),
    early: fc.array(
      fc.record({
        verb: fc.constantFrom('resume' as const, 'rollback' as const),
        after: fc.nat(100),
        faults,
      }),
      { maxLength: 2 },
    ),
    mend: fc.constantFrom('resume' as const, 'rollback' as const),
    mender: fc.constantFrom(ALICE, BOB),
  }),
  { minLength: 1, maxLength: 3 },
);

const calm = (changes: Partial<Round> = {}): Round => ({
  faults: CALM,
  rival: undefined,
  scale: undefined,
  pass: undefined,
  early: [],
  mend: 'resume',
  mender: ALICE,
  ...changes,
});

// A rollback that has read the journal is overtaken by a resume, which starts the other side and fails there.
const OVERTAKEN: Round[] = [
  calm(),
  calm({
    faults: { ...CALM, crash: { at: 10, when: 'before' } },
    early: [
      { verb: 'rollback', after: 0, faults: { errors: [], pace: [100, 0] } },
      { verb: 'resume', after: 0, faults: { errors: [{ at: 30, how: 'refused' }], pace: [0] } },
    ],
  }),
];

// A patch that starts the other side stays in the network until somebody else has taken the operation over and undone
// it: by then the application runs at home.
const LATE: [number[], Round[]][] = Array.from({ length: 24 }, (_, index) => [
  [0],
  [calm({ faults: { ...CALM, held: { at: 9 + index, turns: 3000 } }, mend: 'rollback', mender: BOB })],
]);

// The application is scaled while it is stopped: each status update of its controller is a conflict of its own.
const SCALED: [number[], Round[]][] = Array.from({ length: 24 }, (_, index) => [
  [20],
  [calm({ faults: { ...CALM, pace: [3] }, scale: { after: 150 + 4 * index, replicas: 1 } })],
]);

// The application is scaled down where it was just started: nothing brings the count back, and no move may wait for it.
const SCALED_DOWN: [number[], Round[]][] = Array.from({ length: 24 }, (_, index) => [
  [20],
  [calm(), calm({ faults: { ...CALM, pace: [3] }, scale: { after: 220 + 6 * index, replicas: 1 } })],
]);

describe('a move in any order of events', () => {
  test('F4, F5, F7: never runs on both sides, loses no count, has one holder, and can always be ended', {
    timeout: 600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(pods, rounds, async (pace, program) => {
        const world = createWorld(pace);
        await world.settle();
        let counts = new Set([2]);
        for (const round of program) counts = await play(world, round, counts);
        world.pass(60_000);
        expect(await runVerb(world, BOB, 'move', CALM, true)).toBe('ok');
      }),
      {
        numRuns: Number(process.env['DR_SYNCER_MODEL_RUNS'] ?? 150),
        examples: [[[0], OVERTAKEN], ...LATE, ...SCALED, ...SCALED_DOWN],
        // The smallest form of a fault can take longer to look for than there is time; any form of it must be seen.
        endOnFailure: true,
      },
    );
  });
});

const play = async (world: World, round: Round, before: Set<number>): Promise<Set<number>> => {
  const counts = new Set(before);
  const { rival, scale, pass, early } = round;
  await Promise.all([
    runVerb(world, ALICE, 'move', round.faults),
    rival && wait(rival.after).then(() => runVerb(world, BOB, rival.verb, rival.faults)),
    scale && wait(scale.after).then(() => rescale(world, scale.replicas, counts)),
    pass && wait(pass.after).then(() => world.pass(60_000)),
  ]);
  await Promise.all(
    early.map(async (run) => {
      await wait(run.after);
      await runVerb(world, ALICE, run.verb, run.faults);
    }),
  );
  await mend(world, round.mender, round.mend);
  await world.settle();
  // What arrived only now may have been the beginning of an operation.
  await mend(world, round.mender, round.mend);
  await world.settle();
  expect(world.violations).toEqual([]);
  const { state } = await records(world);
  expect(state?.operation).toBeUndefined();
  const [live, other] = state?.phase === 'active' ? [world.dest, world.source] : [world.source, world.dest];
  const count = Number(valueAt(live.get(DEPLOYMENTS, 'web'), 'spec', 'replicas'));
  expect([...counts], 'the count of the side that runs').toContain(count);
  expect(stateOf(live)).toEqual([count, 1, false, undefined, undefined]);
  expect(stateOf(other)).toEqual([0, 0, true, expect.anything(), '1']);
  expect([...counts].map(String)).toContain(
    other.get(DEPLOYMENTS, 'web')?.metadata.annotations?.[ORIGINAL_REPLICAS],
  );
  return new Set([count, Number(other.get(DEPLOYMENTS, 'web')?.metadata.annotations?.[ORIGINAL_REPLICAS])]);
};

const stateOf = (store: World['source']) => {
  const web = store.get(DEPLOYMENTS, 'web');
  const worker = store.get(DEPLOYMENTS, 'worker');
  return [
    valueAt(web, 'spec', 'replicas'),
    valueAt(worker, 'spec', 'replicas'),
    valueAt(store.get(CRON_JOBS, 'tick'), 'spec', 'suspend'),
    web?.metadata.annotations?.[PARKED],
    worker?.metadata.annotations?.[ORIGINAL_REPLICAS],
  ];
};

// Its owner scales the application where it runs, and only there.
const rescale = (world: World, replicas: number, counts: Set<number>): void => {
  const web = world.source.get(DEPLOYMENTS, 'web');
  if (web?.metadata.annotations?.[PARKED] !== undefined) return;
  counts.add(replicas);
  world.source.patch(DEPLOYMENTS, 'web', { spec: { replicas } });
};

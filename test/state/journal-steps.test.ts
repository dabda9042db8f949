import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RefusedError, UnsafeError } from '../../src/common/errors.ts';
import {
  beginStep,
  endStep,
  findStep,
  finishJournal,
  newJournal,
  refuseFinished,
  skipStep,
  stopJournal,
  withBaseline,
  withData,
  withPrior,
} from '../../src/state/journal-steps.ts';
import { encodeRecord } from '../../src/state/record-schemas.ts';
import type { Journal, StepState } from '../../src/state/record-types.ts';
import { AT, journal, newOperation, workload } from './samples.ts';

const LATER = '2026-01-31T14:26:00.000Z';
const begun = (start: Journal = journal()): Journal => beginStep(start, { id: 'a', title: 'Step A' }, AT);

/** A journal whose step `a` is in this state. */
const inState = (state: StepState): Journal =>
  state === 'skipped'
    ? skipStep(journal(), { id: 'a', title: 'Step A', reason: 'nothing to do' }, AT)
    : state === 'started'
      ? begun()
      : endStep(begun(), 'a', { state }, AT);

describe('a step', () => {
  test('is started before its effect and done after it', () => {
    const started = beginStep(journal(), { id: 'a', title: 'Step A', detail: '3 workloads' }, AT);
    expect(started.steps).toEqual([
      { id: 'a', title: 'Step A', state: 'started', startedAt: AT, detail: '3 workloads' },
    ]);
    expect(endStep(started, 'a', { state: 'done' }, LATER).steps).toEqual([
      { id: 'a', title: 'Step A', state: 'done', startedAt: AT, endedAt: LATER, detail: '3 workloads' },
    ]);
  });

  test('F4: starts again after it was interrupted, and the number of starts is kept', () => {
    const again = beginStep(
      beginStep(begun(), { id: 'a', title: 'Step A' }, AT),
      { id: 'a', title: 'Step A' },
      LATER,
    );
    expect(again.steps).toEqual([
      { id: 'a', title: 'Step A', state: 'started', startedAt: LATER, starts: 3 },
    ]);
  });

  test('loses the error of an earlier attempt when it starts again', () => {
    const failed = endStep(begun(), 'a', { state: 'failed', error: 'no answer' }, AT);
    expect(findStep(failed, 'a')).toMatchObject({ state: 'failed', error: 'no answer' });
    expect(findStep(begun(failed), 'a')).not.toHaveProperty('error');
  });

  test('keeps its place among the others', () => {
    const two = beginStep(begun(), { id: 'b', title: 'Step B' }, AT);
    expect(endStep(two, 'a', { state: 'done' }, LATER).steps.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  const ALL: readonly StepState[] = ['started', 'done', 'failed', 'undone', 'skipped'];
  const RESTART: Record<StepState, boolean> = {
    started: true,
    done: false,
    failed: true,
    undone: true,
    skipped: false,
  };
  test.each(ALL)('that is %s may start again only if that cannot hide an effect', (state) => {
    if (RESTART[state]) expect(findStep(begun(inState(state)), 'a')?.state).toBe('started');
    else expect(() => begun(inState(state))).toThrow(`step a is ${state}`);
  });

  const ENDS: Record<Exclude<StepState, 'started'>, readonly StepState[]> = {
    done: ['started', 'done'],
    failed: ['started', 'failed'],
    undone: ['started', 'done', 'failed', 'undone'],
    skipped: ['started', 'skipped'],
  };
  for (const [end, from] of Object.entries(ENDS) as [Exclude<StepState, 'started'>, StepState[]][]) {
    test.each(ALL)(`that is %s ends as ${end} only where that can be true`, (state) => {
      const move = (): Journal => endStep(inState(state), 'a', { state: end }, LATER);
      if (from.includes(state)) expect(findStep(move(), 'a')?.state).toBe(end);
      else expect(move).toThrow(`step a is ${state} and cannot become ${end}`);
    });
  }

  test('ended twice in the same way is the same journal, for a call repeated after a lost answer', () => {
    const done = inState('done');
    expect(endStep(done, 'a', { state: 'done' }, LATER)).toBe(done);
  });

  test('that was never started cannot end', () => {
    expect(() => endStep(journal(), 'a', { state: 'done' }, AT)).toThrow('step a was never started');
  });

  test('that was started is no longer skipped', () => {
    const skip = (): Journal => skipStep(begun(), { id: 'a', title: 'Step A', reason: 'not needed' }, AT);
    expect(skip).toThrow('step a is started');
  });
});

describe('the baseline', { timeout: 60_000 }, () => {
  const names = fc.uniqueArray(fc.constantFrom('web', 'api', 'db', 'queue', 'cron', 'mail'), {
    minLength: 1,
  });
  const counts = fc.nat(50);

  test('F4: once recorded it is the same, whatever else is recorded later', () => {
    const change = fc.oneof(
      fc.tuple(fc.constant('baseline' as const), names, counts),
      fc.tuple(fc.constant('step' as const), names, counts),
      fc.tuple(fc.constant('data' as const), names, counts),
    );
    fc.assert(
      fc.property(names, fc.array(change, { maxLength: 12 }), (first, changes) => {
        const recorded = withBaseline(
          journal(),
          first.map((name) => workload(name)),
        );
        const before = JSON.stringify(recorded.baseline);
        const end = changes.reduce((next, [what, list, count]) => {
          try {
            if (what === 'step') return beginStep(next, { id: list.join(), title: 'x' }, AT);
            if (what === 'data') return withData(next, list.join(), count);
            return withBaseline(
              next,
              list.map((name) => workload(name, { replicas: count })),
            );
          } catch (error) {
            expect(error).toBeInstanceOf(UnsafeError);
            return next;
          }
        }, recorded);
        expect(JSON.stringify(end.baseline)).toBe(before);
      }),
    );
  });

  test('recording the same again, in whatever order, changes nothing', () => {
    fc.assert(
      fc.property(names, (list) => {
        const workloads = list.map((name) => workload(name));
        const once = withBaseline(journal(), workloads);
        expect(withBaseline(once, workloads.toReversed())).toBe(once);
      }),
    );
  });

  test.each([
    ['another count', [workload('web', { replicas: 4 })]],
    ['one workload more', [workload('web'), workload('api')]],
    ['one workload less', []],
    ['another object of the same name', [workload('web', { uid: 'other' })]],
    ['the other side', [workload('web', { side: 'dest' })]],
  ])('F4: %s is refused, with the command to go on', (_what, other) => {
    const recorded = withBaseline(journal(), [workload('web')]);
    expect(() => withBaseline(recorded, other)).toThrow(UnsafeError);
    expect(() => withBaseline(recorded, other)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('with resume') }),
    );
  });

  test('an empty one counts as recorded', () => {
    expect(() => withBaseline(withBaseline(journal(), []), [workload('web')])).toThrow(UnsafeError);
  });
});

describe('what was held before a pause', () => {
  const KEY = 'Application.argoproj.io/argocd/shop';

  test('F16: is recorded once; the value that our own pause left is not taken for the original', () => {
    const first = withPrior(journal(), KEY, { automated: { prune: true } });
    expect(withPrior(first, KEY, { automated: { prune: true } })).toBe(first);
    expect(() => withPrior(first, KEY, { automated: null })).toThrow(UnsafeError);
    expect(first.gitops).toEqual({ [KEY]: { automated: { prune: true } } });
  });

  test('F21: the result of a claim is replaced by a later one', () => {
    const twice = withData(withData(journal(), 'data', { status: 'failed' }), 'data', { status: 'copied' });
    expect(twice.data).toEqual({ data: { status: 'copied' } });
  });
});

describe('the end', () => {
  test('a stopped operation runs again as soon as a step starts', () => {
    const stopped = stopJournal(begun(), 'the network went away');
    expect(stopped).toMatchObject({ state: 'stopped', reason: 'the network went away' });
    const again = begun(stopped);
    expect(again.state).toBe('running');
    expect(again).not.toHaveProperty('reason');
  });

  test('a finished one has its result and is not written again', () => {
    const end = finishJournal(stopJournal(journal(), 'x'), 'ok', LATER);
    expect(end).toMatchObject({ state: 'finished', result: 'ok', endedAt: LATER });
    expect(() => refuseFinished(end)).toThrow(RefusedError);
    expect(() => refuseFinished(journal())).not.toThrow();
  });

  test.each([['Cutover-1'], ['cutover/1'], ['']])('an operation cannot be called %j', (id) => {
    expect(() => newJournal(newOperation(id), 'laptop', AT)).toThrow(RangeError);
  });
});

test('no function changes the journal that it is given', () => {
  const start = withBaseline(begun(), [workload('web')]);
  const before = encodeRecord(start);
  beginStep(start, { id: 'b', title: 'B' }, AT);
  endStep(start, 'a', { state: 'done' }, AT);
  skipStep(start, { id: 'c', title: 'C', reason: 'x' }, AT);
  withData(start, 'data', 1);
  withPrior(start, 'x', 1);
  stopJournal(start, 'x');
  finishJournal(start, 'ok', AT);
  expect(encodeRecord(start)).toBe(before);
});

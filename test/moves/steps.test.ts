import { describe, expect, test } from 'vitest';
import {
  InterruptedError,
  LockedError,
  PartialError,
  RefusedError,
  UnsafeError,
} from '../../src/common/errors.ts';
import { silentReporter } from '../../src/common/reporter.ts';
import { KubeApiError } from '../../src/kube/api-errors.ts';
import { outcomeOf } from '../../src/moves/outcome.ts';
import { runSteps, type Step, StepError } from '../../src/moves/run-steps.ts';

const GONE = new KubeApiError({ context: 'dr' }, 'replacing ConfigMap dr-syncer-journal', {
  status: 503,
  reason: 'ServiceUnavailable',
  detail: 'gone',
  causes: [],
  about: [],
  outcomeUnknown: true,
});

const step = (id: string, ran: string[], changes: Partial<Step> = {}): Step => ({
  id,
  title: `Do ${id}`,
  run: async () => {
    ran.push(id);
    return `${id} is done`;
  },
  ...changes,
});

const journalOf = (done: readonly string[], failing = (_begin: string | undefined): boolean => false) => ({
  operationId: 'op-1',
  isDone: (id: string) => done.includes(id),
  advance: async (_done: unknown, begin: { id: string } | undefined) => {
    if (failing(begin?.id)) throw GONE;
  },
  fail: async () => undefined,
});

const deps = (events: unknown[] = []) => ({
  reporter: {
    ...silentReporter,
    event: (name: string, fields: object) => void events.push({ name, ...fields }),
  },
  signal: new AbortController().signal,
  guard: async () => undefined,
});

describe('the steps of an operation', () => {
  test('the end of the last step that cannot be recorded is a failure of that step', async () => {
    const journal = journalOf([], (begin) => begin === undefined);
    const error = await runSteps([step('stop', []), step('activate', [])], journal, deps()).catch((e) => e);
    expect(error).toBeInstanceOf(StepError);
    expect(error.cause).toBe(GONE);
    expect(error.reports.map(({ id, state }: { id: string; state: string }) => [id, state])).toEqual([
      ['stop', 'done'],
      ['activate', 'failed'],
    ]);
  });

  test('a step that an earlier run has done runs again only when it asks for that', async () => {
    const ran: string[] = [];
    const steps = [step('stop', ran, { again: () => true }), step('empty', ran, { again: () => false })];
    const reports = await runSteps(steps, journalOf(['stop', 'empty']), deps());
    expect(ran).toEqual(['stop']);
    expect(reports.map(({ state }) => state)).toEqual(['done', 'earlier']);
  });

  test('every event names the operation and the title, with seconds that are rounded', async () => {
    const events: { seconds?: number }[] = [];
    await runSteps([step('stop', [])], journalOf([]), deps(events));
    expect(events).toMatchObject([
      { name: 'step', operationId: 'op-1', id: 'stop', title: 'Do stop', state: 'started' },
      { name: 'step', operationId: 'op-1', id: 'stop', title: 'Do stop', state: 'done' },
    ]);
    expect(String(events[1]?.seconds)).toMatch(/^\d+(\.\d{1,3})?$/);
  });
});

describe('the outcome of a run that ended early', () => {
  const calm = new AbortController().signal;
  const because = (reason: Error): AbortSignal => AbortSignal.abort(reason);
  const abort = Object.assign(new Error('aborted'), { name: 'AbortError' });

  test.each([
    ['a refusal before any write', new RefusedError('no'), false, calm, 'refused'],
    ['a refusal after a write', new RefusedError('no'), true, calm, 'partial'],
    ['an unsafe step before any write', new UnsafeError('no'), false, calm, 'unsafe'],
    ['an unsafe step after a write', new UnsafeError('no'), true, calm, 'partial'],
    ['a failed request before any write', GONE, false, calm, 'refused'],
    ['a failed request after a write', GONE, true, calm, 'partial'],
    ['a bug before any write', new TypeError('no'), false, calm, 'internal'],
    ['a bug after a write', new TypeError('no'), true, calm, 'partial'],
    ['Ctrl-C', abort, true, because(new InterruptedError('SIGINT')), 'interrupted'],
    ['what failed because of Ctrl-C', GONE, true, because(new InterruptedError('SIGINT')), 'interrupted'],
    ['--timeout', abort, true, because(new PartialError('too long')), 'partial'],
    [
      'a lock that was not renewed',
      new PartialError('not ready'),
      true,
      because(new PartialError('lost')),
      'partial',
    ],
    ['a lock that somebody else has taken', GONE, true, because(new LockedError('taken')), 'locked'],
    ['a journal that somebody else has written', new LockedError('taken'), true, calm, 'locked'],
  ] as const)('%s', (_what, error, written, signal, outcome) => {
    expect(outcomeOf({ error, written, signal })).toBe(outcome);
  });
});

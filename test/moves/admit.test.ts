import { describe, expect, test } from 'vitest';
import { PartialError, RefusedError, UnsafeError } from '../../src/common/errors.ts';
import { admit, refuseReversed } from '../../src/moves/admit-operation.ts';
import type { OperationKind } from '../../src/state/record-types.ts';
import { record } from '../helpers/status-facts.ts';

const next = (verb: string): string => `dr-syncer ${verb}`;
const fence = { pendingFence: { since: '2026-01-01T00:00:00Z', epoch: 1, reason: 'fire' } };
const operation = {
  id: 'cutover-1',
  kind: 'cutover' as const,
  startedAt: '2026-01-01T00:00:00Z',
  state: 'stopped' as const,
};

const STATES = {
  'no record': undefined,
  standby: record('standby'),
  active: record('active'),
  'an unfinished cutover': record('moving', { operation }),
  'a pending fence': record('active', fence),
};
type State = keyof typeof STATES;
type Answer = 'yes' | 'refused' | 'unsafe' | 'partial';
const ERRORS = { refused: RefusedError, unsafe: UnsafeError, partial: PartialError };

describe('what may begin', () => {
  test.each<[OperationKind, Record<State, Answer>]>([
    [
      'cutover',
      {
        'no record': 'yes',
        standby: 'yes',
        active: 'refused',
        'an unfinished cutover': 'partial',
        'a pending fence': 'unsafe',
      },
    ],
    [
      'failback',
      {
        'no record': 'refused',
        standby: 'refused',
        active: 'yes',
        'an unfinished cutover': 'partial',
        'a pending fence': 'unsafe',
      },
    ],
    [
      'failover',
      {
        'no record': 'yes',
        standby: 'yes',
        active: 'refused',
        'an unfinished cutover': 'yes',
        'a pending fence': 'refused',
      },
    ],
    [
      'fence',
      {
        'no record': 'refused',
        standby: 'refused',
        active: 'yes',
        'an unfinished cutover': 'partial',
        'a pending fence': 'yes',
      },
    ],
  ])('%s', (kind, answers) => {
    for (const state of Object.keys(STATES) as State[]) {
      const begin = (): void => admit(kind, STATES[state], next);
      const answer = answers[state];
      if (answer === 'yes') expect(begin, `${kind}: ${state}`).not.toThrow();
      else expect(begin, `${kind}: ${state}`).toThrow(ERRORS[answer]);
    }
  });

  test('a fence of the destination asks no more than that nothing is unfinished', () => {
    const fencesDest = { fencesDest: true };
    expect(() => admit('fence', STATES.standby, next, fencesDest)).not.toThrow();
    expect(() => admit('fence', STATES['an unfinished cutover'], next, fencesDest)).toThrow(PartialError);
  });

  test('an unfinished operation is named, with both ways on', () => {
    expect(() => admit('failback', STATES['an unfinished cutover'], next)).toThrow(
      expect.objectContaining({
        message: 'A cutover is unfinished: operation cutover-1, started 2026-01-01T00:00:00Z by ann@desk.',
        hint: 'Continue with: dr-syncer resume   or roll back with: dr-syncer rollback',
      }),
    );
  });
});

describe('a cutover back to where the application came from', () => {
  const home = { context: 'east', namespace: 'shop', clusterUid: undefined };
  const from = (clusterUid: string): ReturnType<typeof record> =>
    record('active', { source: { context: 'east', namespace: 'shop', clusterUid } });

  test.each<[string, Parameters<typeof refuseReversed>[0], Parameters<typeof refuseReversed>[1], boolean]>([
    ['by its context', record('active'), home, true],
    [
      'by its cluster, whatever the context is called',
      from('u1'),
      { ...home, context: 'other', clusterUid: 'u1' },
      true,
    ],
    ['not to another cluster under the same name', from('u1'), { ...home, clusterUid: 'u2' }, false],
    ['not to another namespace', record('active'), { ...home, namespace: 'other' }, false],
    ['not while it waits there only', record('standby'), home, false],
    ['not without a record', undefined, home, false],
  ])('is refused %s', (_what, stored, dest, isRefused) => {
    const begin = (): void => refuseReversed(stored, dest, 'dr-syncer failback');
    if (isRefused) expect(begin).toThrow(UnsafeError);
    else expect(begin).not.toThrow();
  });
});

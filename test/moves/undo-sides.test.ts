import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/common/errors.ts';
import { needsSource, sourceStopped, undoSides } from '../../src/moves/undo-sides.ts';
import type { MoveSide } from '../../src/sides/side-types.ts';
import type { ClosedOperation, Journal } from '../../src/state/record-types.ts';
import { journal } from '../state/samples.ts';

const side = (role: MoveSide['role'], context: string) =>
  ({ role, namespace: 'shop', cluster: { context } }) as unknown as MoveSide;
const [EAST, WEST] = [side('source', 'east'), side('dest', 'west')];
const NAMES = { source: EAST, dest: WEST };
const steps = (...ids: string[]): Journal['steps'] =>
  ids.map((id) => ({ id, title: id, state: 'done' }) as unknown as Journal['steps'][number]);
const over = (kind: ClosedOperation['kind'], more: Partial<ClosedOperation> = {}): ClosedOperation => ({
  ...{ operationId: `${kind}-1`, kind, stopped: [], started: [] },
  ...more,
});

describe('the rollback', () => {
  it.each<[string, Partial<Journal>, string]>([
    ['of a cutover that did nothing', { kind: 'cutover' }, 'stops west, starts east'],
    [
      'of a cutover that stopped',
      { kind: 'cutover', steps: steps('baseline', 'stop') },
      'stops west, starts east after a stop',
    ],
    [
      'of a cutover that started',
      { kind: 'cutover', steps: steps('stop', 'start') },
      'stops west (begun), starts east after a stop',
    ],
    [
      'of a failback that started',
      { kind: 'failback', steps: steps('stop', 'start') },
      'stops east (begun), starts west after a stop',
    ],
    ['of a failover', { kind: 'failover', steps: steps('start') }, 'stops west (begun), starts nothing'],
    [
      'of a failover that closed a cutover which had stopped nothing',
      { kind: 'failover', over: over('cutover') },
      'stops west, starts nothing',
    ],
    [
      'of a failover that closed a cutover which had stopped the source',
      { kind: 'failover', over: over('cutover', { stopped: ['source'] }) },
      'stops west, starts east after a stop',
    ],
    [
      'of a failover that closed a failback',
      { kind: 'failover', over: over('failback') },
      'stops west, starts east after a stop',
    ],
  ])('%s', (_what, changes, text) => {
    const { from, to, stopBegan, startBegan } = undoSides(journal(changes), EAST, WEST, NAMES);
    const start =
      from === undefined ? 'nothing' : `${from.cluster.context}${stopBegan ? ' after a stop' : ''}`;
    expect(`stops ${to.cluster.context}${startBegan ? ' (begun)' : ''}, starts ${start}`).toBe(text);
  });

  it('of what was left out does not count', () => {
    const skipped = steps('stop').map((step) => ({ ...step, state: 'skipped' as const }));
    expect(undoSides(journal({ steps: skipped }), EAST, WEST, NAMES).stopBegan).toBe(false);
  });

  it.each(['fence', 'rollback'] as const)('of a %s is refused, with the command that goes on', (kind) => {
    const undo = () => undoSides(journal({ kind }), EAST, WEST, NAMES);
    expect(undo).toThrow(RefusedError);
    expect(undo).toThrow(`Operation cutover-1 is a ${kind}; it can only be resumed.`);
    expect(undo).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('dr-syncer resume --source-context east') }),
    );
  });

  it('that has to start a source which is silent is refused, as nothing would run anywhere', () => {
    const changes = { kind: 'failover' as const, over: over('cutover', { stopped: ['source'] }) };
    expect(() => undoSides(journal(changes), undefined, WEST, { dest: WEST })).toThrow(
      'The cutover that this failover closed (cutover-1) had stopped the source, and the source does not answer, so it cannot be started again: after a rollback nothing would run anywhere.',
    );
  });
});

it('only a failover needs a source that something before it has stopped', () => {
  expect(needsSource(journal({ kind: 'cutover', steps: steps('stop') }))).toBe(false);
  expect(needsSource(journal({ kind: 'failover' }))).toBe(false);
  expect(needsSource(journal({ kind: 'failover', over: over('cutover', { stopped: ['dest'] }) }))).toBe(
    false,
  );
  expect(needsSource(journal({ kind: 'failover', over: over('failback') }))).toBe(true);
});

it('before a failback the source was stopped, whatever it has done since', () => {
  expect(sourceStopped({ over: over('failback') })).toBe(
    'Before failback failback-1, which this failover closed, the source was stopped',
  );
});

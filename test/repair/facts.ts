import { planRepair, type RepairFacts } from '../../src/repair/repair-plan.ts';
import type { Journal, StateRecord } from '../../src/state/record-types.ts';
import { sourcePhase } from '../../src/state/state-record.ts';
import { AT, journal, stateRecord } from '../state/samples.ts';

const {
  lastStage: _stage,
  lastDataCopy: _copy,
  pendingFence: _fence,
  operation: _open,
  ...BARE
} = stateRecord();

/** A record as the destination has it. */
export const record = (
  phase: StateRecord['phase'],
  epoch = 1,
  more: Partial<StateRecord> = {},
): StateRecord => ({ ...BARE, phase, epoch, ...more });

/** The copy that the source has of a record of the destination. */
export const copyOf = (of: StateRecord, more: Partial<StateRecord> = {}): StateRecord => ({
  ...of,
  role: 'source',
  phase: sourcePhase(of.phase),
  ...more,
});

/** An unfinished operation with these steps begun, the last one not ended. */
export const unfinished = (kind: Journal['kind'], ...steps: readonly string[]): Journal =>
  journal({
    operationId: `${kind}-1`,
    kind,
    state: 'stopped',
    steps: steps.map((id, index) => ({
      id,
      title: id,
      state: index === steps.length - 1 ? 'failed' : 'done',
      startedAt: AT,
    })),
  });

export const moving = (kind: Journal['kind'], epoch = 1): StateRecord =>
  record('moving', epoch, {
    operation: { id: `${kind}-1`, kind, startedAt: AT, state: 'stopped' },
  });

/** In the source's copy: it was started without its destination, in epoch 2. */
export const GIVEN_UP = { destGivenUp: { since: AT, epoch: 2, reason: 'fire' } } as const;

/** What a test may say of the facts; a record or journal that is left out is missing. */
export interface Given {
  readonly dest?: StateRecord | 'damaged' | undefined;
  readonly source?: StateRecord | 'damaged' | undefined;
  readonly journal?: Journal | 'damaged' | undefined;
  readonly journalCopy?: Journal | undefined;
  /** False: the source does not answer. */
  readonly sourceAnswers?: boolean;
  readonly runs?: 'source' | 'dest' | 'both' | 'none';
  readonly parked?: 'source' | 'dest' | 'none';
  readonly live?: 'source' | 'dest' | undefined;
}

const found = <T>(value: T | 'damaged' | undefined) =>
  value === 'damaged' ? { value: undefined, isDamaged: true } : { value, isDamaged: false };

export const factsOf = (given: Given): RepairFacts => {
  const { sourceAnswers = true, runs = 'source', parked = 'none' } = given;
  const at = (side: 'source' | 'dest') => (runs === side || runs === 'both' ? ['Deployment web'] : []);
  const marked = (side: 'source' | 'dest') => (parked === side ? ['Deployment web'] : []);
  return {
    dest: { record: found(given.dest), journal: found(given.journal) },
    source: sourceAnswers ? { record: found(given.source), journal: found(given.journalCopy) } : undefined,
    running: { source: sourceAnswers ? at('source') : [], dest: at('dest') },
    parked: { source: sourceAnswers ? marked('source') : [], dest: marked('dest') },
    live: given.live,
    fresh: record('standby', 0),
    newId: (kind) => `${kind}-new`,
  };
};

/** What is planned or refused, as one text. */
export const told = (given: Given): string => {
  const verdict = planRepair(factsOf(given));
  if ('decide' in verdict) return `decide: ${verdict.decide}`;
  if ('refuse' in verdict) return `refuse: ${verdict.refuse}`;
  return verdict.plan.sentences.join(' ') || 'nothing';
};

/** The facts as they are when a plan has been written; undefined when nothing is planned. */
export const afterwards = (given: Given): Given | undefined => {
  const verdict = planRepair(factsOf(given));
  if (!('plan' in verdict)) return undefined;
  const { record: next, mirror, journal: log } = verdict.plan;
  const written =
    log === undefined
      ? {}
      : {
          journal:
            'copy' in log
              ? log.copy
              : 'closed' in log
                ? { ...unfinished(log.closed.kind), state: 'finished' as const }
                : { ...unfinished(log.rebuild.kind, 'stop', 'start'), operationId: log.rebuild.id },
        };
  return {
    ...given,
    ...written,
    ...(next === undefined ? {} : { dest: next }),
    ...(mirror === undefined ? {} : { source: copyOf(mirror) }),
  };
};

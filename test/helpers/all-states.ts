import { OPERATION_KINDS } from '../../src/state/record-types.ts';
import type { Found, StatusFacts } from '../../src/status/status-facts.ts';
import type { AtWork } from '../../src/status/status-types.ts';
import { DEAD, factsOf, OPERATION, RUNS, record, side } from './status-facts.ts';

const GIVEN_UP = { since: 'then', epoch: 2, reason: 'fire' };

/** Every combination of what status can find. */
export function* everything(): Generator<StatusFacts> {
  const sources = [undefined, side('east', DEAD), side('east'), side('east', RUNS)];
  const dests = [side('west', DEAD), side('west'), side('west', RUNS)];
  for (const source of sources)
    for (const dest of dests)
      for (const facts of recordsAndOperations())
        for (const marks of [[], ['Deployment web']])
          for (const epoch of [0, 1, 2])
            yield factsOf({
              ...facts,
              source:
                source?.answers === true
                  ? { ...source, epoch: facts.record === undefined ? undefined : epoch }
                  : source,
              dest: { ...dest, epoch: dest.answers && isThere(facts) ? 1 : undefined },
              awake: facts.record?.phase === 'standby' ? (dest.pods ?? []) : [],
              parked: {
                source: source?.pods?.length === 0 ? marks : [],
                dest: dest.pods?.length === 0 ? marks : [],
              },
            });
}

const isThere = ({ record: found, found: at }: Partial<StatusFacts>): boolean =>
  found !== undefined && (at === undefined || at.dest === 'present');

/** Where the record of an unfinished operation is lost, its journal being there. */
const LOST: readonly Pick<StatusFacts['found'], 'dest' | 'source'>[] = [
  { dest: 'present', source: 'present' },
  { dest: 'present', source: 'missing' },
  { dest: 'missing', source: 'present' },
  { dest: 'missing', source: 'missing' },
  { dest: 'missing', source: 'unread' },
  { dest: 'damaged', source: 'present' },
  { dest: 'damaged', source: 'missing' },
];

function* recordsAndOperations(): Generator<Partial<StatusFacts>> {
  const founds: Found[] = ['present', 'missing', 'damaged', 'unread'];
  yield { record: undefined, found: { dest: 'missing', source: 'missing', journal: 'present' } };
  for (const phase of ['standby', 'active', 'moving'] as const) {
    for (const journal of founds)
      for (const at of founds)
        yield { record: record(phase), found: { dest: at, source: 'present', journal } };
    yield { record: record(phase, { pendingFence: GIVEN_UP }) };
    yield { record: record(phase), destGivenUp: GIVEN_UP };
    yield { record: record(phase), unreadable: ['It is not known: forbidden'] };
    for (const kind of OPERATION_KINDS)
      for (const isUndone of kind === 'fence' || kind === 'rollback' ? [false] : [false, true])
        for (const rollbackNeedsSource of [false, true])
          for (const atWork of ['running', 'stalled', 'nobody', 'expired'] satisfies AtWork[])
            for (const destGivenUp of [undefined, GIVEN_UP])
              for (const lost of LOST)
                yield {
                  record: Object.values(lost).includes('present') ? record(phase) : undefined,
                  found: { ...lost, journal: 'present' },
                  destGivenUp: lost.source === 'present' ? destGivenUp : undefined,
                  operation: { ...OPERATION, kind, isUndone, rollbackNeedsSource, atWork },
                };
  }
}

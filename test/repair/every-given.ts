import type { Journal, StateRecord } from '../../src/state/record-types.ts';
import { copyOf, GIVEN_UP, type Given, moving, record, unfinished } from './facts.ts';

const LIVE = [undefined, 'source', 'dest'] as const;
const RUNS = ['source', 'dest', 'both', 'none'] as const;
const PARKED = ['source', 'dest', 'none'] as const;

/** Every combination of records, journal, what runs and what --live-side says. */
export function* everyGiven(): Generator<Given> {
  for (const journal of [undefined, 'damaged' as const, ...JOURNALS])
    for (const dest of recordsWith(journal))
      for (const source of copies(dest))
        for (const runs of RUNS)
          for (const parked of PARKED)
            for (const live of LIVE) yield { dest, source, journal, runs, parked, live };
}

const JOURNALS: readonly Journal[] = [
  unfinished('cutover', 'preflight'),
  unfinished('cutover', 'stop'),
  unfinished('cutover', 'stop', 'start'),
  unfinished('cutover', 'stop', 'start', 'undo-start', 'undo-stop'),
  unfinished('failback', 'stop'),
  unfinished('failover', 'start'),
  unfinished('fence', 'stop'),
];

function recordsWith(journal: Journal | 'damaged' | undefined): (StateRecord | 'damaged' | undefined)[] {
  const kind = journal === undefined || journal === 'damaged' ? 'cutover' : journal.kind;
  return [
    undefined,
    'damaged',
    record('standby', 2),
    record('active', 2),
    record('moving', 2),
    moving(kind, 2),
  ];
}

// Missing, damaged, the same, behind, ahead in another phase, and started without its destination.
function copies(dest: StateRecord | 'damaged' | undefined): (StateRecord | 'damaged' | undefined)[] {
  const known = dest === undefined || dest === 'damaged' ? record('active', 2) : dest;
  return [
    undefined,
    'damaged',
    copyOf(known),
    copyOf({ ...known, epoch: 1 }),
    copyOf(record(known.phase === 'active' ? 'standby' : 'active', 3)),
    copyOf(record('standby', 3), { destGivenUp: { ...GIVEN_UP.destGivenUp, epoch: 3 } }),
  ];
}

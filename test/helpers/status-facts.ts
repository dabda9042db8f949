import type { StateRecord } from '../../src/state/record-types.ts';
import type { StatusFacts } from '../../src/status/status-facts.ts';
import type { StatusSide, UnfinishedOperation } from '../../src/status/status-types.ts';

/** A record as the destination has it. */
export const record = (phase: StateRecord['phase'], more: Partial<StateRecord> = {}): StateRecord => ({
  schema: 'dr-syncer.io/state/v1',
  epoch: 1,
  phase,
  since: '2026-01-01T00:00:00Z',
  by: 'ann@desk',
  source: { context: 'east', namespace: 'shop' },
  dest: { context: 'west', namespace: 'shop' },
  ...more,
});

/** A side that answers and runs nothing. */
export const side = (context: string, more: Partial<StatusSide> = {}): StatusSide => ({
  context,
  namespace: 'shop',
  answers: true,
  problem: undefined,
  epoch: 1,
  phase: undefined,
  pods: [],
  ...more,
});

export const WEB = [{ workload: 'Deployment web', pods: 2 }];
export const RUNS = { pods: WEB };
export const DEAD = { answers: false, problem: 'no route', epoch: undefined, pods: undefined };

/** A cutover that stopped part-way; nobody is at work on it. */
export const OPERATION: UnfinishedOperation = {
  id: 'cutover-1',
  kind: 'cutover',
  startedAt: '2026-01-01T00:00:00Z',
  step: 'Stop the workloads',
  atWork: 'nobody',
  holder: 'ann@desk',
  isUndone: false,
  started: [],
  rollbackNeedsSource: false,
  resumeWords: [],
};

/** The facts of a staged namespace whose application is stopped, with these differences. */
export const factsOf = (facts: Partial<StatusFacts> = {}): StatusFacts => ({
  record: record('standby'),
  source: side('east'),
  dest: side('west'),
  found: { dest: 'present', source: 'present', journal: 'present' },
  operation: undefined,
  awake: [],
  parked: { source: [], dest: [] },
  destGivenUp: undefined,
  unreadable: [],
  stageAge: '5 m ago',
  command: (verb, ...words) => ['dr-syncer', verb, '-n', 'shop', ...words].join(' '),
  kubectl: (role, ...words) =>
    ['kubectl', '--context', role === 'source' ? 'east' : 'west', ...words].join(' '),
  ...facts,
});

import { exitCode } from '../../../../src/common/exit-codes.ts';
import type { HistoryEntry } from '../../../../src/state/record-types.ts';
import { judge } from '../../../../src/status/judge-status.ts';
import type { StatusFacts } from '../../../../src/status/status-facts.ts';
import type { StatusResult } from '../../../../src/status/status-types.ts';
import { DEAD, factsOf, OPERATION, RUNS, record, side } from '../../../helpers/status-facts.ts';

const AT = '2026-01-01T00:00:00Z';

const resultOf = (facts: StatusFacts, more: Partial<StatusResult> = {}): StatusResult => {
  const judged = judge(facts);
  const { mixedData, pendingFence, since, by } = facts.record ?? {};
  return {
    schema: 'dr-syncer.io/status-result/v1',
    ...judged,
    exitCode: exitCode(judged.outcome),
    ...{ since, by, source: facts.source, dest: facts.dest, mixedData, pendingFence },
    lastStage: { at: AT, ageSeconds: 300, objects: 29 },
    lastDataCopy: { at: AT, ageSeconds: 93_600, claims: 2, verified: 1 },
    operation: undefined,
    ...more,
  };
};

const SILENT = {
  ...DEAD,
  problem: 'GET /readyz failed: nothing listens at the server address.',
};

const at = (role: 'source' | 'dest', phase: 'active' | 'standby' | 'moving', more = {}) =>
  side(role === 'source' ? 'east' : 'west', { phase, ...more });

/** The status of a pair in its phases, by the name of the golden file. */
export const STATUSES: Readonly<Record<string, StatusResult>> = {
  'status-never-staged': resultOf(
    factsOf({
      record: undefined,
      source: side('east', { ...RUNS, epoch: undefined }),
      dest: side('west', { epoch: undefined }),
      stageAge: undefined,
    }),
    { lastStage: undefined, lastDataCopy: undefined },
  ),
  'status-live-at-source': resultOf(
    factsOf({ source: at('source', 'active', RUNS), dest: at('dest', 'standby') }),
  ),
  'status-stopped-part-way': resultOf(
    factsOf({
      record: record('moving'),
      source: at('source', 'moving'),
      dest: at('dest', 'moving'),
      operation: OPERATION,
    }),
    { operation: { ...OPERATION, running: false } },
  ),
  'status-both-run': resultOf(
    factsOf({
      record: record('active', { epoch: 2 }),
      source: at('source', 'standby', { ...RUNS, epoch: 2 }),
      dest: at('dest', 'active', { ...RUNS, epoch: 2 }),
    }),
  ),
  'status-fence-pending': resultOf(
    factsOf({
      record: record('active', {
        mixedData: { since: AT, side: 'dest', by: 'a pre-copy' },
        pendingFence: { since: AT, epoch: 1, reason: 'the source did not answer' },
      }),
      source: at('source', 'standby', SILENT),
      dest: at('dest', 'active', RUNS),
    }),
  ),
  'status-source-silent': resultOf(
    factsOf({ source: at('source', 'active', SILENT), dest: at('dest', 'standby') }),
  ),
  'status-dest-silent': resultOf(
    factsOf({ source: at('source', 'active', RUNS), dest: at('dest', 'standby', SILENT) }),
    { lastStage: undefined, lastDataCopy: undefined },
  ),
};

const ENTRY: HistoryEntry = {
  ...{
    operationId: 'cutover-20260101-000000-abcd',
    kind: 'cutover',
    who: 'ann@desk',
    from: 'desk',
    when: AT,
  },
  command: 'dr-syncer cutover --source-context east --dest-context west -n shop --migrate-pvc-data',
  ...{ planHash: '0123', result: 'partial', seconds: 4.26, perStepSeconds: {} },
};

export const HISTORIES: Readonly<Record<string, readonly HistoryEntry[]>> = {
  'history-some': [
    ENTRY,
    {
      ...ENTRY,
      kind: 'resume',
      result: 'ok',
      seconds: 123,
      rtoSeconds: 12.5,
      rpoSeconds: 0,
      command: 'dr-syncer resume',
    } as HistoryEntry,
  ],
  'history-none': [],
};

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../src/common/errors.ts';
import type { Json, JsonObject } from '../../src/kube/api-types.ts';
import { deleteAt, setAt } from '../../src/kube/raw-json.ts';
import {
  decodeBaseline,
  decodeHistory,
  decodeJournal,
  decodeState,
  encodeRecord,
} from '../../src/state/record-schemas.ts';
import { type Journal, SCHEMA, type StateRecord } from '../../src/state/record-types.ts';
import { AT, historyEntry, journal, stateRecord, workload } from './samples.ts';

const WHERE = 'ConfigMap x in namespace shop, context green';

const fullJournal = (): Journal =>
  journal({
    baseline: [workload('web', { hpa: { name: 'web', minReplicas: 2 } })],
    steps: [
      { id: 'a', title: 'A', state: 'done', startedAt: AT, endedAt: AT, starts: 2, detail: '3 objects' },
      { id: 'b', title: 'B', state: 'failed', startedAt: AT, endedAt: AT, error: 'no answer' },
    ],
    data: { web: { status: 'copied', bytes: 12 } },
    gitops: { 'Application.argoproj.io/argocd/shop': { automated: true } },
  });

const RECORDS: [string, (text: string) => unknown, () => unknown][] = [
  ['state', (text) => decodeState(text, WHERE), () => stateRecord()],
  ['journal', (text) => decodeJournal(text, WHERE), fullJournal],
  ['history', (text) => decodeHistory(text, WHERE), () => ({ schema: SCHEMA, entries: [historyEntry()] })],
];

const refusal = (work: () => unknown): RefusedError => {
  try {
    work();
  } catch (error) {
    if (error instanceof RefusedError) return error;
    throw error;
  }
  throw new Error('was not refused');
};

describe.each(RECORDS)('the %s record', (_name, decode, make) => {
  const text = (record: unknown): string => encodeRecord(record as StateRecord);

  test('is the same after being written and read', () => {
    expect(decode(text(make()))).toEqual(make());
  });

  test('keeps fields that this version does not know', () => {
    const record = { ...(make() as JsonObject), addedLater: { by: ['a', 'newer', 'version'] } };
    expect(decode(text(record))).toEqual(record);
  });

  test('is the same text whatever the order of its fields', () => {
    const reversed = Object.fromEntries(Object.entries(make() as JsonObject).reverse());
    expect(text(reversed)).toBe(text(make()));
  });

  test.each([['dr-syncer.io/state/v2'], ['dr-syncer.io/state/v10'], ['dr-syncer.io/state/v2.1']])(
    'of the newer schema %s is refused with the advice to upgrade',
    (schema) => {
      const error = refusal(() => decode(text({ ...(make() as JsonObject), schema, entirely: 'different' })));
      expect(error.message).toContain(WHERE);
      expect(error.message).toContain(schema);
      expect(error.hint).toMatch(/Upgrade dr-syncer/);
    },
  );

  test('of a newer minor schema is read', () => {
    const record = { ...(make() as JsonObject), schema: 'dr-syncer.io/state/v1.7' };
    expect(decode(text(record))).toEqual(record);
  });

  test.each([
    ['not json', 'it is not JSON'],
    ['[]', 'it is not a JSON object'],
    ['{}', 'schema is missing'],
    ['{"schema":"example.org/v1"}', 'not a dr-syncer schema'],
  ])('%s is refused: %s', (broken, why) => {
    expect(refusal(() => decode(broken)).message).toContain(why);
  });
});

describe('a damaged record names the field', () => {
  const STATE: [string[], Json, string][] = [
    [['epoch'], -1, 'epoch is not an integer from 0 to 1000000'],
    [['epoch'], 1.5, 'epoch is not an integer from 0 to 1000000'],
    [['epoch'], Number.MAX_SAFE_INTEGER, 'epoch is not an integer from 0 to 1000000'],
    [['epoch'], '3', 'epoch is not an integer from 0 to 1000000'],
    [['phase'], 'running', 'phase is not one of standby, active, moving, fenced'],
    [['since'], 'today', 'since is not an RFC 3339 time'],
    [['by'], '', 'by is not a non-empty string'],
    [['dest'], [], 'dest is not an object'],
    [['managedBy'], '', 'managedBy is not a non-empty string'],
    [['dest', 'namespace'], null, 'dest.namespace is not a non-empty string'],
    [['operation', 'state'], 'paused', 'operation.state is not one of running, stopped'],
    [['pendingFence', 'epoch'], true, 'pendingFence.epoch is not an integer from 0 to 1000000'],
    [['role'], 'both', 'role is not one of dest, source'],
  ];
  test.each(STATE)('state: %j = %j', (path, value, problem) => {
    const record = structuredClone(stateRecord()) as unknown as JsonObject;
    setAt(record, path, value);
    expect(refusal(() => decodeState(JSON.stringify(record), WHERE)).message).toBe(
      `The record in ${WHERE} cannot be read: ${problem}.`,
    );
  });

  test.each([['schema'], ['epoch'], ['phase'], ['since'], ['by'], ['source'], ['dest']])(
    'state: %s is missing',
    (field) => {
      const record = structuredClone(stateRecord()) as unknown as JsonObject;
      deleteAt(record, [field]);
      expect(refusal(() => decodeState(JSON.stringify(record), WHERE)).message).toContain(
        `${field} is missing`,
      );
    },
  );

  const JOURNAL: [Partial<Record<keyof Journal, unknown>>, string][] = [
    [{ steps: {} }, 'steps is not a list'],
    [{ steps: [{ id: 'a', title: 'A', state: 'maybe', startedAt: AT }] }, 'steps[0].state is not one of'],
    [{ steps: [null] }, 'steps[0] is not an object'],
    [{ kind: 'stage' }, 'kind is not one of cutover'],
    [{ result: 'fine' }, 'result is not one of ok'],
    [{ state: undefined }, 'state is missing'],
    [
      { baseline: [{ ...workload('web'), replicas: -2 }] },
      'baseline[0].replicas is not a non-negative integer',
    ],
    [
      { baseline: [{ ...workload('web'), fields: [{ path: ['spec', 7], parked: 0 }] }] },
      'baseline[0].fields[0].path[1] is not a non-empty string',
    ],
    [
      { baseline: [{ ...workload('web'), fields: [{ path: ['spec'] }] }] },
      'baseline[0].fields[0].parked is missing',
    ],
  ];
  test.each(JOURNAL)('journal: %j', (changes, problem) => {
    const text = JSON.stringify({ ...fullJournal(), ...changes });
    expect(refusal(() => decodeJournal(text, WHERE)).message).toContain(problem);
  });

  test('a baseline of its own is checked as well', () => {
    const text = JSON.stringify({ schema: SCHEMA, workloads: [{ ...workload('web'), uid: 5 }] });
    expect(refusal(() => decodeBaseline(text, WHERE)).message).toContain('workloads[0].uid');
  });
});

test('whatever JSON stands in a record, the answer is a record or a refusal, never a crash', {
  timeout: 60_000,
}, () => {
  const schema = fc.constantFrom(SCHEMA, 'dr-syncer.io/state/v9', 'x', 7);
  const state = fc.record(
    { schema, epoch: fc.jsonValue(), phase: fc.jsonValue(), dest: fc.jsonValue(), steps: fc.jsonValue() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(state, (value) => {
      const text = JSON.stringify(value);
      for (const [, decode] of RECORDS) expect(refusal(() => decode(text))).toBeInstanceOf(RefusedError);
    }),
  );
});

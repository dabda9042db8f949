import { describe, expect, test } from 'vitest';
import { HISTORY_LIMIT, withEntry } from '../../src/state/operation-history.ts';
import { createTokens } from '../../src/state/random-token.ts';
import { placeOf } from '../../src/state/record-places.ts';
import { encodeRecord } from '../../src/state/record-schemas.ts';
import { type HistoryRecord, PHASES, SCHEMA } from '../../src/state/record-types.ts';
import { redactAll } from '../../src/state/redact-json.ts';
import { believed, sourcePhase, stateInList } from '../../src/state/state-record.ts';
import { historyEntry, stateRecord, stored } from './samples.ts';

test.each(PHASES)('F2: with the destination %s, the source is not told to be active as well', (phase) => {
  expect([phase, sourcePhase(phase)].filter((side) => side === 'active').length).toBeLessThanOrEqual(1);
});

test('the two copies of a record have different names, for a namespace in the middle of a chain', () => {
  expect(placeOf('state', 'shop', 'dest').name).toBe('dr-syncer-state');
  expect(placeOf('state', 'shop', 'source').name).toBe('dr-syncer-source-state');
});

describe('the state record among listed objects', () => {
  const content = encodeRecord(stateRecord());
  const head = stored('dr-syncer-state', { data: { encoding: 'json', content, token: 'x' } });

  test('is found', () => {
    expect(stateInList([stored('other', {}), head], 'shop')).toEqual(stateRecord());
  });

  test('is the one of the asked role', () => {
    expect(stateInList([head], 'shop', 'source')).toBeUndefined();
  });
});

describe('what a record says of copies', () => {
  const at = '2026-01-31T14:00:00Z';
  const copies = { lastStage: { at, objects: 1, hash: 'x' }, lastDataCopy: { at, claims: 1, verified: 0 } };
  const record = stateRecord(copies);

  test('is believed when it is past, or ahead by as much as two clocks may differ', () => {
    expect(believed(record, Date.parse(at))).toEqual(record);
    expect(believed(record, Date.parse(at) - 60_000)).toEqual(record);
  });

  test('S12: is not when it is to come: nothing could be too old then', () => {
    const { lastStage: _stage, lastDataCopy: _data, ...rest } = record;
    expect(believed(record, Date.parse(at) - 3_600_000)).toEqual(rest);
  });
});

describe('the history', () => {
  const empty: HistoryRecord = { schema: SCHEMA, entries: [] };

  test(`keeps the last ${HISTORY_LIMIT} entries in order`, () => {
    const times = Array.from({ length: HISTORY_LIMIT + 5 }, (_, index) =>
      new Date(index * 1000).toISOString(),
    );
    const full = times.reduce((record, when) => withEntry(record, historyEntry({ when })), empty);
    expect(full.entries.map(({ when }) => when)).toEqual(times.slice(5));
  });

  test('has one entry for what is recorded twice, and two for an operation that was resumed', () => {
    const first = withEntry(empty, historyEntry({ result: 'partial' }));
    expect(withEntry(first, historyEntry({ result: 'ok' })).entries).toEqual([
      historyEntry({ result: 'ok' }),
    ]);
    expect(withEntry(first, historyEntry({ when: '2026-02-01T00:00:00Z' })).entries).toHaveLength(2);
  });
});

test('secret values are hidden in every text, however deep, and nothing else changes', () => {
  const redact = (text: string): string => text.replaceAll('hunter2', '(masked)');
  const value = { a: 'pw hunter2', b: [{ c: 'hunter2', d: 5, e: null, f: true }], hunter2: 'key' };
  expect(redactAll(value, redact)).toEqual({
    a: 'pw (masked)',
    b: [{ c: '(masked)', d: 5, e: null, f: true }],
    hunter2: 'key',
  });
});

test('a token is used once, and known again by its own session only', () => {
  const mine = createTokens();
  const other = createTokens();
  const used = [mine.next(), mine.next(), other.next()];
  expect(new Set(used).size).toBe(3);
  expect(used.map((token) => mine.isOwn(token))).toEqual([true, true, false]);
});

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { ARCHIVE_LIMIT, findGarbage } from '../../src/state/journal-sweep.ts';
import { encodeContent } from '../../src/state/record-codec.ts';
import { stored } from './samples.ts';

const HEAD = 'dr-syncer-journal';
const NOW = Date.parse('2026-02-01T00:00:00Z');
const hoursAgo = (hours: number): string => new Date(NOW - hours * 3_600_000).toISOString();
const plain = { data: { encoding: 'json', content: '{}' } };

const sweep = (...objects: KubeObject[]): string[] =>
  findGarbage([stored(HEAD, plain, hoursAgo(3)), ...objects], HEAD, 'cutover-now', NOW);

describe('the sweep of journals', () => {
  test(`keeps the ${ARCHIVE_LIMIT} newest finished ones and the baselines that they refer to`, () => {
    const archives = Array.from({ length: 13 }, (_, age) =>
      stored(`${HEAD}-op-${age}`, plain, hoursAgo(age + 4)),
    );
    const baselines = archives.map((_, age) =>
      stored(`${HEAD}-baseline-op-${age}-0123456789ab`, { immutable: true }, hoursAgo(age + 5)),
    );
    expect(sweep(...archives, ...baselines).toSorted()).toEqual(
      ['op-10', 'op-11', 'op-12']
        .flatMap((id) => [`${HEAD}-${id}`, `${HEAD}-baseline-${id}-0123456789ab`])
        .toSorted(),
    );
  });

  test('keeps the baseline of the latest operation, which the head refers to', () => {
    expect(
      sweep(stored(`${HEAD}-baseline-cutover-now-0123456789ab`, { immutable: true }, hoursAgo(9))),
    ).toEqual([]);
  });

  test('removes what a writer that died has left behind, but not what may be on its way', () => {
    const orphan = (age: number) => stored(`${HEAD}-ffffffffffff-${age}`, { immutable: true }, hoursAgo(age));
    expect(sweep(orphan(0), orphan(2))).toEqual([`${HEAD}-ffffffffffff-2`]);
  });

  test('keeps the parts that a head calls for', () => {
    const encoded = encodeContent(HEAD, 'x'.repeat(5000), { plainBytes: 1, partBytes: 10 });
    const parts = encoded.parts.map(({ name, content }) =>
      stored(name, { ...content, immutable: true }, hoursAgo(5)),
    );
    const head = stored(HEAD, { ...encoded.head }, hoursAgo(5));
    expect(parts.length).toBeGreaterThan(1);
    expect(findGarbage([head, ...parts], HEAD, 'cutover-now', NOW)).toEqual([]);
  });

  test('does not touch the journals of the other role in the same namespace', () => {
    const other = stored('dr-syncer-source-journal-ffffffffffff-1', { immutable: true }, hoursAgo(9));
    const similar = stored('dr-syncer-journals', { immutable: true }, hoursAgo(9));
    expect(sweep(other, similar)).toEqual([]);
  });
});

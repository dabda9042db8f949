import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/kube/api-types.ts';
import { checkSlowStart } from '../../../src/preflight/checks/check-slow-start.ts';
import { object } from '../../helpers/objects.ts';
import { rowsOf, sideOf } from './samples.ts';

describe('a workload that is up late', () => {
  const rows = (spec: JsonObject, pods = 1) =>
    rowsOf(checkSlowStart, {
      to: sideOf('west'),
      input: { options: { waitTimeoutMs: 60_000 } },
      starters: [{ object: object('apps/v1', 'Deployment', 'web', { spec }), pods }],
    });
  const web = 'Deployment web in namespace shop of context west';
  const later = (time: string) =>
    `${web} counts as available ${time} after its pods are ready (minReadySeconds)`;

  it.each<[string, JsonObject, string[]]>([
    ['says nothing', {}, []],
    ['holds for no time', { minReadySeconds: 0 }, []],
    [
      'holds for a second',
      { minReadySeconds: 1 },
      [`info: ${later('1 second')}; the move takes that much longer.`],
    ],
    [
      'holds for 29 seconds',
      { minReadySeconds: 29 },
      [`info: ${later('29 seconds')}; the move takes that much longer.`],
    ],
    [
      'holds for 30 seconds',
      { minReadySeconds: 30 },
      [`warn: ${later('30 seconds')}; the move takes that much longer.`],
    ],
    [
      'holds for as long as it is waited for',
      { minReadySeconds: 60 },
      [`warn: ${later('60 seconds')}, but the move waits only 60 seconds.`],
    ],
    ['is given up later than the wait', { progressDeadlineSeconds: 600 }, []],
    ['is given up with the wait', { progressDeadlineSeconds: 60 }, []],
    [
      'is given up before',
      { progressDeadlineSeconds: 59 },
      [
        `info: The controller of ${web} gives up after 59 seconds without progress (progressDeadlineSeconds), and so does the move.`,
      ],
    ],
  ])('%s', (_what, spec, told) => {
    expect(rows(spec)).toEqual(told);
  });

  it('does not matter where it starts no pods', () => {
    expect(rows({ minReadySeconds: 600 }, 0)).toEqual([]);
  });
});

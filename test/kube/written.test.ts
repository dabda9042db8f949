import { expect, test } from 'vitest';
import { countWritten } from '../../src/kube/count-writes.ts';

test('what is written to several clusters is summed up, from the moment of asking on', () => {
  const counts = { source: 3, dest: 5 };
  const written = countWritten({ written: () => counts.source }, { written: () => counts.dest }, undefined);
  expect(written()).toBe(0);
  counts.source += 1;
  counts.dest += 2;
  expect(written()).toBe(3);
  expect(countWritten(undefined)()).toBe(0);
});

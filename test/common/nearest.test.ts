import { expect, test } from 'vitest';
import { nearest } from '../../src/common/nearest.ts';

test.each<[string, readonly string[], string | undefined]>([
  ['deploymnets', ['daemonsets', 'deployments'], 'deployments'],
  ['mian', ['main', 'mine'], 'main'],
  ['Deploy', ['deploy'], 'deploy'],
  ['po', ['pv', 'pvc'], 'pv'],
  ['shop', ['prod', 'dev'], undefined],
  ['ab', ['ba'], 'ba'],
  ['', ['a'], 'a'],
  ['x', [], undefined],
])('%j among %j is %j', (typed, names, expected) => {
  expect(nearest(typed, names)).toBe(expected);
});

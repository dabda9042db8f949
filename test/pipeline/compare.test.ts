import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/kube/api-types.ts';
import { differences, missingPaths, pathText } from '../../src/pipeline/compare-owned.ts';

const LIVE: Json = {
  replicas: 0,
  containers: [
    { name: 'web', image: 'a:1', env: [{ name: 'A', value: '1' }] },
    { name: 'added', image: 'b:1' },
  ],
  args: ['one', 'two'],
  defaulted: 'yes',
};

describe('what the live object does not hold', () => {
  it.each<[string, Json, string[], string[]]>([
    [
      'nothing, where others only added',
      { replicas: 0, containers: [{ name: 'web', image: 'a:1' }] },
      [],
      [],
    ],
    ['a field that differs', { replicas: 1 }, ['replicas'], []],
    ['a field that is not there', { extra: { deep: 1 } }, ['extra'], ['extra']],
    [
      'a field of a keyed item',
      { containers: [{ name: 'web', image: 'a:2' }] },
      ['containers[web].image'],
      [],
    ],
    ['a keyed item', { containers: [{ name: 'gone' }] }, ['containers[gone]'], ['containers[gone]']],
    [
      'a field of a keyed item that is not there',
      { containers: [{ name: 'web', tty: true }] },
      ['containers[web].tty'],
      ['containers[web].tty'],
    ],
    ['a plain list of another length', { args: ['one'] }, ['args'], []],
    ['nothing, where empty was sent', { empty: {}, none: null, list: [] }, [], []],
  ])('A26, A27: is %s', (_what, desired, all, missing) => {
    expect(differences(desired, LIVE).map(pathText)).toEqual(all);
    expect(missingPaths(desired, LIVE).map(pathText)).toEqual(missing);
  });
});

import { describe, expect, it } from 'vitest';
import { IGNORE } from '../../src/common/annotations.ts';
import { silentReporter } from '../../src/common/reporter.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { findUncopied, refuseUncopied, uncopiedSentence } from '../../src/sides/refuse-uncopied.ts';
import type { BaselineEntry, MoveSide } from '../../src/sides/side-types.ts';
import { applyPark, planPark } from '../../src/workloads/park.ts';
import { object } from '../helpers/objects.ts';

const side = (context: string) => ({ namespace: 'shop', cluster: { context } }) as unknown as MoveSide;
const [EAST, WEST] = [side('east'), side('west')];
const deployment = (name: string, metadata: JsonObject = {}, replicas = 2): KubeObject =>
  object('apps/v1', 'Deployment', name, { metadata, spec: { replicas } });
const entry = (name: string, original = 2): BaselineEntry => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid: name },
  plan: {
    ...{ kind: 'Deployment.apps', replicas: original, notes: [] },
    fields: [{ path: ['spec', 'replicas'], parked: 0, original }],
  },
});
const parked = (name: string): KubeObject => {
  const plan = planPark(deployment(name));
  if (plan === undefined) throw new Error('a Deployment can be parked');
  return applyPark(deployment(name), plan);
};
const ignored = { labels: { [IGNORE]: 'true' } };

describe('what would be stopped for good', () => {
  it.each<[string, BaselineEntry[], KubeObject[], string[], string[]]>([
    ['is nothing of nothing', [], [], [], []],
    ['is nothing that has a copy', [entry('web')], [deployment('web')], ['Deployment.apps/web'], []],
    ['is what has none', [entry('web'), entry('api')], [], ['Deployment.apps/web'], ['api']],
    ['is not what rests anyway', [entry('web', 0)], [deployment('web', {}, 0)], [], []],
    [
      'is not made good by a copy of another kind',
      [entry('web')],
      [],
      ['StatefulSet.apps/web', 'Deployment/web'],
      ['web'],
    ],
    [
      'is told apart where it is marked to be ignored',
      [entry('web')],
      [deployment('web', ignored)],
      [],
      ['web (ignored)'],
    ],
  ])('%s', (_what, entries, objects, copies, names) => {
    const found = findUncopied(entries, objects, new Set(copies));
    expect(found.map(({ name, isIgnored }) => `${name}${isIgnored ? ' (ignored)' : ''}`)).toEqual(names);
  });

  it('is named with both sides', () => {
    const [web, api] = ['web', 'api'].map((name) => ({ kind: 'Deployment', name, isIgnored: false }));
    const there = 'in namespace shop of context east would be stopped and could not be started again';
    expect(uncopiedSentence(web === undefined ? [] : [web], EAST, WEST)).toBe(
      `Deployment web ${there}: it has no copy in namespace shop of context west.`,
    );
    expect(uncopiedSentence(web && api ? [web, api] : [], EAST, WEST)).toBe(
      `Deployment web and Deployment api ${there}: they have no copy in namespace shop of context west.`,
    );
  });
});

describe('a last look before the stop', () => {
  const look = (copies: KubeObject[], objects: KubeObject[]): string[] => {
    const warnings: string[] = [];
    const reporter = { ...silentReporter, warning: (text: string) => void warnings.push(text) };
    refuseUncopied(EAST, { side: WEST, objects: copies }, [entry('web')], objects, { reporter });
    return warnings;
  };

  it('passes what has a parked copy', () => {
    expect(look([parked('web')], [deployment('web')])).toEqual([]);
  });

  it('refuses what has a copy without the mark, and what has none', () => {
    expect(() => look([deployment('web')], [deployment('web')])).toThrow(
      /^Deployment web in .* would be stopped/,
    );
    expect(() => look([], [deployment('web')])).toThrow(
      expect.objectContaining({ exit: 'refused', hint: expect.stringContaining(IGNORE) }),
    );
  });

  it('only tells what is marked to be ignored', () => {
    expect(look([], [deployment('web', ignored)])).toEqual([
      'Deployment web is stopped with the rest; it is marked to be ignored, so it has no copy in namespace shop of context west.',
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEEP, refuse, skip, type Verdict, warn } from '../../src/common/verdict.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { filterObjects } from '../../src/pipeline/filter-objects.ts';
import { FILTERS } from '../../src/pipeline/filters/all-filters.ts';
import type { Filter } from '../../src/pipeline/pipeline-types.ts';
import { filterContext } from '../helpers/filters.ts';
import { object } from '../helpers/objects.ts';

const config = object('v1', 'ConfigMap', 'app');
const context = filterContext([config]);
const saying = (name: string, verdict: Verdict | undefined): Filter => ({
  name,
  rules: [],
  evaluate: () => verdict,
});

describe('filterObjects', () => {
  const cases: [string, [string, Verdict | undefined][], Verdict, string | undefined][] = [
    ['keeps an object when there are no rules', [], KEEP, undefined],
    ['keeps an object that no rule speaks of', [['a', undefined]], KEEP, undefined],
    [
      'takes the first skip',
      [
        ['a', undefined],
        ['b', skip('one')],
        ['c', skip('two')],
      ],
      skip('one'),
      'b',
    ],
    [
      'lets a skip win over an earlier warning',
      [
        ['a', warn('one')],
        ['b', skip('two')],
      ],
      skip('two'),
      'b',
    ],
    [
      'lets a refusal win over an earlier warning',
      [
        ['a', warn('one')],
        ['b', refuse('two')],
      ],
      refuse('two'),
      'b',
    ],
    [
      'takes a refusal before a later skip',
      [
        ['a', refuse('one')],
        ['b', skip('two')],
      ],
      refuse('one'),
      'a',
    ],
    [
      'joins several warnings',
      [
        ['a', warn('one')],
        ['b', undefined],
        ['c', warn('two')],
      ],
      warn('one; two'),
      'a, c',
    ],
    [
      'lets a keep shut out a later skip',
      [
        ['a', KEEP],
        ['b', skip('two')],
      ],
      KEEP,
      'a',
    ],
    [
      'tells a warning that was given before a keep',
      [
        ['a', warn('one')],
        ['b', KEEP],
        ['c', skip('two')],
      ],
      warn('one'),
      'a',
    ],
  ];
  it.each(cases)('%s', (_title, filters, verdict, filter) => {
    const rows = filterObjects(
      [config],
      context,
      filters.map(([name, said]) => saying(name, said)),
    );
    expect(rows).toEqual([{ object: config, verdict, filter }]);
  });

  it('is pure and total: one row per object in the given order, nothing changed, twice the same', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(anyObject, { maxLength: 10 }),
        fc.boolean(),
        fc.boolean(),
        (objects, renamed, crs) => {
          const overrides = { destNamespace: renamed ? 'other' : 'shop', includeCustomResources: crs };
          const frozen = deepFreeze(objects);
          const before = JSON.stringify(frozen);
          const judge = () => filterObjects(frozen, filterContext(frozen, overrides));
          const rows = judge();
          expect(rows.map((row) => row.object)).toEqual(frozen);
          expect(rows.every((row, at) => row.object === frozen[at])).toBe(true);
          expect(judge()).toEqual(rows);
          expect(JSON.stringify(frozen)).toBe(before);
          for (const { object: judged, verdict, filter } of rows) {
            seen.add(verdict.kind);
            if (verdict.kind === 'keep') expect(filter).toBeUndefined();
            else expect([verdict.reason.length > 0, typeof filter]).toEqual([true, 'string']);
            if (judged.apiVersion === 'v1' && judged.kind === 'Pod') expect(verdict.kind).toBe('skip');
          }
        },
      ),
      { numRuns: 150 },
    );
    // The generator must reach what the property is about.
    expect([...seen].sort()).toEqual(['keep', 'skip', 'warn']);
  });
});

describe('FILTERS', () => {
  it('names every filter once', () => {
    const names = FILTERS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('covers the rules F9 to F16 and F20 to F40', () => {
    const covered = new Set(FILTERS.flatMap(({ rules }) => rules));
    const wanted = [...range(9, 16), ...range(20, 40)].map((number) => `F${number}`);
    expect([...covered].sort()).toEqual(wanted.sort());
  });
});

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, offset) => from + offset);

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const item of Object.values(value)) deepFreeze(item);
    Object.freeze(value);
  }
  return value;
};

const TYPES = [
  ['v1', 'ConfigMap'],
  ['v1', 'Endpoints'],
  ['v1', 'Event'],
  ['v1', 'Pod'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'Secret'],
  ['v1', 'Service'],
  ['v1', 'ServiceAccount'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'ReplicaSet'],
  ['batch/v1', 'Job'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['kafka.strimzi.io/v1', 'Kafka'],
  ['', ''],
] as const;
const NAMES = [
  'app',
  'default',
  'kubernetes',
  'default-token-x2x4z',
  'sh.helm.release.v1.web.v2',
  'constructor',
];
const KEYS = ['dr-syncer.io/ignore', 'owner', 'name', 'version', 'kubernetes.io/service-account.name'];

// Fields that rules read hold what servers send, and also anything else that is JSON.
const anyJson = fc.jsonValue({ maxDepth: 2 });
const strange = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: anyJson });
const texts = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom('true', 'false', 'helm', 'web', '1'));
const owners = fc.array(
  fc.record({
    apiVersion: fc.constantFrom('apps/v1', 'kafka.strimzi.io/v1'),
    kind: fc.constantFrom('Deployment', 'Kafka'),
    name: fc.constantFrom(...NAMES),
    uid: fc.constantFrom('u1', 'u2', 'u3'),
    controller: fc.boolean(),
  }),
  { maxLength: 2 },
);

const anyObject: fc.Arbitrary<KubeObject> = fc
  .record({
    type: fc.constantFrom(...TYPES),
    metadata: fc.record(
      {
        name: fc.constantFrom(...NAMES),
        namespace: fc.constantFrom('shop', 'default'),
        uid: fc.constantFrom('u1', 'u2', 'u3'),
        labels: strange(texts),
        annotations: strange(texts),
        ownerReferences: strange(owners),
        deletionTimestamp: strange(fc.constant('2026-01-01T00:00:00Z')),
      },
      { requiredKeys: ['name'] },
    ),
    rest: fc.record(
      {
        type: strange(fc.constantFrom('Opaque', 'helm.sh/release.v1', 'kubernetes.io/service-account-token')),
        spec: strange(fc.record({ replicas: fc.nat(2), selector: fc.constant({ app: 'web' }) })),
        status: strange(fc.record({ phase: fc.constantFrom('Running', 'Failed'), conditions: anyJson })),
        secrets: anyJson,
        imagePullSecrets: anyJson,
        subsets: anyJson,
        endpoints: anyJson,
        data: anyJson,
      },
      { requiredKeys: [] },
    ),
  })
  .map(
    ({ type: [apiVersion, kind], metadata, rest }) => ({ ...rest, apiVersion, kind, metadata }) as KubeObject,
  );

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { isObject } from '../../src/kube/raw-json.ts';
import { CLUSTER_MAPPING_SPEC, CLUSTER_MAPPING_STATUS } from '../../src/mapping/cluster-mapping.ts';
import {
  CLUSTER_MAPPINGS,
  CONDITION_REASONS,
  clusterMappingOf,
  NAMESPACE_MAPPINGS,
  namespaceMappingOf,
  REMOTE_CLUSTERS,
  remoteClusterOf,
} from '../../src/mapping/custom-resources.ts';
import { NAMESPACE_MAPPING_SPEC } from '../../src/mapping/namespace-mapping-spec.ts';
import { NAMESPACE_MAPPING_STATUS } from '../../src/mapping/namespace-mapping-status.ts';
import { REMOTE_CLUSTER_SPEC, REMOTE_CLUSTER_STATUS } from '../../src/mapping/remote-cluster.ts';

const CRDS = join(import.meta.dirname, '..', '..', 'charts', 'dr-syncer', 'files', 'crds');

const crdOf = (plural: string) => parse(readFileSync(join(CRDS, `${plural}.yaml`), 'utf8'));

// What the TypeScript reading does not need: sentences for people, and rules between fields.
const NOT_READ = new Set([
  'description',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
]);

/** A schema without them. The names of fields are kept, whatever they are. */
const plain = (schema: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !NOT_READ.has(key))
      .map(([key, value]) => [
        key,
        key === 'properties' && isObject(value)
          ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one as JsonObject)]))
          : isObject(value) && key !== 'default'
            ? plain(value)
            : value,
      ]),
  );

const KINDS = [
  { type: REMOTE_CLUSTERS, spec: REMOTE_CLUSTER_SPEC, status: REMOTE_CLUSTER_STATUS },
  { type: CLUSTER_MAPPINGS, spec: CLUSTER_MAPPING_SPEC, status: CLUSTER_MAPPING_STATUS },
  { type: NAMESPACE_MAPPINGS, spec: NAMESPACE_MAPPING_SPEC, status: NAMESPACE_MAPPING_STATUS },
];

describe.each(KINDS)('the CRD of $type.kind', ({ type, spec, status }) => {
  const crd = crdOf(type.resource);
  const [version] = crd.spec.versions;
  const { properties } = version.schema.openAPIV3Schema;

  test('has the names of its type', () => {
    expect(crd.spec).toMatchObject({
      group: type.group,
      scope: 'Namespaced',
      names: {
        kind: type.kind,
        plural: type.resource,
        singular: type.singular,
        shortNames: type.shortNames,
        categories: type.categories,
      },
    });
    expect(version).toMatchObject({ name: type.version, subresources: { status: {} } });
  });

  test('allows in a spec what is read, with the same defaults and bounds', () => {
    expect(plain(properties.spec)).toEqual(spec.schema);
  });

  test('allows in a status what is read', () => {
    expect(plain(properties.status)).toEqual(status.schema);
  });

  test('explains every field with a sentence', () => {
    expect(withoutSentence(version.schema.openAPIV3Schema, type.kind)).toEqual([]);
  });
});

const withoutSentence = (schema: JsonObject, path: string): string[] => {
  const { properties, items, additionalProperties } = schema as Record<string, JsonObject | undefined>;
  const inner = properties ?? items?.['properties'] ?? additionalProperties?.['properties'];
  const text = schema['description'];
  return [
    ...(typeof text === 'string' && /^[A-Z].*\.$/.test(text) ? [] : [path]),
    ...Object.entries(isObject(inner) ? inner : {}).flatMap(([name, one]) =>
      name === 'metadata' ? [] : withoutSentence(one as JsonObject, `${path}.${name}`),
    ),
  ];
};

const object = (kind: string, spec: unknown, status?: unknown): KubeObject =>
  ({
    apiVersion: 'dr-syncer.io/v1alpha1',
    kind,
    metadata: { name: 'shop', namespace: 'dr', uid: 'u1', generation: 3 },
    spec,
    status,
  }) as KubeObject;

describe('reading a custom resource', () => {
  test('fills in the defaults, also of sections that are not there', () => {
    const { spec, status } = namespaceMappingOf(object('NamespaceMapping', { sourceNamespace: 'shop' }));
    expect(spec).toMatchObject({
      paused: false,
      replicationMode: 'Scheduled',
      syncTimeoutMs: 1_800_000,
      scaleToZero: true,
      continuous: { watchResources: true, backgroundSyncIntervalMs: 3_600_000, debounceMs: 2000 },
      retryConfig: { maxRetries: 5, initialBackoffMs: 5000, maxBackoffMs: 300_000, backoffMultiplier: 200 },
      pvcConfig: { syncData: false, dataSyncConfig: { concurrentSyncs: 2, timeoutMs: 1_800_000 } },
      rehearsal: { namespaceSuffix: '-rehearsal', ttlMs: 3_600_000 },
    });
    expect(spec.clusterMappingRef).toBeUndefined();
    expect(status).toEqual({});
    expect(remoteClusterOf(object('RemoteCluster', { inCluster: true })).spec).toMatchObject({
      inCluster: true,
      intervalMs: 60_000,
      requestTimeoutMs: 30_000,
      maxConcurrentSyncs: 8,
      pvcSync: { enabled: false, ssh: { port: 2222 } },
    });
  });

  test('names the object', () => {
    expect(remoteClusterOf(object('RemoteCluster', {}))).toMatchObject({
      namespace: 'dr',
      name: 'shop',
      uid: 'u1',
      generation: 3,
      isDeleted: false,
    });
  });

  test.each([
    ['a number', 7],
    ['a list', []],
    ['a text', 'x'],
    ['null', null],
    [
      'fields of other types',
      { interval: 3, allowedNamespaces: 'x', kubeconfigSecretRef: [], pvcSync: 1, paused: 'yes' },
    ],
    [
      'values that no CRD allows',
      { interval: '0s', requestTimeout: '1.5h', maxConcurrentSyncs: 0, alias: 'x'.repeat(300) },
    ],
    ['a reference without a name', { kubeconfigSecretRef: { key: 'x' } }],
  ])('takes %s for a spec that says nothing', (_what, spec) => {
    expect(remoteClusterOf(object('RemoteCluster', spec, spec))).toMatchObject({
      spec: remoteClusterOf(object('RemoteCluster', {})).spec,
    });
  });

  test('says what is missing', () => {
    expect(() => namespaceMappingOf(object('NamespaceMapping', undefined))).toThrow(
      'NamespaceMapping shop in namespace dr has no spec.',
    );
    expect(() => namespaceMappingOf(object('NamespaceMapping', { sourceNamespace: 'No' }))).toThrow(
      'NamespaceMapping shop in namespace dr has no valid sourceNamespace in its spec.',
    );
    expect(() => clusterMappingOf(object('ClusterMapping', { sourceCluster: 'a' }))).toThrow(
      'ClusterMapping shop in namespace dr has no valid sourceCluster and targetCluster in its spec.',
    );
  });

  test('reads of a status what is there', () => {
    const status = {
      observedGeneration: 3,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastTransitionTime: '2026-01-01T00:00:00Z',
          reason: 'InSync',
          message: 'ok',
        },
        { type: 'Half' },
      ],
      sync: { startedAt: '2026-01-01T00:00:00Z', trigger: 'schedule' },
      lastSyncTime: 'yesterday',
      live: 'somewhere',
      epoch: -1,
    };
    expect(namespaceMappingOf(object('NamespaceMapping', { sourceNamespace: 'a' }, status)).status).toEqual({
      observedGeneration: 3,
      conditions: [status.conditions[0]],
      sync: status.sync,
    });
  });

  test('the reasons are as Kubernetes wants them, each once', () => {
    expect(CONDITION_REASONS.filter((reason) => !/^[A-Z][A-Za-z]+$/.test(reason))).toEqual([]);
    expect(new Set(CONDITION_REASONS).size).toBe(CONDITION_REASONS.length);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refuseWithoutField } from '../../src/commands/export-command.ts';
import { requestOfFlags, type StageFlags } from '../../src/commands/stage-command.ts';
import { namespaceMappingOf, remoteClusterOf } from '../../src/mapping/custom-resources.ts';
import { exportedObjects } from '../../src/mapping/exported-objects.ts';
import { stageRequestOf } from '../../src/mapping/stage-request-of.ts';
import { DEFAULT_MOVER_OPTIONS } from '../../src/volumes/mover-defaults.ts';
import { DEFAULT_VERIFY_OPTIONS } from '../../src/volumes/verify-pod.ts';

const PLAIN: StageFlags = {
  output: 'text',
  logLevel: 'info',
  logFormat: 'text',
  color: false,
  requestTimeout: 30_000,
  concurrency: 64,
  pvMigrateNetworkPolicies: true,
  dataConcurrency: DEFAULT_MOVER_OPTIONS.concurrency,
  dataTimeout: DEFAULT_MOVER_OPTIONS.deadlineMs,
  dataChown: true,
  dataCompress: true,
  verify: 'none',
  verifySample: 0,
  verifyImage: DEFAULT_VERIFY_OPTIONS.image,
  verifyRunAsUser: DEFAULT_VERIFY_OPTIONS.runAsUser,
};

const exported = (flags: StageFlags, dest = 'dr') =>
  exportedObjects({
    request: requestOfFlags(flags),
    source: { context: 'admin@prod', namespace: 'shop' },
    dest: { context: dest, namespace: 'shop-dr' },
    mapping: { namespace: 'dr', name: 'shop' },
    mode: 'Scheduled',
    schedule: undefined,
    requestTimeoutMs: flags.requestTimeout,
    syncTimeoutMs: flags.timeout,
  });

const word = fc.stringMatching(/^[a-z][a-z0-9./-]{0,15}$/);
const words = fc.array(word, { minLength: 1, maxLength: 4 });
const pairs = fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 3 }).map((list) => new Map(list));
const seconds = fc.integer({ min: 1, max: 500_000 }).map((n) => n * 1000);

const FLAGS = fc.record(
  {
    resourceTypes: words,
    excludeResourceTypes: words,
    includeCustomResources: fc.boolean(),
    selector: word,
    onConflict: fc.constantFrom('patch', 'skip', 'recreate'),
    storageClassMap: pairs,
    accessModeMap: pairs,
    imageMap: pairs,
    hostMap: pairs,
    ingressClassMap: pairs,
    preserveNodePorts: fc.boolean(),
    preserveLoadBalancerIp: fc.boolean(),
    holdLoadBalancers: fc.boolean(),
    rewriteDns: fc.boolean(),
    oneShotKinds: fc.constant(['Import.example.com']),
    keepGoing: fc.boolean(),
    prune: fc.boolean(),
    timeout: seconds,
    requestTimeout: seconds,
  },
  { requiredKeys: [] },
);
const DATA = fc.record(
  {
    dataConcurrency: fc.integer({ min: 1, max: 64 }),
    dataBandwidth: fc.integer({ min: 1, max: 1_000_000_000 }),
    dataTimeout: seconds,
  },
  { requiredKeys: [] },
);

test('the objects ask for the same stage as the flags', () => {
  fc.assert(
    fc.property(FLAGS, fc.option(DATA, { nil: undefined }), (copy, data) => {
      const flags = {
        ...PLAIN,
        ...copy,
        ...(data === undefined ? {} : { ...data, migratePvcData: true, preCopy: true }),
      } as StageFlags;
      refuseWithoutField(flags);
      const { objects } = exported(flags);
      const [source, dest, , mapping] = objects;
      if (source === undefined || dest === undefined || mapping === undefined) throw new Error('no objects');
      const { spec } = remoteClusterOf(source);
      const read = stageRequestOf(namespaceMappingOf(mapping), spec, remoteClusterOf(dest).spec);
      expect(read).toEqual({ request: requestOfFlags(flags), warnings: [], problems: [] });
      expect(spec.requestTimeoutMs).toBe(flags.requestTimeout);
      expect(namespaceMappingOf(mapping).spec.syncTimeoutMs).toBe(flags.timeout ?? 1_800_000);
    }),
  );
});

describe('the objects', () => {
  test('of two clusters are four, with the names of the contexts kept', () => {
    const { objects, secrets } = exported(PLAIN);
    expect(objects.map(({ kind, metadata: { name } }) => `${kind} ${name}`)).toEqual([
      'RemoteCluster admin-prod',
      'RemoteCluster dr',
      'ClusterMapping shop',
      'NamespaceMapping shop',
    ]);
    expect(objects[0]?.['spec']).toEqual({
      kubeconfigSecretRef: { name: 'admin-prod-kubeconfig' },
      alias: 'admin@prod',
      requestTimeout: '30s',
    });
    expect(secrets).toEqual([
      { name: 'admin-prod-kubeconfig', context: 'admin@prod' },
      { name: 'dr-kubeconfig', context: 'dr' },
    ]);
  });

  test('of contexts with similar names have names of their own', () => {
    const names = exported(PLAIN, 'admin/prod').objects.map(({ metadata }) => metadata.name);
    expect(names).toEqual(['admin-prod', 'admin-prod-dest', 'shop', 'shop']);
  });

  test('of one cluster need no ClusterMapping', () => {
    expect(exported(PLAIN, 'admin@prod').objects.map(({ kind }) => kind)).toEqual([
      'RemoteCluster',
      'NamespaceMapping',
    ]);
  });
});

describe('what a mapping cannot say is refused', () => {
  test.each<[string, Partial<StageFlags>]>([
    ['--on-conflict fail', { onConflict: 'fail' }],
    ['--accept-cluster-roles', { acceptClusterRoles: ['admin'] }],
    ['--include-cluster-needs', { includeClusterNeeds: true }],
    ['--concurrency', { concurrency: 3 }],
    ['--pv-migrate-flags', { pvMigrateFlags: '--x' }],
    ['--no-data-chown', { dataChown: false }],
    ['--verify-sample', { verifySample: 3 }],
  ])('%s', (flag, flags) => {
    expect(() => refuseWithoutField({ ...PLAIN, ...flags })).toThrow(
      `${flag}: a NamespaceMapping has no field`,
    );
  });

  test('a part of a second', () => {
    expect(() => exported({ ...PLAIN, requestTimeout: 1500 })).toThrow(
      '--request-timeout: a mapping has whole',
    );
  });

  test('a value that is longer than its field', () => {
    expect(() => exported({ ...PLAIN, selector: `a=${'b'.repeat(1100)}` })).toThrow(
      'cannot say all of these flags',
    );
  });
});

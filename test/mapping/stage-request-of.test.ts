import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { namespaceMappingOf, remoteClusterOf } from '../../src/mapping/custom-resources.ts';
import { dataOptionsOf } from '../../src/mapping/data-options-of.ts';
import { rsyncArgsOf } from '../../src/mapping/rsync-options.ts';
import { effectiveSchedule, stageRequestOf } from '../../src/mapping/stage-request-of.ts';
import { TOLD_FIELDS } from '../../src/mapping/told-fields.ts';
import { DEFAULT_MOVER_OPTIONS } from '../../src/volumes/mover-defaults.ts';
import { plainStage } from '../helpers/defaults.ts';

const objectOf = (kind: string, spec: object): KubeObject =>
  ({
    apiVersion: 'dr-syncer.io/v1alpha1',
    kind,
    metadata: { name: 'shop', namespace: 'dr' },
    spec,
  }) as KubeObject;

const mapping = (spec: object = {}) =>
  namespaceMappingOf(objectOf('NamespaceMapping', { sourceNamespace: 'shop', ...spec }));
const cluster = (spec: object = {}) => remoteClusterOf(objectOf('RemoteCluster', spec)).spec;
const stageOf = (spec: object = {}, source: object = {}, dest: object = {}) =>
  stageRequestOf(mapping(spec), cluster(source), cluster(dest));

const { sourceNamespace: _source, destNamespace: _dest, ...PLAIN } = plainStage('shop', 64);

test('a mapping that says nothing asks for what a stage without flags asks for', () => {
  expect(stageOf()).toEqual({
    request: { stage: { ...PLAIN, clusterNeeds: false, recreateTimeoutMs: 60_000 }, preCopy: undefined },
    warnings: [],
    problems: [],
  });
});

describe('a field becomes an option of the stage', () => {
  test.each<[string, object, object]>([
    ['resourceTypes', { resourceTypes: ['ConfigMaps'] }, { types: { include: ['ConfigMaps'] } }],
    ['resourceTypes: *', { resourceTypes: ['*'] }, { types: { include: [] } }],
    [
      'resourceTypes: * and more',
      { resourceTypes: ['*', 'a.b.c'] },
      { types: { include: ['all', 'a.b.c'] } },
    ],
    ['excludeResourceTypes', { excludeResourceTypes: ['pods'] }, { types: { exclude: ['pods'] } }],
    ['includeCustomResources', { includeCustomResources: true }, { types: { customResources: true } }],
    [
      'namespaceScopedResources',
      { namespaceScopedResources: ['a.b.c'] },
      { types: { include: ['all', 'a.b.c'] } },
    ],
    [
      'namespaceScopedResources next to types',
      { resourceTypes: ['pods'], namespaceScopedResources: ['a.b.c'] },
      { types: { include: ['pods', 'a.b.c'] } },
    ],
    [
      'namespaceScopedResources next to all custom resources',
      { namespaceScopedResources: ['a.b.c'], includeCustomResources: true },
      { types: { include: [], customResources: true } },
    ],
    ['oneShotKinds', { oneShotKinds: ['Import.example.com'] }, { oneShotKinds: ['Import.example.com'] }],
    ['selector', { selector: 'app=web' }, { selector: 'app=web' }],
    ['selector: empty', { selector: '' }, { selector: undefined }],
    ['prune', { prune: true }, { prune: true }],
    ['keepGoing', { keepGoing: true }, { keepGoing: true }],
    [
      'imageMappings',
      { imageMappings: [{ from: 'a/x', to: 'b/x' }] },
      { imageMap: new Map([['a/x', 'b/x']]) },
    ],
    ['hostMappings', { hostMappings: [{ from: '.a', to: '.b' }] }, { hostMap: new Map([['.a', '.b']]) }],
    [
      'ingressClassMappings',
      { ingressClassMappings: [{ from: 'a', to: 'b' }] },
      { ingressClassMap: new Map([['a', 'b']]) },
    ],
    ['service.preserveNodePorts', { service: { preserveNodePorts: true } }, { preserveNodePorts: true }],
    [
      'service.preserveLoadBalancerIP',
      { service: { preserveLoadBalancerIP: true } },
      { preserveLoadBalancerIp: true },
    ],
    ['service.holdLoadBalancers', { service: { holdLoadBalancers: true } }, { holdLoadBalancers: true }],
    ['rewriteDNS', { rewriteDNS: true }, { rewriteDns: true }],
    [
      'storageClassMappings',
      { pvcConfig: { storageClassMappings: [{ from: '', to: 'standard' }] } },
      { storageClassMap: new Map([['', 'standard']]) },
    ],
    [
      'accessModeMappings',
      { pvcConfig: { accessModeMappings: [{ from: 'ReadWriteMany', to: 'ReadWriteOnce' }] } },
      { accessModeMap: new Map([['ReadWriteMany', 'ReadWriteOnce']]) },
    ],
    ['NoChange', { immutableResourceConfig: { defaultHandling: 'NoChange' } }, { onConflict: 'skip' }],
    ['Recreate', { immutableResourceConfig: { defaultHandling: 'Recreate' } }, { onConflict: 'recreate' }],
    [
      'PartialUpdate',
      { immutableResourceConfig: { defaultHandling: 'PartialUpdate' } },
      { onConflict: 'patch' },
    ],
  ])('%s', (_name, spec, expected) => {
    const { request, warnings, problems } = stageOf(spec);
    expect(request.stage).toMatchObject(expected);
    expect([...warnings, ...problems]).toEqual([]);
  });

  test('without types, those of the source cluster count; * asks for all the same', () => {
    const source = { defaultResourceTypes: ['pods'] };
    expect(stageOf({}, source).request.stage.types.include).toEqual(['pods']);
    expect(stageOf({ resourceTypes: ['secrets'] }, source).request.stage.types.include).toEqual(['secrets']);
    expect(stageOf({ resourceTypes: ['*'] }, source).request.stage.types.include).toEqual([]);
  });
});

/** One case for each row of what is told; the last part is what becomes of the request. */
const TOLD: readonly (readonly [field: string, spec: object, sentence: string, stage?: object])[] = [
  ['syncCRDs: true', { syncCRDs: true }, 'Install the CRDs at the destination'],
  ['scaleToZero: false', { scaleToZero: false }, 'the copy is always parked'],
  ['driftPolicy: Report', { driftPolicy: 'Report' }, 'a sync corrects drift'],
  ['deletionPolicy: Delete', { deletionPolicy: 'Delete' }, 'The copy stays'],
  [
    'namespaceConfig.preserveLabels: false',
    { namespaceConfig: { preserveLabels: false } },
    'labels are always copied',
  ],
  [
    'namespaceConfig.preserveAnnotations: false',
    { namespaceConfig: { preserveAnnotations: false } },
    'always copied',
  ],
  [
    'failureHandling',
    {
      failureHandling: {
        defaultMode: 'RetryAndWait',
        networkError: 'FailFast',
        resourceNotFound: 'RetryOnly',
      },
    },
    'as it is in resourceNotFound and networkError; every failure is handled as RetryAndWait',
  ],
  [
    'immutableResourceConfig.defaultHandling: RecreateWithPodDrain',
    { immutableResourceConfig: { defaultHandling: 'RecreateWithPodDrain' } },
    'as Recreate',
    { onConflict: 'recreate' },
  ],
  [
    'immutableResourceConfig.defaultHandling: ForceUpdate',
    { immutableResourceConfig: { defaultHandling: 'ForceUpdate' } },
    'PVCs are never recreated',
    { onConflict: 'recreate' },
  ],
  [
    'immutableResourceConfig.resourceOverrides',
    { immutableResourceConfig: { resourceOverrides: { Service: 'Recreate' } } },
    'dr-syncer.io/immutable-handling',
  ],
  [
    'immutableResourceConfig.drainTimeout',
    { immutableResourceConfig: { drainTimeout: '1m' } },
    'no pods to drain',
  ],
  [
    'immutableResourceConfig.forceDeleteTimeout',
    { immutableResourceConfig: { forceDeleteTimeout: '1m' } },
    'nothing is deleted by force',
  ],
  [
    'ingressConfig.preserveAnnotations: false',
    { ingressConfig: { preserveAnnotations: false } },
    'always copied',
  ],
  ['ingressConfig.preserveTLS: false', { ingressConfig: { preserveTLS: false } }, 'always copied'],
  ['ingressConfig.preserveBackends: false', { ingressConfig: { preserveBackends: false } }, 'always copied'],
  ['tempPodKeySecretRef', { tempPodKeySecretRef: { name: 'keys' } }, 'is ignored'],
  ['rehearsal.schedule', { rehearsal: { schedule: '@weekly' } }, 'nothing is rehearsed'],
  [
    'pvcConfig.syncPersistentVolumes: true',
    { pvcConfig: { syncPersistentVolumes: true } },
    'PersistentVolumes of its own',
  ],
  [
    'pvcConfig.preserveVolumeAttributes: true',
    { pvcConfig: { preserveVolumeAttributes: true } },
    'belong to its cluster',
  ],
  [
    'pvcConfig.dataSyncConfig.schedule',
    { pvcConfig: { syncData: true, dataSyncConfig: { schedule: '@daily' } } },
    'with every sync',
  ],
  [
    'pvcConfig.dataSyncConfig.consistency: Snapshot',
    { pvcConfig: { syncData: true, dataSyncConfig: { consistency: 'Snapshot' } } },
    'not consistent',
  ],
  [
    'pvcConfig.dataSyncConfig.keepLastGood: true',
    { pvcConfig: { syncData: true, dataSyncConfig: { keepLastGood: true } } },
    'a mixture of two copies',
  ],
];

describe('a field that is not done is told', () => {
  test.each(TOLD.map(([field, spec, sentence, stage = {}]) => ({ field, spec, sentence, stage })))(
    '$field',
    ({ field, spec, sentence, stage }) => {
      const { request, warnings, problems } = stageOf(spec);
      const isProblem = TOLD_FIELDS.some((row) => row.field === field && row.level === 'problem');
      const text = expect.stringMatching(new RegExp(`^${field} (is|are) .*\\.$`));
      expect(warnings).toEqual(isProblem ? [] : [text]);
      expect(problems).toEqual(isProblem ? [{ reason: 'NotSupported', message: text }] : []);
      expect([...warnings, ...problems.map(({ message }) => message)].join()).toContain(sentence);
      expect(request.stage).toMatchObject(stage);
    },
  );

  test('each has a case', () => {
    expect(TOLD.map(([field]) => field)).toEqual(TOLD_FIELDS.map(({ field }) => field));
  });
});

describe('the copy of volume data', () => {
  const dataOf = (dataSyncConfig: object, source: object = {}) =>
    stageOf({ pvcConfig: { syncData: true, dataSyncConfig } }, source);

  test('is a pre-copy with the defaults of the mapping', () => {
    expect(dataOf({}).request.preCopy).toEqual({
      mover: {
        ...DEFAULT_MOVER_OPTIONS,
        concurrency: 2,
        deadlineMs: 1_800_000,
        deleteExtraneous: false,
        ignoreMounted: true,
      },
      verify: undefined,
    });
  });

  test.each<[string, object, object]>([
    ['concurrentSyncs', { concurrentSyncs: 5 }, { concurrency: 5 }],
    ['bandwidthLimit', { bandwidthLimit: 100 }, { bandwidthKBps: 100 }],
    ['bandwidthLimit: 0', { bandwidthLimit: 0 }, { bandwidthKBps: undefined }],
    ['timeout', { timeout: '1h' }, { deadlineMs: 3_600_000 }],
    ['rsyncOptions', { rsyncOptions: ['--checksum'] }, { extraFlags: ['--rsync-extra-args=--checksum'] }],
    ['excludePaths', { excludePaths: ['tmp/*'] }, { extraFlags: ['--rsync-extra-args=--exclude=tmp/*'] }],
    [
      'rsyncOptions with a limit',
      { rsyncOptions: ['-S'], bandwidthLimit: 9 },
      { extraFlags: ['--rsync-extra-args=--sparse --bwlimit=9'], bandwidthKBps: undefined },
    ],
  ])('%s', (_name, config, expected) => {
    const { request, warnings, problems } = dataOf(config);
    expect(request.preCopy?.mover).toMatchObject(expected);
    expect([...warnings, ...problems]).toEqual([]);
  });

  test.each(['sample', 'full'])('verificationMode: %s is for the copy of a cutover', (verificationMode) => {
    const { request, warnings } = dataOf({ verificationMode });
    expect(request.preCopy?.verify).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringContaining(`verificationMode: ${verificationMode} is for the copy`),
    ]);
  });

  test.each<[object, object, object | undefined, string | undefined]>([
    [{}, {}, undefined, undefined],
    [{ verificationMode: 'full' }, {}, { mode: 'checksum', sampleFiles: 0 }, undefined],
    [{ verificationMode: 'sample' }, {}, { mode: 'checksum', sampleFiles: 100 }, '100 files of each PVC'],
    [{ verificationMode: 'sample', samplePercent: 100 }, {}, { sampleFiles: 0 }, undefined],
    [{}, { defaultVerificationMode: 'sample', defaultSamplePercent: 2 }, { sampleFiles: 20 }, '20 files'],
    [{ verificationMode: 'none' }, { defaultVerificationMode: 'full' }, undefined, undefined],
  ])('the copy of a cutover with %j from a cluster with %j', (dataSyncConfig, pvcSync, verify, sentence) => {
    const { spec } = mapping({ pvcConfig: { syncData: true, dataSyncConfig } });
    const { data, warnings } = dataOptionsOf(spec, cluster({ pvcSync }), { preCopy: false });
    expect(data?.mover).toMatchObject({ deleteExtraneous: true, ignoreMounted: false });
    if (verify === undefined) expect(data?.verify).toBeUndefined();
    else expect(data?.verify).toMatchObject(verify);
    expect(warnings).toEqual(sentence === undefined ? [] : [expect.stringContaining(sentence)]);
  });

  test('without syncData nothing is copied, and nothing of it is told', () => {
    const { request, warnings, problems } = stageOf({
      pvcConfig: { dataSyncConfig: { rsyncOptions: ['-e', 'sh'], verificationMode: 'full' } },
    });
    expect([request.preCopy, warnings, problems]).toEqual([undefined, [], []]);
  });
});

describe('the options of rsync', () => {
  test.each([
    '-e',
    '-e ssh',
    '--rsh=ssh',
    '--rsync-path=sudo rsync',
    '--daemon',
    '--server',
    '--remove-source-files',
    '--files-from=/etc/passwd',
    '--log-file=/x',
    '--max-size=1k',
    '-aze',
    '-M--x',
    '--exclude=$(id)',
    '--exclude=a;b',
    "--exclude='x'",
    '--exclude',
    '--checksum=1',
    '--bwlimit=1;x',
    '--constructor',
    'host::module',
  ])('%s is refused', (option) => {
    const { args, problems } = rsyncArgsOf([option], []);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join()).toMatch(/rsyncOptions: \S+ is not supported\./);
    expect(args.join(' ')).not.toMatch(/ssh|[;$`'"]/);
    const { problems: told } = stageOf({
      pvcConfig: { syncData: true, dataSyncConfig: { rsyncOptions: [option] } },
    });
    expect(told).toContainEqual({ reason: 'NotSupported', message: problems[0] });
  });

  test.each([
    ['-avz', ['--compress'], 1],
    ['--archive', [], 1],
    ['--delete', [], 1],
    ['--delete-after', [], 1],
    ['--info=progress2', [], 1],
    ['-HAX --numeric-ids', ['--hard-links', '--acls', '--xattrs', '--numeric-ids'], 0],
    ['--bwlimit=1.5m --timeout=60', ['--bwlimit=1.5m', '--timeout=60'], 0],
    ['--exclude=*.tmp', ['--exclude=*.tmp'], 0],
  ])('%s', (option, args, warnings) => {
    const found = rsyncArgsOf([option], []);
    expect(found.args).toEqual(args);
    expect(found.problems).toEqual([]);
    expect(found.warnings).toHaveLength(warnings);
  });

  test('a path that a shell could read otherwise is refused', () => {
    expect(rsyncArgsOf([], ['lost+found', 'a b', '$HOME'])).toEqual({
      args: ['--exclude=lost+found'],
      warnings: [],
      problems: [expect.stringContaining('"a b" is not supported'), expect.stringContaining('"$HOME"')],
    });
  });
});

describe('allowedNamespaces', () => {
  test.each([
    [[], true],
    [['shop'], true],
    [['sh*'], true],
    [['*'], true],
    [['*op', 'x'], true],
    [['s*o*p'], true],
    [['shop*shop'], false],
    [['sho'], false],
    [['hop'], false],
    [['s*x*p'], false],
    [['*shopp*'], false],
  ])('%j: shop is allowed: %s', (allowedNamespaces, isAllowed) => {
    const { problems } = stageOf({}, { allowedNamespaces });
    expect(problems.map(({ reason }) => reason)).toEqual(isAllowed ? [] : ['NotAllowed']);
  });

  test('each side has its own', () => {
    const { problems } = stageOf(
      { destinationNamespace: 'shop-dr' },
      { allowedNamespaces: ['shop'] },
      { allowedNamespaces: ['shop'] },
    );
    expect(problems).toEqual([
      {
        reason: 'NotAllowed',
        message: 'Namespace shop-dr is not in allowedNamespaces of the RemoteCluster at the destination.',
      },
    ]);
  });
});

test('the schedule is that of the mapping, else of the source cluster, else every five minutes', () => {
  const source = { defaultSchedule: '@hourly' };
  expect(effectiveSchedule(mapping({ schedule: '0 3 * * *' }), cluster(source))).toBe('0 3 * * *');
  expect(effectiveSchedule(mapping(), cluster(source))).toBe('@hourly');
  expect(effectiveSchedule(mapping({ schedule: '' }), cluster({}))).toBe('*/5 * * * *');
});

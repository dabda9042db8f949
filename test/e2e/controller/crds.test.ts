import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { namespaceMappingOf } from '../../../src/mapping/custom-resources.ts';
import {
  api,
  applyYaml,
  createNamespace,
  freshNamespace,
  getJson,
  type Json,
  kubectl,
} from '../../cluster/client.ts';
import { installMappingCrds } from '../../helpers/mappings.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'mappings');
const GROUP = '/apis/dr-syncer.io/v1alpha1';

const namespace = freshNamespace('crds');
beforeAll(async () => {
  await installMappingCrds();
  await createNamespace('dest', namespace);
});

const PLURALS: Readonly<Record<string, string>> = {
  RemoteCluster: 'remoteclusters',
  ClusterMapping: 'clustermappings',
  NamespaceMapping: 'namespacemappings',
};

/** Creates an object as a strict client does: an unknown field is an error. */
const create = (object: Json, how = '') =>
  api('dest')(
    'POST',
    `${GROUP}/namespaces/${namespace}/${PLURALS[object.kind]}?fieldValidation=Strict${how}`,
    { body: object },
  );

const made = (kind: string, name: string, spec: object): Json => ({
  apiVersion: 'dr-syncer.io/v1alpha1',
  kind,
  metadata: { name },
  spec,
});

const PAIR = { sourceCluster: 'a', destinationCluster: 'b', sourceNamespace: 'shop' };
const REFERENCE = { clusterMappingRef: { name: 'pair' }, sourceNamespace: 'shop' };

describe('manifests of the older tool', () => {
  test.each(readdirSync(FIXTURES))('%s is accepted under strict validation', async (file) => {
    const { status, body } = await create(parse(readFileSync(join(FIXTURES, file), 'utf8')), '&dryRun=All');
    expect([status, body.message]).toEqual([201, undefined]);
  });
});

describe('what is refused', () => {
  test.each<[string, string, object, string]>([
    ['no way to a cluster', 'RemoteCluster', {}, 'set kubeconfigSecretRef, or inCluster: true'],
    [
      'inCluster: false',
      'RemoteCluster',
      { inCluster: false },
      'set kubeconfigSecretRef, or inCluster: true',
    ],
    [
      'two ways to a cluster',
      'RemoteCluster',
      { inCluster: true, kubeconfigSecretRef: { name: 'x' } },
      'kubeconfigSecretRef excludes inCluster: true',
    ],
    [
      'a context without a kubeconfig',
      'RemoteCluster',
      { inCluster: true, context: 'x' },
      'inCluster has none',
    ],
    [
      'an interval of 0',
      'RemoteCluster',
      { inCluster: true, interval: '0m0s' },
      'use a duration of more than 0',
    ],
    [
      'a duration with a fraction',
      'RemoteCluster',
      { inCluster: true, requestTimeout: '1.5s' },
      'should match',
    ],
    [
      'a field that is not there',
      'RemoteCluster',
      { inCluster: true, inClutser: true },
      'unknown field "spec.inClutser"',
    ],
    [
      'too many syncs',
      'RemoteCluster',
      { inCluster: true, maxConcurrentSyncs: 257 },
      'less than or equal to 256',
    ],
    [
      'one cluster twice',
      'ClusterMapping',
      { sourceCluster: 'a', targetCluster: 'a' },
      'must be two RemoteClusters',
    ],
    [
      'no clusters',
      'NamespaceMapping',
      { sourceNamespace: 'shop' },
      'set clusterMappingRef, or sourceCluster and',
    ],
    [
      'one cluster only',
      'NamespaceMapping',
      { sourceNamespace: 'shop', sourceCluster: 'a' },
      'set clusterMappingRef, or sourceCluster and',
    ],
    [
      'both ways to name clusters',
      'NamespaceMapping',
      { ...REFERENCE, sourceCluster: 'a' },
      'clusterMappingRef excludes sourceCluster',
    ],
    [
      'a copy of itself',
      'NamespaceMapping',
      { ...PAIR, destinationCluster: 'a' },
      'one namespace cannot be its own copy',
    ],
    [
      'a copy of itself by an empty name',
      'NamespaceMapping',
      { ...PAIR, destinationCluster: 'a', destinationNamespace: '' },
      'one namespace cannot be its own copy',
    ],
    [
      'a schedule for data that is not copied',
      'NamespaceMapping',
      { ...REFERENCE, pvcConfig: { dataSyncConfig: { schedule: '@daily' } } },
      'dataSyncConfig.schedule needs syncData: true',
    ],
    [
      'no source namespace',
      'NamespaceMapping',
      { clusterMappingRef: { name: 'x' } },
      'spec.sourceNamespace: Required',
    ],
    [
      'a mode that is not there',
      'NamespaceMapping',
      { ...REFERENCE, replicationMode: 'Hourly' },
      'supported values',
    ],
    ['a namespace with a dot', 'NamespaceMapping', { ...REFERENCE, sourceNamespace: 'a.b' }, 'should match'],
  ])('%s', async (_what, kind, spec, message) => {
    const { status, body } = await create(made(kind, 'refused', spec), '&dryRun=All');
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.message).toContain(message);
  });

  test('two namespaces of one cluster are accepted', async () => {
    const spec = { ...PAIR, destinationCluster: 'a', destinationNamespace: 'shop-2' };
    expect((await create(made('NamespaceMapping', 'one', spec), '&dryRun=All')).status).toBe(201);
  });

  test('a change of the two namespaces', async () => {
    expect((await create(made('NamespaceMapping', 'fixed', REFERENCE))).status).toBe(201);
    const patched = async (spec: object): Promise<Json> =>
      (
        await api('dest')('PATCH', `${GROUP}/namespaces/${namespace}/namespacemappings/fixed`, {
          body: { spec },
          contentType: 'application/merge-patch+json',
        })
      ).body;
    expect((await patched({ sourceNamespace: 'other', destinationNamespace: 'shop' })).message).toContain(
      'sourceNamespace cannot change',
    );
    expect((await patched({ destinationNamespace: 'other' })).message).toContain(
      'destinationNamespace cannot change',
    );
    // The name that holds already may be spelt out.
    expect((await patched({ destinationNamespace: 'shop' })).spec.destinationNamespace).toBe('shop');
    expect((await patched({ destinationNamespace: null, prune: true })).spec.prune).toBe(true);
  });
});

describe('what is stored', () => {
  test('has the defaults', async () => {
    await create(
      made('RemoteCluster', 'defaults', { kubeconfigSecretRef: { name: 'x' }, pvcSync: { ssh: {} } }),
    );
    expect((await getJson('dest', 'remoteclusters.dr-syncer.io', 'defaults', namespace))?.spec).toEqual({
      interval: '1m',
      requestTimeout: '30s',
      paused: false,
      maxConcurrentSyncs: 8,
      kubeconfigSecretRef: { name: 'x', key: 'kubeconfig' },
      pvcSync: {
        enabled: false,
        access: 'Node',
        transport: 'Direct',
        globalConcurrencyLimit: 4,
        defaultVerificationMode: 'none',
        defaultSamplePercent: 10,
        ssh: { port: 2222 },
      },
    });
    await create(made('ClusterMapping', 'defaults', { sourceCluster: 'a', targetCluster: 'b' }));
    expect((await getJson('dest', 'clustermappings.dr-syncer.io', 'defaults', namespace))?.spec).toEqual({
      paused: false,
      sourceCluster: 'a',
      targetCluster: 'b',
      verifyConnectivity: true,
      connectivityTimeoutSeconds: 60,
    });
  });

  test('reads the same as what was sent', async () => {
    const sent = made('NamespaceMapping', 'read', {
      ...REFERENCE,
      continuous: {},
      pvcConfig: { syncData: true },
    });
    await create(sent);
    const stored = await getJson('dest', 'namespacemappings.dr-syncer.io', 'read', namespace);
    expect(stored.spec).toMatchObject({ scaleToZero: true, continuous: { debounce: '2s' } });
    expect(namespaceMappingOf(stored).spec).toEqual(namespaceMappingOf(sent).spec);
  });

  test('a status is written apart from the spec, and its lists are bounded', async () => {
    await create(made('NamespaceMapping', 'status', REFERENCE));
    const path = `${GROUP}/namespaces/${namespace}/namespacemappings/status/status`;
    const patch = (status: object) =>
      api('dest')('PATCH', path, { body: { status }, contentType: 'application/merge-patch+json' });
    const condition = {
      type: 'Ready',
      status: 'True',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      reason: 'InSync',
      message: 'Everything is copied.',
    };
    const status = {
      observedGeneration: 1,
      live: 'source',
      sync: { startedAt: '2026-01-01T00:00:00Z', trigger: 'schedule' },
      plan: { at: '2026-01-01T00:00:00Z', created: 1, updated: 2, deleted: 0, unchanged: 3 },
      warnings: ['scaleToZero: false is not supported.'],
      conditions: [condition],
    };
    const { status: code, body } = await patch(status);
    expect(code).toBe(200);
    expect(namespaceMappingOf(body).status).toEqual(status);
    expect((await patch({ warnings: Array.from({ length: 51 }, () => 'x') })).status).toBe(422);
    const waited = await kubectl('dest', [
      ...['wait', 'nsmap/status', '-n', namespace],
      ...['--for=condition=Ready', '--timeout=10s'],
    ]);
    expect(waited.exitCode).toBe(0);
  });
});

describe('what kubectl shows', () => {
  test.each([
    ['rcl', 'NAME HEALTH READY VERSION PVC SYNC READY AGENTS AGE'],
    ['clmap', 'NAME SOURCE CLUSTER TARGET CLUSTER PHASE READY AGE'],
    ['nsmap', 'NAME SOURCE DESTINATION MODE LIVE READY SYNCED THROUGH LAST SYNC'],
  ])('the columns of %s', async (short, columns) => {
    await applyYaml('dest', namespace, readFileSync(join(FIXTURES, FIXTURE_OF[short] ?? ''), 'utf8'));
    const { stdout } = await kubectl('dest', ['get', short, '-n', namespace]);
    expect(stdout.split('\n')[0]?.replace(/\s+/g, ' ').trim()).toBe(columns);
  });

  test('all three kinds by their category', async () => {
    const { stdout } = await kubectl('dest', ['api-resources', '--categories=dr-syncer', '-o', 'name']);
    expect(stdout.trim().split('\n').sort()).toEqual(
      Object.values(PLURALS)
        .map((plural) => `${plural}.dr-syncer.io`)
        .sort(),
    );
  });

  test.each([
    ['nsmap.spec.pvcConfig.dataSyncConfig.rsyncOptions', 'could run programs'],
    ['rcl.spec.kubeconfigSecretRef', 'Neither programs, nor files'],
    ['clmap.spec.targetCluster', 'holds the copies'],
  ])('an explanation of %s', async (path, text) => {
    const { stdout } = await kubectl('dest', ['explain', path]);
    expect(stdout.replace(/\s+/g, ' ')).toContain(text);
  });
});

const FIXTURE_OF: Readonly<Record<string, string>> = {
  rcl: 'rc-secret.yaml',
  clmap: 'clmap-keys.yaml',
  nsmap: 'nsmap-scheduled.yaml',
};

test('an object with fields that are not known any more is read, changed and kept', async () => {
  const object = made('NamespaceMapping', 'older', { ...REFERENCE, oldField: { deep: 1 }, prune: true });
  const path = `${GROUP}/namespaces/${namespace}/namespacemappings`;
  const { status, body } = await api('dest')('POST', `${path}?fieldValidation=Ignore`, {
    body: { ...object, status: { phase: 'Completed', oldStatus: 'x' } },
  });
  expect(status).toBe(201);
  expect(body.spec.oldField).toBeUndefined();
  // What a client has kept of an older version is read all the same.
  expect(namespaceMappingOf({ ...body, spec: object.spec }).spec).toEqual(namespaceMappingOf(body).spec);
  const patched = await api('dest')('PATCH', `${path}/older/status`, {
    body: { status: { phase: 'Completed' } },
    contentType: 'application/merge-patch+json',
  });
  expect(namespaceMappingOf(patched.body).status).toEqual({ phase: 'Completed' });
});

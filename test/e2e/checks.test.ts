import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterReader, JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { openReader } from '../../src/kube/cluster.ts';
import { DEFAULT_RETRY } from '../../src/kube/retry.ts';
import { NAMESPACES } from '../../src/kube/well-known.ts';
import { type CheckInput, checkNeeds } from '../../src/needs/check-needs.ts';
import type { Finding } from '../../src/needs/findings.ts';
import {
  api,
  applyObject,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { object } from '../helpers/objects.ts';
import { asAccount, CLUSTER, contextFor } from '../helpers/stage.ts';
import { clusterObject, deployment } from '../needs/samples.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';

let namespace: string;
let readers: Record<Side, ClusterReader>;
// What belongs to the whole cluster outlives the namespace and would show up in other tests.
const leftovers: [Side, kind: string, name: string, namespace?: string][] = [];

beforeAll(async () => {
  namespace = freshNamespace('checks');
  readers = {
    source: openReader(contextFor('source'), CLUSTER),
    dest: openReader(contextFor('dest'), CLUSTER),
  };
  await Promise.all([createNamespace('source', namespace), createNamespace('dest', namespace)]);
});
afterEach(async () => {
  await Promise.all(leftovers.splice(0).map((item) => deleteJson(...item)));
});
afterAll(async () => {
  await Promise.all([readers?.source.close(), readers?.dest.close()]);
  await Promise.all([
    deleteJson('source', 'Namespace', namespace),
    deleteJson('dest', 'Namespace', namespace),
  ]);
});

/** Applies a cluster-scoped object that goes away after the test. */
const applyForNow = async (side: Side, item: KubeObject): Promise<void> => {
  leftovers.push([side, `${item.apiVersion}/${item.kind}`, item.metadata.name]);
  await applyObject(side, item);
};

/** A name for something cluster-scoped that no other test uses. */
const unique = (what: string): string => `${namespace}-${what}`;

const inNamespace = (items: readonly KubeObject[]): KubeObject[] =>
  items.map((item) => ({ ...item, metadata: { ...item.metadata, namespace } }));

interface Given extends Partial<Pick<CheckInput, 'source' | 'dest' | 'sourceObjects' | 'strict'>> {
  readonly sourceObjects?: readonly KubeObject[];
}

/** Runs all checks for these objects to be written, as if the destination namespace had been listed as empty. */
const needs = async (desired: readonly KubeObject[], given: Given = {}): Promise<Finding[]> => {
  const { source = readers.source, dest = readers.dest } = given;
  const [sourceDiscovery, destDiscovery, sourceNamespaceObject, destNamespaceObject] = await Promise.all([
    readers.source.discover(),
    readers.dest.discover(),
    readers.source.get({ type: NAMESPACES, name: namespace }),
    readers.dest.get({ type: NAMESPACES, name: namespace }),
  ]);
  if (sourceNamespaceObject === undefined) throw new Error(`The source has no namespace ${namespace}.`);
  return checkNeeds({
    source,
    dest,
    sourceNamespace: namespace,
    destNamespace: namespace,
    desired: inNamespace(desired),
    sourceObjects: inNamespace(given.sourceObjects ?? desired),
    destObjects: [],
    sourceDiscovery,
    destDiscovery,
    sourceNamespaceObject,
    destNamespaceObject,
    storageClassMap: new Map(),
    signal: new AbortController().signal,
    strict: given.strict,
  });
};

const heads = (findings: readonly Finding[]): string[] =>
  findings.map(({ level, id, subject }) => `${level} ${id} ${subject}`);

const claim = (name: string, storageClassName: string): KubeObject =>
  object('v1', 'PersistentVolumeClaim', name, { spec: { storageClassName } });
const binding = (name: string, role: string): KubeObject =>
  object(RBAC, 'RoleBinding', name, {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [],
  });
const clusterRole = (name: string, labels: Record<string, string> = {}): KubeObject =>
  clusterObject(RBAC, 'ClusterRole', name, { metadata: { labels }, rules: [] });

describe('what the destination must have', () => {
  test('F53, T52: a StorageClass that is not there refuses and names those that are; one that is there does not', async () => {
    const name = unique('gone');
    const findings = await needs([claim('data', name), claim('logs', 'fast')]);
    expect(heads(findings)).toEqual([`refuse storage-class-missing StorageClass ${name}`]);
    expect(findings[0]?.message).toContain('PersistentVolumeClaim data');
    expect(findings[0]?.message).toContain('standard (default)');
  });

  test('T52: a static claim refuses until a volume is reserved for it', async () => {
    const claims = [claim('data', '')];
    expect(heads(await needs(claims))).toEqual(['refuse static-claim StorageClass ""']);
    await applyForNow(
      'dest',
      clusterObject('v1', 'PersistentVolume', unique('data'), {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: 'data' },
          hostPath: { path: '/nonexistent' },
        },
      }),
    );
    expect(heads(await needs(claims))).toEqual([]);
  });

  test('F56: a ClusterRole that only the source has refuses; a default of Kubernetes does not', async () => {
    const [own, labelled] = [unique('own'), unique('default')];
    await applyForNow('source', clusterRole(own));
    await applyForNow('source', clusterRole(labelled, { 'kubernetes.io/bootstrapping': 'rbac-defaults' }));
    const bindings = [binding('a', own), binding('b', labelled), binding('c', 'view')];
    const findings = await needs(bindings);
    expect(heads(findings)).toEqual([`refuse cluster-role-missing ClusterRole ${own}`]);
    expect(findings[0]?.message).toContain('RoleBinding a');
    await applyForNow('dest', clusterRole(own));
    expect(heads(await needs(bindings))).toEqual([]);
  });

  test('F55: a PriorityClass that is not there warns a parked copy and refuses one that is to run', async () => {
    const name = unique('high');
    const desired = [deployment('web', { priorityClassName: name })];
    expect(heads(await needs(desired))).toEqual([`warn priority-class-missing PriorityClass ${name}`]);
    expect(heads(await needs(desired, { strict: true }))).toEqual([
      `refuse priority-class-missing PriorityClass ${name}`,
    ]);
    await applyForNow('dest', clusterObject('scheduling.k8s.io/v1', 'PriorityClass', name, { value: 7 }));
    expect(heads(await needs(desired, { strict: true }))).toEqual([]);
  });

  test('F55: an issuer is missing whether or not the destination serves its type', async () => {
    const name = unique('issuer');
    const certificate = object('cert-manager.io/v1', 'Certificate', 'tls', {
      spec: { issuerRef: { kind: 'ClusterIssuer', name } },
    });
    expect(heads(await needs([certificate]))).toEqual([`warn cluster-issuer-missing ClusterIssuer ${name}`]);
  });

  test('T69: node labels that no node carries warn; those of the real nodes do not', async () => {
    const findings = await needs([
      deployment('web', { nodeSelector: { [unique('gpu')]: 'a100' } }),
      deployment('api', { nodeSelector: { 'kubernetes.io/os': 'linux' } }),
    ]);
    expect(heads(findings)).toEqual([`warn node-labels-missing ${unique('gpu')}=a100`]);
  });

  test('T69: a ConfigMap at the destination is found although its type was not listed', async () => {
    await applyObject('dest', object('v1', 'ConfigMap', 'there', { metadata: { namespace }, data: {} }));
    const desired = [
      deployment('web', {
        volumes: [{ configMap: { name: 'there' } }, { secret: { secretName: 'nowhere' } }],
      }),
    ];
    expect(heads(await needs(desired))).toEqual(['warn reference-missing Secret nowhere']);
  });
});

describe('what the server itself says of the pods', () => {
  const isRefused = async (spec: JsonObject): Promise<boolean> => {
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe' }, spec };
    const answer = await api('dest')('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, { body });
    if (![201, 403].includes(answer.status)) throw new Error(`${answer.status}: ${answer.body.message}`);
    return answer.status === 403;
  };
  const limit = { limits: { cpu: '1' } };
  const request = { requests: { cpu: '1' } };
  const container = (name: string, resources: JsonObject = {}): JsonObject => ({
    name,
    image: 'x',
    resources,
  });

  test.each<[string, string, JsonObject, JsonObject | undefined]>([
    ['nothing stated', 'requests.cpu', { containers: [container('a')] }, undefined],
    ['nothing stated under the short key', 'cpu', { containers: [container('a')] }, undefined],
    ['a request', 'requests.cpu', { containers: [container('a', request)] }, undefined],
    ['a limit for a request', 'requests.cpu', { containers: [container('a', limit)] }, undefined],
    ['a request for a limit', 'limits.cpu', { containers: [container('a', request)] }, undefined],
    [
      'an init container without',
      'requests.cpu',
      { containers: [container('a', request)], initContainers: [container('i')] },
      undefined,
    ],
    ['a default request', 'requests.cpu', { containers: [container('a')] }, { defaultRequest: { cpu: '1' } }],
    ['a default limit', 'requests.cpu', { containers: [container('a')] }, { default: { cpu: '1' } }],
    [
      'a default request for a limit',
      'limits.cpu',
      { containers: [container('a')] },
      { defaultRequest: { cpu: '1' } },
    ],
    ['another resource', 'requests.memory', { containers: [container('a', request)] }, undefined],
    ['a quota over pods alone', 'pods', { containers: [container('a')] }, undefined],
  ])('T66: with %s under a quota over %s, check and server agree', async (_, key, spec, defaults) => {
    const quota = object('v1', 'ResourceQuota', 'probe', {
      metadata: { namespace },
      spec: { hard: { [key]: '10' } },
    });
    const ranges =
      defaults === undefined
        ? []
        : [
            object('v1', 'LimitRange', 'probe', {
              metadata: { namespace },
              spec: { limits: [{ type: 'Container', ...defaults }] },
            }),
          ];
    leftovers.push(['dest', 'ResourceQuota', 'probe', namespace], ['dest', 'LimitRange', 'probe', namespace]);
    const stored = await Promise.all([quota, ...ranges].map((item) => applyObject('dest', item)));
    // Until the quota is counted the server refuses every pod.
    await waitUntil('the quota to be counted', async () => {
      const { status } = await getJson('dest', 'ResourceQuota', 'probe', namespace);
      return status?.hard?.[key] !== undefined;
    });
    const findings = await needs([...stored, deployment('web', spec)]);
    const refused = findings.some(({ id }) => id === 'quota-needs-requests');
    await waitUntil(
      `the server to ${refused ? 'refuse' : 'take'} such a pod`,
      async () => (await isRefused(spec)) === refused,
    );
  });

  test.each(['priorityClassName', 'runtimeClassName'])(
    'F55: a pod with an unknown %s is refused',
    async (field) => {
      expect(await isRefused({ containers: [container('a')] })).toBe(false);
      expect(await isRefused({ containers: [container('a')], [field]: unique('unknown') })).toBe(true);
    },
  );
});

describe('what is left behind at the source', () => {
  const grant = (name: string): KubeObject =>
    clusterObject(RBAC, 'ClusterRoleBinding', name, {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
    });

  test('F57: grants from outside the namespace are told until the destination has them', async () => {
    const other = freshNamespace('checks-other');
    await createNamespace('source', other);
    leftovers.push(['source', 'Namespace', other], ['source', 'RoleBinding', 'narrow', other]);
    await applyForNow('source', grant(unique('wide')));
    await applyObject('source', {
      ...grant('narrow'),
      kind: 'RoleBinding',
      metadata: { name: 'narrow', namespace: other },
    });
    expect(heads(await needs([]))).toEqual([
      `info grant-not-copied ClusterRoleBinding ${unique('wide')}`,
      `info grant-not-copied RoleBinding narrow in namespace ${other}`,
    ]);
    await applyForNow('dest', grant(unique('wide-in-dr')));
    expect(heads(await needs([]))).toEqual([
      `info grant-not-copied RoleBinding narrow in namespace ${other}`,
    ]);
  });

  test('F58, E8: webhooks to Services of the namespace are told at the source, and warned of at the destination', async () => {
    const webhook = (name: string): KubeObject =>
      clusterObject('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', name, {
        webhooks: [
          {
            name: 'gate.example.test',
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            failurePolicy: 'Fail',
            clientConfig: { service: { name: 'gate', namespace } },
            // A group that nobody serves: the webhook is never called.
            rules: [
              {
                apiGroups: ['nobody.example.test'],
                apiVersions: ['v1'],
                operations: ['CREATE'],
                resources: ['x'],
              },
            ],
          },
        ],
      });
    await applyForNow('source', webhook(unique('source')));
    await applyForNow('dest', webhook(unique('dest')));
    expect(heads(await needs([object('v1', 'Service', 'gate')]))).toEqual([
      `warn hook-to-parked-service ValidatingWebhookConfiguration ${unique('dest')}`,
      `info webhook-not-copied ValidatingWebhookConfiguration ${unique('source')}`,
    ]);
    expect(heads(await needs([]))).toEqual([]);
  });
});

describe('what the checks cost and may do', () => {
  const listsOf = async (desired: readonly KubeObject[]): Promise<Record<Side, number>> => {
    const before = { source: readers.source.counts().lists, dest: readers.dest.counts().lists };
    await needs(desired);
    return {
      source: readers.source.counts().lists - before.source,
      dest: readers.dest.counts().lists - before.dest,
    };
  };

  test('F55: types that nothing refers to are not listed, the others once', async () => {
    // Grants are looked for in any case: two lists at the source.
    expect(await listsOf([])).toEqual({ source: 2, dest: 0 });
    const classes = [
      claim('a', 'fast'),
      claim('b', 'standard'),
      deployment('web', { priorityClassName: 'system-node-critical' }),
      deployment('api', { priorityClassName: 'system-cluster-critical' }),
    ];
    expect(await listsOf(classes)).toEqual({ source: 2, dest: 2 });
  });

  test('F7, F59: what an account may not read is told, and is neither an error nor a refusal', async () => {
    const name = unique('own');
    await applyForNow('source', clusterRole(name));
    await asAccount('dest', namespace, 'default', async (kubeconfig) => {
      const dest = openReader(contextFor('dest', kubeconfig), CLUSTER);
      try {
        const findings = await needs(
          [binding('a', name), deployment('web', { imagePullSecrets: [{ name: 'p1' }, { name: 'p2' }] })],
          { dest },
        );
        expect(heads(findings)).toEqual([
          'info cannot-check clusterroles.rbac.authorization.k8s.io',
          'info cannot-check secrets',
        ]);
        expect(findings[0]?.message).toContain('forbidden');
        expect(findings[0]?.message).toContain('whether the ClusterRoles of the RoleBindings exist');
        expect(findings[1]?.message).toContain(`-n ${namespace}`);
      } finally {
        await dest.close();
      }
    });
  });

  test('F7: a cluster that does not answer is an error, not a finding', async () => {
    const retry = { ...DEFAULT_RETRY, maxAttempts: 1 };
    const dest = openReader({ ...contextFor('dest'), server: 'https://127.0.0.1:1' }, { ...CLUSTER, retry });
    await expect(needs([claim('data', 'fast')], { dest })).rejects.toMatchObject({
      failure: { status: 0, reason: 'Refused' },
    });
    await dest.close();
  });
});

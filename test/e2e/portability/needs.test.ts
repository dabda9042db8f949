import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyObject,
  applyYaml,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import { type Copy, copyOf } from '../../helpers/copy.ts';
import { asAccount, findingsOf, rowOf, stageNamespace } from '../../helpers/stage.ts';

/** Part of the names of all that is not in a namespace. */
const id = freshNamespace('needs');
let copy: Copy;

beforeAll(async () => {
  copy = await copyOf('needs', {
    yaml: OBJECTS,
    prepare: async (source) => {
      await applyObject('source', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: source, ...MARKS },
      });
      await createNamespace('source', `${id}-other`);
      await applyYaml('source', undefined, outside(source));
      await waitUntil('the dead API to be noticed', async () => {
        const found = await getJson('source', 'APIService', `v1.${id}.example.com`);
        return found.status?.conditions?.some(({ status }: { status: string }) => status === 'False');
      });
    },
  });
});

afterAll(async () => {
  await deleteJson('source', 'APIService', `v1.${id}.example.com`);
  await deleteJson('source', 'ValidatingWebhookConfiguration', id);
  await deleteJson('source', 'MutatingWebhookConfiguration', id);
  await deleteJson('source', 'ClusterRoleBinding', id);
  await deleteJson('source', 'ClusterRole', id);
  await deleteJson('source', 'Namespace', `${id}-other`);
});

describe('the namespace', () => {
  it('F50: is made with the user’s labels and annotations, and without those of the source cluster', async () => {
    const { metadata } = await getJson('dest', 'Namespace', copy.dest);
    expect(metadata.labels).toEqual({
      'kubernetes.io/metadata.name': copy.dest,
      'pod-security.kubernetes.io/enforce': 'baseline',
      'istio-injection': 'enabled',
      team: 'blue',
      'dr-syncer.io/managed': 'true',
    });
    expect(metadata.annotations).toEqual({
      'example.com/contact': 'ops@example.com',
      'dr-syncer.io/source-cluster': copy.result.source.context,
      'dr-syncer.io/source-namespace': copy.source,
    });
  });

  it('F50, F51: is not overwritten where it exists, and a stricter level or other user ids are reported', async () => {
    const dest = `${id}-strict`;
    await createNamespace('dest', dest, { 'pod-security.kubernetes.io/enforce': 'restricted', own: 'yes' });
    const result = await stageNamespace(copy.source, { dest, types: CONFIG });
    expect(result.outcome).toBe('ok');
    const { metadata } = await getJson('dest', 'Namespace', dest);
    expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted', own: 'yes' });
    expect(metadata.labels.team).toBeUndefined();
    expect(findingsOf(result, 'namespace-pod-security')).toHaveLength(1);
    const [uids] = findingsOf(result, 'namespace-uid-range');
    expect(uids?.message).toContain('1000650000/10000');
  });

  it('F50: is refused while it is being deleted', async () => {
    const dest = `${id}-going`;
    await createNamespace('dest', dest);
    const held = { name: 'held', namespace: dest, finalizers: ['example.com/hold'] };
    await applyObject('dest', { apiVersion: 'v1', kind: 'ConfigMap', metadata: held });
    await deleteJson('dest', 'Namespace', dest);
    try {
      await expect(stageNamespace(copy.source, { dest })).rejects.toMatchObject({
        exit: 'refused',
        message: expect.stringContaining(`Namespace ${dest} `),
      });
    } finally {
      await patchJson('dest', 'ConfigMap', 'held', dest, { metadata: { finalizers: null } });
    }
  });

  it('F60: is refused as its own destination', async () => {
    await expect(stageNamespace(copy.source, { sameCluster: true })).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining('same cluster'),
    });
  });
});

describe('what is outside the namespace', () => {
  it('F56: a ClusterRole that the destination lacks is refused before anything is written', async () => {
    const dest = `${id}-role`;
    await applyYaml('source', copy.source, BINDING.replaceAll('ROLE', id));
    try {
      const result = await stageNamespace(copy.source, { dest });
      expect(result).toMatchObject({ outcome: 'refused', exitCode: 3 });
      expect(findingsOf(result, 'cluster-role-missing')).toEqual([
        expect.objectContaining({ level: 'refuse', subject: `ClusterRole ${id}` }),
      ]);
      expect(await getJson('dest', 'Namespace', dest)).toBeUndefined();
    } finally {
      await deleteJson('source', 'RoleBinding', 'needs-role', copy.source);
    }
  });

  it('F57: bindings outside the namespace that grant something to it are reported', () => {
    const subjects = findingsOf(copy.result, 'grant-not-copied').map(({ subject }) => subject);
    expect(subjects).toEqual(
      expect.arrayContaining([`ClusterRoleBinding ${id}`, `RoleBinding ${id} in namespace ${id}-other`]),
    );
  });

  it('F58: webhooks and aggregated APIs that lead to its Services are reported, not created', async () => {
    const notCopied = copy.result.findings.filter(({ code }) =>
      /^(webhook|api-service)-not-copied$/.test(code),
    );
    expect(notCopied.map(({ subject }) => subject).sort()).toEqual([
      `APIService v1.${id}.example.com`,
      `MutatingWebhookConfiguration ${id}`,
      `ValidatingWebhookConfiguration ${id}`,
    ]);
    expect(await getJson('dest', 'ValidatingWebhookConfiguration', id)).toBeUndefined();
    expect(await getJson('dest', 'APIService', `v1.${id}.example.com`)).toBeUndefined();
  });

  it('F3: a dead aggregated API is a warning, and the rest is copied', () => {
    expect(copy.result.outcome).toBe('ok');
    const [finding] = findingsOf(copy.result, 'api-group-unavailable').filter(({ subject }) =>
      subject.includes(id),
    );
    expect(finding).toMatchObject({ level: 'warn', subject: `${id}.example.com/v1` });
    expect(copy.result.types.failedGroups).toContainEqual(
      expect.objectContaining({ groupVersion: `${id}.example.com/v1`, side: 'source' }),
    );
  });
});

describe('rights', () => {
  it('F7: a type that may not be listed stops the run, and is left out and reported with --keep-going', async () => {
    await asAccount('source', copy.source, 'reader', async (kubeconfig) => {
      const flags = { kubeconfig: { source: kubeconfig }, types: CONFIG_AND_SECRETS };
      const refused = await stageNamespace(copy.source, { dest: `${id}-partial`, ...flags });
      expect(refused).toMatchObject({ outcome: 'refused', exitCode: 3 });
      expect(findingsOf(refused, 'type-not-listed')).toEqual([
        expect.objectContaining({ level: 'refuse', subject: 'secrets' }),
      ]);
      const partial = await stageNamespace(copy.source, { dest: `${id}-partial`, keepGoing: true, ...flags });
      expect(partial).toMatchObject({ outcome: 'partial', exitCode: 4 });
      expect(rowOf(partial, 'ConfigMap', 'app').action).toBe('created');
    });
  });

  it('F7: a type that is only looked at, and not copied, stops nothing', async () => {
    await asAccount('source', copy.source, 'config-reader', async (kubeconfig) => {
      const flags = { kubeconfig: { source: kubeconfig }, types: CONFIG };
      const result = await stageNamespace(copy.source, { dest: `${id}-config`, ...flags });
      expect(result.outcome).toBe('ok');
      expect(
        findingsOf(result, 'type-not-listed').map(({ level, subject }) => [level, subject]),
      ).toContainEqual(['warn', 'pods']);
    });
  });

  it('F7, T30: where the destination’s pods may not be seen, not even --keep-going stages over them', async () => {
    const dest = await limitedDest(['configmaps'], ['']);
    await applyYaml('dest', dest, BLIND);
    await asAccount('dest', dest, 'blind', async (kubeconfig) => {
      const flags = { dest, kubeconfig: { dest: kubeconfig }, types: CONFIG, keepGoing: true };
      await expect(stageNamespace(copy.source, flags)).rejects.toMatchObject({
        exit: 'refused',
        message: expect.stringContaining('nobody can tell whether an application runs there'),
      });
    });
  });

  it('F7: where nothing may be listed, the run is refused', async () => {
    await asAccount('source', copy.source, 'nobody', async (kubeconfig) => {
      await expect(
        stageNamespace(copy.source, { dest: `${id}-nothing`, kubeconfig: { source: kubeconfig } }),
      ).rejects.toMatchObject({ exit: 'refused' });
    });
  });

  it('F59, A29: what we may not write is refused by the dry run, before anything is written', async () => {
    const dest = await limitedDest(['configmaps'], ['']);
    await asAccount('dest', dest, 'writer', async (kubeconfig) => {
      const result = await stageNamespace(copy.source, {
        dest,
        kubeconfig: { dest: kubeconfig },
        types: CONFIG_AND_SECRETS,
      });
      expect(result).toMatchObject({ outcome: 'refused', exitCode: 3, requests: { dest: { writes: 0 } } });
      expect(rowOf(result, 'Secret', 'app')).toMatchObject({
        action: 'refused',
        reason: expect.stringMatching(/cannot patch resource "secrets".*\(403 Forbidden\)/),
      });
    });
    expect(await getJson('dest', 'ConfigMap', 'app', dest)).toBeUndefined();
  });

  it('T65, F59: a role with more rights than ours is refused in the same way', async () => {
    const dest = await limitedDest(['roles'], ['rbac.authorization.k8s.io']);
    await asAccount('dest', dest, 'writer', async (kubeconfig) => {
      const types = { include: ['roles'], exclude: [], customResources: false };
      const result = await stageNamespace(copy.source, { dest, kubeconfig: { dest: kubeconfig }, types });
      expect(result).toMatchObject({ outcome: 'refused', requests: { dest: { writes: 0 } } });
      expect(rowOf(result, 'Role', 'powerful').reason).toContain(
        'is attempting to grant RBAC permissions not currently held',
      );
    });
  });
});

const CONFIG = { include: ['configmaps'], exclude: [], customResources: false };
const CONFIG_AND_SECRETS = { include: ['configmaps', 'secrets'], exclude: [], customResources: false };

const MARKS = {
  labels: {
    'pod-security.kubernetes.io/enforce': 'baseline',
    'istio-injection': 'enabled',
    team: 'blue',
    'field.cattle.io/projectId': 'p-1',
  },
  annotations: {
    'example.com/contact': 'ops@example.com',
    'openshift.io/sa.scc.uid-range': '1000650000/10000',
    'field.cattle.io/projectId': 'c-1:p-1',
    'lifecycle.cattle.io/create.namespace-auth': 'true',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
  },
};

/** A namespace of the destination with an account that may write some resources and read the others. */
const limitedDest = async (resources: readonly string[], groups: readonly string[]): Promise<string> => {
  const dest = freshNamespace('needs-limited');
  await createNamespace('dest', dest);
  await applyYaml(
    'dest',
    dest,
    LIMITED.replace('RESOURCES', JSON.stringify(resources)).replace('GROUPS', JSON.stringify(groups)),
  );
  return dest;
};

const account = (name: string): string => `
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: ${name} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${name} }
subjects: [{ kind: ServiceAccount, name: ${name} }]`;

const LIMITED = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: writer }
rules:
  - { apiGroups: ["*"], resources: ["*"], verbs: [get, list] }
  - { apiGroups: GROUPS, resources: RESOURCES, verbs: [create, patch, update, delete] }
${account('writer')}`;

const BLIND = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: blind }
rules: [{ apiGroups: [""], resources: [namespaces, configmaps], verbs: [get, list, create, patch] }]
${account('blind')}`;

const OBJECTS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: app }
---
apiVersion: v1
kind: Secret
metadata: { name: app }
---
apiVersion: v1
kind: Service
metadata: { name: hook }
spec: { selector: { app: hook }, ports: [{ port: 443 }] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: powerful }
rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules:
  - { apiGroups: [""], resources: [namespaces, configmaps, pods, services], verbs: [get, list] }
  - { apiGroups: [apps, batch], resources: [replicasets, jobs], verbs: [get, list] }
${account('reader')}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: config-reader }
rules: [{ apiGroups: [""], resources: [namespaces, configmaps], verbs: [get, list] }]
${account('config-reader')}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: nobody }
rules: [{ apiGroups: [""], resources: [namespaces], verbs: [get] }]
${account('nobody')}
`;

const BINDING = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: ROLE }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: needs-role }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ROLE }
`;

// The webhooks look at a group that does not exist, so that they are in nobody's way.
const outside = (source: string): string => `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: ${id} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: User, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccount:${source}:hook" }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: ${id}, namespace: ${id}-other }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: hook, namespace: ${source} }]
${['Validating', 'Mutating']
  .map(
    (word) => `
---
apiVersion: admissionregistration.k8s.io/v1
kind: ${word}WebhookConfiguration
metadata: { name: ${id} }
webhooks:
  - name: hook.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    clientConfig: { service: { name: hook, namespace: ${source} } }
    rules: [{ apiGroups: [none.example.com], apiVersions: [v1], operations: [CREATE], resources: [nothings] }]`,
  )
  .join('')}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1.${id}.example.com }
spec:
  group: ${id}.example.com
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 10
  insecureSkipTLSVerify: true
  service: { name: hook, namespace: ${source} }
`;

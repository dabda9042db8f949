import { describe, expect, test } from 'vitest';
import {
  api,
  applyYaml,
  createNamespace,
  freshNamespace,
  getJson,
  kubectl,
  listJson,
  pair,
  type Side,
  waitUntil,
} from './client.ts';
import { runCli } from './run-cli.ts';
import { SEEDED } from './seed.ts';

const SIDES: readonly Side[] = ['source', 'dest'];

test('the two sides are different clusters in one kubeconfig', async () => {
  const [source, dest] = await Promise.all(SIDES.map((side) => getJson(side, 'Namespace', 'kube-system')));
  expect(source.metadata.uid).not.toBe(dest.metadata.uid);
  expect(pair().sourceContext).not.toBe(pair().destContext);
});

test('the CLI runs from source with the pair in its kubeconfig and no context by default', async () => {
  const run = await runCli(['stage', '-n', 'nothing', '--dest-context', pair().destContext]);
  expect(run.exitCode).toBe(2);
  expect(run.stderr).toContain('context');
});

// Clusters of somebody else need not look like ours.
describe.skipIf(!pair().isLocal).each(SIDES)('%s', (side) => {
  test('has three Ready nodes without taints', async () => {
    const nodes = await listJson(side, 'nodes', undefined, SEEDED);
    expect(nodes).toHaveLength(3);
    for (const { status, spec } of nodes) {
      expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
      expect(spec.taints ?? []).toEqual([]);
    }
  });

  test('has a default storage class and a growing one', async () => {
    const classes = await listJson(side, 'storageclasses', undefined, SEEDED);
    const facts = classes.map(({ metadata, allowVolumeExpansion }) => [
      metadata.name,
      metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] ?? 'false',
      allowVolumeExpansion,
    ]);
    expect(facts).toEqual([
      ['fast', 'false', true],
      ['standard', 'true', false],
    ]);
  });

  test('refuses what RBAC does not allow to a service account, and allows what it does', async () => {
    const namespace = freshNamespace('rbac');
    await createNamespace(side, namespace);
    const { body } = await api(side)(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
      {
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      },
    );
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const asAccount = async (): Promise<number> =>
      (await api(side)('GET', path, { token: body.status.token })).status;
    expect(await asAccount()).toBe(403);
    await applyYaml(side, namespace, ROLE);
    await waitUntil('the role to take effect', async () => (await asAccount()) === 200);
  });

  test('binds a claim of the default class and offers the volume again after the claim', async () => {
    const namespace = freshNamespace('claim');
    await createNamespace(side, namespace);
    await applyYaml(side, namespace, CLAIM);
    const claim = await waitUntil('a bound claim', async () => {
      const found = await getJson(side, 'PersistentVolumeClaim', 'data', namespace);
      return found.status.phase === 'Bound' && found;
    });
    expect(claim.spec.storageClassName).toBe('standard');
    await kubectl(side, ['delete', 'pvc', 'data', '-n', namespace]);
    const volume: string = claim.spec.volumeName;
    await waitUntil(`${volume} to be Available`, async () => {
      return (await getJson(side, 'PersistentVolume', volume)).status.phase === 'Available';
    });
  });

  test.each([
    ['a privileged Pod where Pod Security says restricted', 'restricted', PRIVILEGED, /violates PodSecurity/],
    ['a Pod over the quota', 'privileged', OVER_QUOTA, /exceeded quota/],
  ])('refuses %s', async (_what, level, yaml, message) => {
    const namespace = freshNamespace('admission');
    await createNamespace(side, namespace, { 'pod-security.kubernetes.io/enforce': level });
    await expect(applyYaml(side, namespace, yaml)).rejects.toThrow(message);
  });

  test('runs Pods, completes those of Jobs, and holds those that are told to stay', async () => {
    const namespace = freshNamespace('pods');
    await createNamespace(side, namespace);
    await applyYaml(side, namespace, WORKLOADS);
    await waitUntil('ready Pods', async () => {
      return (await getJson(side, 'Deployment', 'web', namespace)).status.readyReplicas === 2;
    });
    await waitUntil('a completed Job', async () => {
      return (await getJson(side, 'Job', 'done', namespace)).status.succeeded === 1;
    });
    await waitUntil('a failed Job', async () => {
      return (await getJson(side, 'Job', 'failing', namespace)).status.failed === 1;
    });
    const busy = await waitUntil('an active Job', async () => {
      const job = await getJson(side, 'Job', 'busy', namespace);
      return job.status.ready === 1 && job;
    });
    expect(busy.status.succeeded).toBeUndefined();
    const [stuck] = await listJson(side, 'Pod', namespace, 'app=stuck');
    expect(stuck.status.phase).toBe('Pending');
    expect(stuck.spec.nodeName).toBeTruthy();
  });
});

const ROLE = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules: [{ apiGroups: [""], resources: [configmaps], verbs: [list] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: default }]
`;

const CLAIM = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 1Gi } }
`;

const PRIVILEGED = `
apiVersion: v1
kind: Pod
metadata: { name: root }
spec: { hostNetwork: true, containers: [{ name: main, image: example.invalid/a }] }
`;

const OVER_QUOTA = `
apiVersion: v1
kind: ResourceQuota
metadata: { name: none }
spec: { hard: { pods: "0" } }
---
${PRIVILEGED}
`;

const job = (name: string, hold: string): string => `
---
apiVersion: batch/v1
kind: Job
metadata: { name: ${name} }
spec:
  backoffLimit: 0
  template:
    metadata: { labels: { ${hold} } }
    spec: { restartPolicy: Never, containers: [{ name: main, image: example.invalid/a }] }
`;

const WORKLOADS = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, image: example.invalid/a }] }
---
apiVersion: v1
kind: Pod
metadata: { name: stuck, labels: { app: stuck, testbed/hold: pending } }
spec: { containers: [{ name: main, image: example.invalid/a }] }
${job('done', '')}${job('failing', 'testbed/hold: failed')}${job('busy', 'testbed/hold: running')}
`;

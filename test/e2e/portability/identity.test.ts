import { beforeAll, describe, expect, it } from 'vitest';
import { applyYaml, createNamespace, getJson, type Json, waitUntil } from '../../cluster/client.ts';
import { type Copy, copyOf } from '../../helpers/copy.ts';
import { findingsOf } from '../../helpers/stage.ts';

let copy: Copy;

beforeAll(async () => {
  copy = await copyOf('ident', {
    yaml: OBJECTS,
    prepare: async (source, dest) => {
      await createNamespace('dest', dest);
      await applyYaml('dest', dest, DEST_OBJECTS);
      await waitUntil('the source token', async () => {
        const token = await getJson('source', 'Secret', 'robot-external', source);
        return token.data?.token;
      });
    },
    flags: { imageMap: new Map([['registry.a.example', 'registry.b.example/mirror']]) },
  });
});

describe('service accounts', () => {
  it('T60: generated credentials stay behind, the user’s own come along', async () => {
    const from = await copy.from('ServiceAccount', 'robot');
    expect(from.secrets).toHaveLength(3);
    const { secrets, imagePullSecrets, automountServiceAccountToken } = await copy.to(
      'ServiceAccount',
      'robot',
    );
    expect(secrets).toEqual([{ name: 'database' }]);
    expect(imagePullSecrets).toEqual([{ name: 'registry' }]);
    expect(automountServiceAccountToken).toBe(false);
  });

  it('T60, F27: the customised default account is merged into the destination’s own', async () => {
    expect(copy.row('ServiceAccount', 'default').action).toBe('updated');
    const { imagePullSecrets, metadata } = await copy.to('ServiceAccount', 'default');
    const names = imagePullSecrets.map(({ name }: Json) => name);
    expect(names.sort()).toEqual(['dest-registry', 'registry']);
    expect(metadata.labels).toMatchObject({ 'dest-tool': 'yes', 'source-label': 'yes' });
    const again = await copy.again({ types: { include: ['sa'], exclude: [], customResources: false } });
    expect(again.row('ServiceAccount', 'default').action).toBe('unchanged');
  });

  it('T61: a cloud identity is kept with a warning', async () => {
    const key = 'eks.amazonaws.com/role-arn';
    expect((await copy.to('ServiceAccount', 'robot')).metadata.annotations[key]).toBe(
      'arn:aws:iam::1:role/shop',
    );
    const notes = copy.notes('ServiceAccount', 'robot').filter((note) => note.startsWith('warn '));
    expect(notes).toEqual([
      expect.stringMatching(/^warn metadata\.annotations\["eks\.amazonaws\.com\/role-arn"\]: .*issuer/),
    ]);
  });

  it('T62: a hand-made token is emptied, and the destination issues its own', async () => {
    const from = await copy.from('Secret', 'robot-external');
    const to = await waitUntil('the destination’s token', async () => {
      const found = await getJson('dest', 'Secret', 'robot-external', copy.dest);
      return found?.data?.token && found;
    });
    expect(to.type).toBe('kubernetes.io/service-account-token');
    expect(to.data.token).not.toBe(from.data.token);
    expect(to.metadata.annotations['kubernetes.io/service-account.name']).toBe('robot');
    expect(to.metadata.annotations['kubernetes.io/service-account.uid']).not.toBe(
      from.metadata.annotations['kubernetes.io/service-account.uid'],
    );
    expect(copy.notes('Secret', 'robot-external')).toContainEqual(
      expect.stringMatching(/^warn data: .*new token/),
    );
  });
});

describe('rights', () => {
  it('T64: subjects without a namespace, and of other namespaces, stay as they are', async () => {
    const [from, to] = await Promise.all([
      copy.from('RoleBinding', 'everybody'),
      copy.to('RoleBinding', 'everybody'),
    ]);
    expect(to.subjects).toEqual(from.subjects);
    expect(to.subjects).toHaveLength(4);
    expect(to.roleRef).toEqual(from.roleRef);
  });

  it('T65: a role comes along unchanged', async () => {
    const [from, to] = await Promise.all([copy.from('Role', 'reader'), copy.to('Role', 'reader')]);
    expect(to.rules).toEqual(from.rules);
    expect(to.rules).toHaveLength(2);
  });
});

describe('policy', () => {
  it('T66: limits come first and quotas last, and a quota over pods without requests is warned of', async () => {
    const [limits, quota, web] = await Promise.all([
      copy.to('LimitRange', 'limits'),
      copy.to('ResourceQuota', 'compute'),
      copy.to('Deployment', 'web'),
    ]);
    const version = ({ metadata }: Json): number =>
      // The version at which we created it: whatever its controller wrote later comes after.
      Number(metadata.resourceVersion);
    expect(version(limits)).toBeLessThan(version(web));
    expect(version(limits)).toBeLessThan(version(quota));
    expect(quota.spec.hard).toEqual({ 'requests.ephemeral-storage': '1Ti', 'requests.cpu': '100' });
    expect(copy.notes('ResourceQuota', 'compute')).toEqual([
      expect.stringMatching(/^warn spec\.hard: .*requests\.cpu/),
    ]);
  });

  it('T67: a disruption budget comes along', async () => {
    const [from, to] = await Promise.all([
      copy.from('PodDisruptionBudget', 'web'),
      copy.to('PodDisruptionBudget', 'web'),
    ]);
    expect(to.apiVersion).toBe('policy/v1');
    expect(to.spec).toEqual(from.spec);
  });
});

describe('pod templates', () => {
  it('T69: images follow the map in all containers of all kinds, everything else in a template is kept', async () => {
    const [from, to] = await Promise.all([copy.from('Deployment', 'web'), copy.to('Deployment', 'web')]);
    const images = ({ initContainers, containers }: Json) =>
      [...initContainers, ...containers].map(({ image }: Json) => image);
    expect(images(to.spec.template.spec)).toEqual([
      'registry.b.example/mirror/init:1',
      'registry.b.example/mirror/web:1',
      'other.example/sidecar:1',
    ]);
    const withoutImages = (spec: Json): string => JSON.stringify(spec).replaceAll(/"image":"[^"]*"/g, '');
    expect(withoutImages(to.spec.template)).toBe(withoutImages(from.spec.template));
    const cron = (await copy.to('CronJob', 'nightly')).spec.jobTemplate.spec.template.spec;
    expect(cron.containers[0].image).toBe('registry.b.example/mirror/report:1');
  });

  it.each([
    ['T69: a ConfigMap', 'reference-missing', 'ConfigMap absent-config'],
    ['T69: a Secret', 'reference-missing', 'Secret absent-secret'],
    ['T69: a ServiceAccount', 'reference-missing', 'ServiceAccount absent-account'],
    ['T69: a claim', 'reference-missing', 'PersistentVolumeClaim absent-claim'],
    ['T69, F55: a PriorityClass', 'priority-class-missing', 'PriorityClass absent-priority'],
    ['T69, F55: a RuntimeClass', 'runtime-class-missing', 'RuntimeClass absent-runtime'],
    ['T69: another scheduler', 'scheduler-not-default', 'Deployment needy'],
    ['T69: labels of nodes', 'node-labels-missing', /zone/],
    ['T69: a path of the host', 'host-path-volume', 'Deployment needy'],
    ['T69: an NFS export', 'nfs-volume', 'Deployment needy'],
    ['T69: a CSI volume', 'csi-inline-volume', 'Deployment needy'],
  ] as const)(
    '%s that a template needs and the destination may lack is reported',
    (_title, code, subject) => {
      const subjects = findingsOf(copy.result, code).map((finding) => finding.subject);
      expect(subjects).toContainEqual(expect.stringMatching(subject));
    },
  );
});

describe('Jobs', () => {
  it('T68: the selector and labels made from the UID are made anew', async () => {
    const [from, to] = await Promise.all([copy.from('Job', 'long'), copy.to('Job', 'long')]);
    const uidOf = ({ spec }: Json) => spec.selector.matchLabels['batch.kubernetes.io/controller-uid'];
    expect(uidOf(from)).toBe(from.metadata.uid);
    expect(uidOf(to)).toBe(to.metadata.uid);
    expect(to.spec.template.metadata.labels['batch.kubernetes.io/controller-uid']).toBe(to.metadata.uid);
    expect(to.spec.template.metadata.labels['testbed/hold']).toBe('running');
  });

  it('T68: a selector of the user stays', async () => {
    const to = await copy.to('Job', 'manual');
    expect(to.spec).toMatchObject({ manualSelector: true, selector: { matchLabels: { mine: 'yes' } } });
  });
});

const DEST_OBJECTS = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, labels: { dest-tool: "yes" } }
imagePullSecrets: [{ name: dest-registry }]
`;

const OBJECTS = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: robot, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/shop" } }
automountServiceAccountToken: false
secrets: [{ name: robot-token-x2x4z }, { name: robot-dockercfg-x2x4z }, { name: database }]
imagePullSecrets: [{ name: robot-dockercfg-x2x4z }, { name: registry }]
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, labels: { source-label: "yes" } }
imagePullSecrets: [{ name: registry }]
---
apiVersion: v1
kind: Secret
metadata: { name: robot-external, annotations: { kubernetes.io/service-account.name: robot } }
type: kubernetes.io/service-account-token
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules:
  - { apiGroups: [""], resources: [pods, pods/log], verbs: [get, list] }
  - { apiGroups: [apps], resources: [deployments], resourceNames: [web], verbs: [patch] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: everybody }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects:
  - { kind: User, apiGroup: rbac.authorization.k8s.io, name: jane }
  - { kind: Group, apiGroup: rbac.authorization.k8s.io, name: developers }
  - { kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:authenticated" }
  - { kind: ServiceAccount, name: deployer, namespace: tools }
---
apiVersion: v1
kind: LimitRange
metadata: { name: limits }
spec: { limits: [{ type: Container, default: { memory: 64Mi }, defaultRequest: { memory: 32Mi } }] }
---
apiVersion: v1
kind: ResourceQuota
metadata: { name: compute }
spec: { hard: { requests.cpu: "100", requests.ephemeral-storage: 1Ti } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 0
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web }, annotations: { example.com/checksum: abc } }
    spec:
      terminationGracePeriodSeconds: 7
      initContainers: [{ name: init, image: "registry.a.example/init:1" }]
      containers:
        - name: main
          image: registry.a.example/web:1
          env: [{ name: MODE, value: prod }]
          resources: { requests: { cpu: 100m } }
        - { name: sidecar, image: "other.example/sidecar:1" }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: "registry.a.example/report:1" }] } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: needy }
spec:
  replicas: 0
  selector: { matchLabels: { app: needy } }
  template:
    metadata: { labels: { app: needy } }
    spec:
      serviceAccountName: absent-account
      priorityClassName: absent-priority
      runtimeClassName: absent-runtime
      schedulerName: other-scheduler
      nodeSelector: { topology.kubernetes.io/zone: nowhere }
      containers:
        - name: main
          image: example.invalid/a
          envFrom: [{ configMapRef: { name: absent-config } }]
          env: [{ name: P, valueFrom: { secretKeyRef: { name: absent-secret, key: p } } }]
      volumes:
        - { name: claim, persistentVolumeClaim: { claimName: absent-claim } }
        - { name: host, hostPath: { path: /var/log } }
        - { name: nfs, nfs: { server: nfs.example.com, path: /export } }
        - { name: csi, csi: { driver: csi.example.com } }
---
apiVersion: batch/v1
kind: Job
metadata: { name: long }
spec:
  template:
    metadata: { labels: { testbed/hold: running } }
    spec: { restartPolicy: Never, containers: [{ name: main, image: example.invalid/a, resources: { requests: { cpu: 1m, ephemeral-storage: 1Mi } } }] }
---
apiVersion: batch/v1
kind: Job
metadata: { name: manual }
spec:
  manualSelector: true
  selector: { matchLabels: { mine: "yes" } }
  template:
    metadata: { labels: { mine: "yes", testbed/hold: running } }
    spec: { restartPolicy: Never, containers: [{ name: main, image: example.invalid/a, resources: { requests: { cpu: 1m, ephemeral-storage: 1Mi } } }] }
`;

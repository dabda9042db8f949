import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyYaml, deleteJson, freshNamespace, type Json } from '../../cluster/client.ts';
import { type Copy, copyAgain, copyOf } from '../../helpers/copy.ts';
import { findingsOf } from '../../helpers/stage.ts';

const grant = freshNamespace('grant');
let copy: Copy;
/** The same source in a third namespace, with DNS names in text rewritten. */
let rewritten: Copy;

beforeAll(async () => {
  copy = await copyOf('named', {
    rename: true,
    prepare: (source) => applyYaml('source', source, objects(source)),
  });
  rewritten = await copyAgain(copy.source, freshNamespace('named-text'), { rewriteDns: true });
});

afterAll(() => deleteJson('source', 'ClusterRoleBinding', grant));

describe('structured references', () => {
  it('T64: subjects of the namespace follow its name, in all three forms', async () => {
    const { subjects } = await copy.to('RoleBinding', 'team');
    expect(subjects.map(({ kind, name, namespace }: Json) => [kind, name, namespace])).toEqual([
      ['ServiceAccount', 'robot', copy.dest],
      ['ServiceAccount', 'other', 'kube-system'],
      ['User', `system:serviceaccount:${copy.dest}:robot`, undefined],
      ['User', 'jane', undefined],
      ['Group', `system:serviceaccounts:${copy.dest}`, undefined],
      ['Group', 'system:serviceaccounts', undefined],
    ]);
  });

  it('T47: selectors over the namespace’s name follow it, in both forms', async () => {
    const { spec } = await copy.to('NetworkPolicy', 'named');
    expect(spec.ingress[0].from[0].namespaceSelector.matchLabels).toEqual({
      'kubernetes.io/metadata.name': copy.dest,
      team: 'blue',
    });
    expect(spec.ingress[0].from[1].namespaceSelector.matchExpressions).toEqual([
      { key: 'kubernetes.io/metadata.name', operator: 'In', values: [copy.dest, 'kube-system'] },
    ]);
  });

  it('T81: Helm’s annotation, affinities and images of the internal registry follow the name', async () => {
    const { metadata, spec } = await copy.to('Deployment', 'web');
    expect(metadata.annotations['meta.helm.sh/release-namespace']).toBe(copy.dest);
    const [term] = spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(term.namespaces).toEqual([copy.dest, 'other']);
    expect(spec.template.spec.containers[0].image).toBe(
      `image-registry.openshift-image-registry.svc:5000/${copy.dest}/web:1`,
    );
  });

  it('F31: Helm’s records are bound to the old name and stay behind', async () => {
    const name = 'sh.helm.release.v1.shop.v1';
    expect(copy.row('Secret', name)).toMatchObject({ action: 'skipped' });
    expect(copy.row('Secret', name).reason).toContain(`bound to namespace ${copy.source}`);
    expect(await copy.has('Secret', name)).toBe(false);
  });

  it('F57: a grant to the namespace from outside it is reported, not copied', () => {
    const [finding] = findingsOf(copy.result, 'grant-not-copied').filter(({ subject }) =>
      subject.includes(grant),
    );
    expect(finding?.message).toContain(`grants ClusterRole view to ServiceAccount robot`);
  });
});

describe('names in free text', () => {
  const text = (name: string) => `host: ${name}.svc.cluster.local`;

  it('T80: are reported with their path and left as they are', async () => {
    expect((await copy.to('ConfigMap', 'app')).data['app.conf']).toContain(text(`db.${copy.source}`));
    expect(copy.notes('ConfigMap', 'app')).toEqual([
      expect.stringMatching(/^warn data\["app\.conf"\]: .*Change the text, or use --rewrite-dns/),
      expect.stringMatching(/^warn data\.url: /),
    ]);
    const paths = copy.row('Deployment', 'web').notes.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'spec.template.spec.containers[0].args[0]',
        'spec.template.spec.containers[0].env[0].value',
      ]),
    );
  });

  it('T80: of a Secret only the path is reported', () => {
    const [note] = copy.notes('Secret', 'app');
    expect(note).toMatch(/^warn data\.dsn: /);
    expect(note).not.toContain('db.');
  });

  it('T41, T80: an ExternalName that points into the old namespace is reported', async () => {
    expect((await copy.to('Service', 'alias')).spec.externalName).toBe(`db.${copy.source}.svc.cluster.local`);
    expect(copy.notes('Service', 'alias')).toEqual([expect.stringMatching(/^warn spec\.externalName: /)]);
  });

  it('T80: are rewritten on request, in whole labels only, and never in binary data', async () => {
    const { dest, source } = rewritten;
    const { data, binaryData } = await rewritten.to('ConfigMap', 'app');
    expect(data['app.conf']).toContain(text(`db.${dest}`));
    expect(data['app.conf']).toContain(`db.${source}-old.svc`);
    expect(data.url).toBe(`postgres://db.${dest}:5432/shop`);
    expect(Buffer.from(binaryData.raw, 'base64').toString()).toBe(`db.${source}.svc`);
    const { data: secret } = await rewritten.to('Secret', 'app');
    expect(Buffer.from(secret.dsn, 'base64').toString()).toBe(`db.${dest}.svc`);
    const [container] = (await rewritten.to('Deployment', 'web')).spec.template.spec.containers;
    expect(container.args).toEqual([`--db=db.${dest}.svc`]);
    expect(container.env[0].value).toBe(`db-0.db.${dest}.svc.cluster.local`);
    expect((await rewritten.to('Service', 'alias')).spec.externalName).toBe(`db.${dest}.svc.cluster.local`);
  });

  it('T82: what a structured rule has rewritten is not reported again as text', () => {
    const paths = copy.row('Deployment', 'web').notes.map(({ path }) => path);
    expect(paths.filter((path) => path.includes('image') || path.includes('affinity'))).toEqual([]);
    expect(copy.notes('RoleBinding', 'team')).toEqual([]);
  });
});

const objects = (source: string): string =>
  OBJECTS.replaceAll('SRC', source)
    .replaceAll('GRANT', grant)
    .replace('BINARY', Buffer.from(`db.${source}.svc`).toString('base64'));

const OBJECTS = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: GRANT }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: robot, namespace: SRC }]
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: robot }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: team }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit }
subjects:
  - { kind: ServiceAccount, name: robot, namespace: SRC }
  - { kind: ServiceAccount, name: other, namespace: kube-system }
  - { kind: User, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccount:SRC:robot" }
  - { kind: User, apiGroup: rbac.authorization.k8s.io, name: jane }
  - { kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccounts:SRC" }
  - { kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccounts" }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: named }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: SRC, team: blue } }
        - namespaceSelector:
            matchExpressions: [{ key: kubernetes.io/metadata.name, operator: In, values: [SRC, kube-system] }]
---
apiVersion: v1
kind: Secret
metadata: { name: sh.helm.release.v1.shop.v1, labels: { owner: helm, name: shop, version: "1" } }
type: helm.sh/release.v1
data: { release: MQ== }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: app }
data:
  app.conf: |
    host: db.SRC.svc.cluster.local
    old: db.SRC-old.svc
  url: postgres://db.SRC:5432/shop
binaryData: { raw: BINARY }
---
apiVersion: v1
kind: Secret
metadata: { name: app }
stringData: { dsn: db.SRC.svc }
---
apiVersion: v1
kind: Service
metadata: { name: alias }
spec: { type: ExternalName, externalName: db.SRC.svc.cluster.local }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, annotations: { meta.helm.sh/release-namespace: SRC, meta.helm.sh/release-name: shop } }
spec:
  replicas: 0
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - { topologyKey: kubernetes.io/hostname, namespaces: [SRC, other], labelSelector: { matchLabels: { app: web } } }
      containers:
        - name: main
          image: image-registry.openshift-image-registry.svc:5000/SRC/web:1
          args: ["--db=db.SRC.svc"]
          env: [{ name: PRIMARY, value: db-0.db.SRC.svc.cluster.local }]
`;

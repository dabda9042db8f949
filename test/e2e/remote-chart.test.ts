import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { ensureChartTools } from '../cluster/binaries.ts';
import {
  applyObject,
  contextOf,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  kubectl,
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { objectsOf, render } from '../helpers/charts.ts';
import { deployment, installYaml } from '../helpers/move-app.ts';
import { moveTo } from '../helpers/moves.ts';
import { asAccount } from '../helpers/stage.ts';

// The first run builds helm.
beforeAll(() => ensureChartTools(), 30 * 60_000);

const ACCOUNT = 'dr-syncer-remote';

const APPLICATION = `${deployment('web', 1)}
---
apiVersion: v1
kind: Secret
metadata: { name: login }
stringData: { password: read-and-copied }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { ports: [{ port: 80 }], selector: { app: web } }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: files }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;

test.each([
  ['the whole cluster', []],
  ['one namespace', ['(the namespace)']],
])(
  'the rights of the chart for %s are enough to stage, and to write nothing at the source',
  async (_, scope) => {
    const home = freshNamespace('remote');
    const namespace = await installYaml('remote-app', APPLICATION, { staged: false });
    const namespaces = scope.map(() => namespace);
    if (namespaces.length > 0) await createNamespace('dest', namespace);
    await install('source', home, { role: 'source', namespaces });
    await install('dest', home, { role: 'destination', namespaces });
    // The authorizer of a server sees new Roles after a moment.
    for (const [side, question] of [
      ['source', 'list leases.coordination.k8s.io'],
      ['dest', 'patch leases.coordination.k8s.io'],
      ['dest', 'patch secrets'],
    ] as const)
      await waitUntil(
        `the right to ${question}`,
        async () => (await mayDo(side, home, `${question} -n ${namespace}`)) === 'yes',
      );
    const { document } = await asAccount('source', home, ACCOUNT, (source) =>
      asAccount('dest', home, ACCOUNT, (dest) =>
        moveTo(0, 'stage', namespace, {
          source: { kubeconfig: source, context: contextOf('source') },
          dest: { kubeconfig: dest, context: contextOf('dest') },
        }),
      ),
    );
    const copied = document.objects.map(({ kind, name }: Json) => `${kind}/${name}`);
    expect(copied).toEqual(
      expect.arrayContaining([
        'Deployment/web',
        'Secret/login',
        'Ingress/web',
        'PersistentVolumeClaim/files',
      ]),
    );
    expect(document.findings.filter(({ code }: Json) => code === 'cannot-check')).toEqual([]);
    expect((await getJson('dest', 'Deployment', 'web', namespace)).spec.replicas).toBe(0);
    for (const verb of ['create', 'patch', 'delete'])
      expect(await mayDo('source', home, `${verb} configmaps -n ${namespace}`)).toBe('no');
    expect(await mayDo('dest', home, `delete deployments.apps -n ${namespace}`)).toBe('no');
    const elsewhere = namespaces.length > 0 ? 'no' : 'yes';
    expect(await mayDo('source', home, 'get secrets -n kube-system')).toBe(elsewhere);
  },
);

const install = async (side: Side, home: string, values: Json): Promise<void> => {
  await createNamespace(side, home);
  const objects = objectsOf(await render('dr-syncer-remote', values, home));
  for (const object of objects) await applyObject(side, object, home);
  onTestFinished(async () => {
    for (const { kind, metadata } of objects)
      if (/^ClusterRole/.test(kind)) await deleteJson(side, kind, metadata.name);
    await deleteJson(side, 'Namespace', home);
  });
};

const mayDo = async (side: Side, home: string, question: string): Promise<string> => {
  const as = `system:serviceaccount:${home}:${ACCOUNT}`;
  return (await kubectl(side, ['auth', 'can-i', ...question.split(' '), '--as', as])).stdout.trim();
};

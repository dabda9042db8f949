import { afterEach, expect, test } from 'vitest';
import { getJson, type Json } from '../../cluster/client.ts';
import { deployment, installYaml } from '../../helpers/move-app.ts';
import { moveTo } from '../../helpers/moves.ts';
import { enforce, type Policy, serviceProbe } from '../../helpers/policy.ts';
import { freeNodePorts } from '../../helpers/ports.ts';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const HELD = ['--hold-load-balancers'];
const SMOKE = ['--smoke-command', 'false', '--smoke-attempts', '1'];

test('T40: what a cutover releases is held again by a failback, and a stage finds nothing to do', async () => {
  const { namespace, port, stage, staged } = await installHeld();
  await moveTo(0, 'cutover', namespace, { args: HELD });
  expect((await lookAt(namespace)).web).toMatchObject({
    annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'shop.example.com' },
    spec: {
      type: 'LoadBalancer',
      loadBalancerSourceRanges: ['198.51.100.0/24'],
      ports: [{ nodePort: port }, {}],
    },
  });
  const { document } = await moveTo(0, 'failback', namespace);
  const detail = (id: string): string => document.steps.find((step: Json) => step.id === id).detail;
  expect([detail('config'), detail('hold')]).toEqual(['no changes', '2 objects held again']);
  expect(await lookAt(namespace)).toEqual(staged);
  await expectUntouched(stage);
}, 240_000);

test('T40: a rollback holds it again too, and a stage without a hold leaves nothing of it', async () => {
  const { namespace, stage, staged } = await installHeld();
  await moveTo(4, 'cutover', namespace, { args: [...HELD, ...SMOKE] });
  expect((await lookAt(namespace)).web.spec).toMatchObject({ type: 'LoadBalancer' });
  await moveTo(0, 'rollback', namespace);
  expect(await lookAt(namespace)).toEqual(staged);

  // What was held by a patch goes like what a stage holds.
  await stage([]);
  const plain = await lookAt(namespace);
  expect(plain.web.spec).toMatchObject({
    type: 'LoadBalancer',
    loadBalancerSourceRanges: ['198.51.100.0/24'],
  });
  for (const { annotations } of Object.values(plain))
    expect(Object.keys(annotations).filter((key) => /held|released/.test(key))).toEqual([]);
}, 240_000);

test('T40: a hold that the destination refuses is named with the way out, and a rollback releases the rest again', async () => {
  const { namespace } = await installHeld();
  await moveTo(0, 'cutover', namespace, { args: HELD });
  const released = await lookAt(namespace);
  cleanUps.push(await enforce('dest', namespace, NO_CLUSTER_IP));
  const refused = await moveTo(3, 'failback', namespace);
  expect(refused.stdout).toMatch(/The server refuses to hold Service web again.*balancers stay/);
  expect(await lookAt(namespace)).toEqual(released);

  const { document } = await moveTo(4, 'failback', namespace, { args: ['--ignore-preflight', 'release'] });
  expect(document.summary).toMatch(/Service web could not be held again.*balancers stay/);
  expect(document.hint).toMatch(/kubectl .*annotate services\/web dr-syncer\.io\/released-/);
  expect((await lookAt(namespace)).shop.annotations).toMatchObject({
    'external-dns.alpha.kubernetes.io/controller': 'dr-syncer-held',
  });
  await moveTo(0, 'rollback', namespace);
  expect(await lookAt(namespace)).toEqual(released);
}, 240_000);

const installHeld = async () => {
  const [port = 0] = await freeNodePorts(1);
  const namespace = await installYaml('held', APP(port), { staged: false });
  const stage = async (args: readonly string[] = HELD): Promise<Json> =>
    (await moveTo(0, 'stage', namespace, { args })).document;
  await stage();
  const staged = await lookAt(namespace);
  expect(staged['web']).toMatchObject({ spec: { type: 'ClusterIP' } });
  return { namespace, port, stage, staged };
};

const lookAt = async (namespace: string): Promise<Record<string, Json>> => {
  const [web, shop] = await Promise.all([
    getJson('dest', 'Service', 'web', namespace),
    getJson('dest', 'Ingress', 'shop', namespace),
  ]);
  const about = ({ metadata, spec }: Json): Json => ({ annotations: metadata.annotations, spec });
  return { web: about(web), shop: about(shop) };
};

const expectUntouched = async (stage: () => Promise<Json>): Promise<void> => {
  const { objects } = await stage();
  const written = objects.filter(({ action }: Json) => !['unchanged', 'skipped'].includes(action));
  expect(written).toEqual([]);
  // The record is written by the first stage after a move.
  expect((await stage()).requests.dest).toMatchObject({ dryRuns: 0, writes: 0 });
};

const NO_CLUSTER_IP: Policy = {
  resource: 'services',
  expression:
    "object.metadata.name == 'web' ? object.spec.type == 'LoadBalancer' : object.metadata.name != 'probe'",
  message: 'balancers stay',
  probe: serviceProbe('ClusterIP'),
};

const APP = (nodePort: number): string => `${deployment('web', 1)}
---
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations: { external-dns.alpha.kubernetes.io/hostname: shop.example.com }
spec:
  type: LoadBalancer
  loadBalancerSourceRanges: [198.51.100.0/24]
  selector: { app: web }
  ports: [{ name: a, port: 80, nodePort: ${nodePort} }, { name: b, port: 443 }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec: { rules: [{ host: shop.example.com, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { name: a } } } }] } }] }
`;

import { beforeAll, expect, test } from 'vitest';
import { applyYaml, createNamespace, freshNamespace, listJson } from '../cluster/client.ts';
import { refuse } from '../helpers/faults.ts';
import { enforce } from '../helpers/policy.ts';
import { throughProxies } from '../helpers/proxied.ts';
import { rowOf, stageNamespace, stageWell } from '../helpers/stage.ts';

// What a dry run would tell nothing about is written without one.

const { proxies, ends } = throughProxies();
const COUNT = 60;
// Our records, and the Service.
const OTHERS = 10;

const namespace = freshNamespace('dry-runs');
beforeAll(async () => {
  await createNamespace('source', namespace);
  await applyYaml('source', namespace, [...configMaps(), SERVICE].join('---\n'));
});

test('what the destination can be asked nothing about is written at once', async () => {
  const { requests } = await stageWell(namespace, { dest: `${namespace}-a` });
  expect(requests.dest.dryRuns).toBeLessThan(OTHERS);
  expect(await listJson('dest', 'ConfigMap', `${namespace}-a`, 'test=dry-runs')).toHaveLength(COUNT);
});

test('a dry run of all of it asks about each object', async () => {
  const { requests } = await stageWell(namespace, { dest: `${namespace}-a`, dryRun: true });
  expect(requests.dest.dryRuns).toBeLessThan(OTHERS);
  const other = await stageWell(namespace, { dest: `${namespace}-b`, dryRun: true });
  expect(other.requests.dest.dryRuns).toBeGreaterThan(COUNT);
});

test('A28: where a policy has a say, each is asked about, and one refusal changes nothing', async () => {
  const dest = `${namespace}-c`;
  await createNamespace('dest', dest);
  const remove = await enforce('dest', dest, {
    resource: 'configmaps',
    expression: "!has(object.data) || !('number' in object.data) || object.data.number != '7'",
    message: 'no sevens',
    probe: {
      method: 'POST',
      name: '',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { number: '7' } },
    },
  });
  try {
    const result = await stageNamespace(namespace, { dest });
    expect(result).toMatchObject({ outcome: 'refused', exitCode: 3 });
    expect(result.requests.dest.writes).toBe(0);
    expect(rowOf(result, 'ConfigMap', 'item-7').reason).toContain('no sevens');
  } finally {
    await remove();
  }
});

test('where a quota counts, each is asked about', async () => {
  const dest = `${namespace}-d`;
  await createNamespace('dest', dest);
  await applyYaml(
    'dest',
    dest,
    '{ apiVersion: v1, kind: ResourceQuota, metadata: { name: many }, spec: { hard: { configmaps: "1000" } } }',
  );
  expect((await stageWell(namespace, { dest })).requests.dest.dryRuns).toBeGreaterThan(COUNT);
});

test('A28, A29: what is refused all the same is named, the run is incomplete, and the next one goes on', async () => {
  const dest = `${namespace}-e`;
  proxies.dest.inject({
    match: ({ method, path, query }) =>
      method === 'PATCH' && path.endsWith('/configmaps/item-7') && !query.has('dryRun'),
    action: refuse(403, 'Forbidden', 'a plugin of this server says no'),
  });
  const result = await stageNamespace(namespace, { dest, kubeconfig: { dest: ends.dest.kubeconfig } });
  expect(result).toMatchObject({ outcome: 'partial', exitCode: 4, totals: { failed: 1 } });
  expect(rowOf(result, 'ConfigMap', 'item-7')).toMatchObject({
    action: 'failed',
    reason: expect.stringContaining('says no'),
  });
  expect(await stageWell(namespace, { dest })).toMatchObject({ totals: { created: 1 } });
});

const configMaps = (): string[] =>
  Array.from(
    { length: COUNT },
    (_, index) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: item-${index}, labels: { test: dry-runs } }
data: { number: "${index}" }
`,
  );

const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;

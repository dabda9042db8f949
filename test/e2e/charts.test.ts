import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureChartTools } from '../cluster/binaries.ts';
import {
  contextOf,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  kubectl,
  pair,
  waitUntil,
} from '../cluster/client.ts';
import { chartFolder, helm, kubeconform, objectsOf, render, valuesMatrix } from '../helpers/charts.ts';
import { schemaLocation, writeSchemas } from '../helpers/manifest-schemas.ts';

const OWN_SCHEMAS = join(import.meta.dirname, '..', 'fixtures', 'charts');
const OPERATORS = 'monitoring.coreos.com/v1';

let namespace: string;
let scratch: string;

beforeAll(async () => {
  namespace = freshNamespace('charts');
  scratch = mkdtempSync(join(tmpdir(), 'dr-syncer-charts-'));
  const level = 'pod-security.kubernetes.io';
  await createNamespace('source', namespace, {
    [`${level}/enforce`]: 'restricted',
    [`${level}/warn`]: 'restricted',
  });
  // The first run builds helm.
  await ensureChartTools();
}, 30 * 60_000);

afterAll(async () => {
  await deleteJson('source', 'Namespace', namespace);
  rmSync(scratch, { recursive: true, force: true });
});

describe('what is rendered', () => {
  const rows = valuesMatrix('(the namespace)').map(([chart, what], index) => ({ chart, what, index }));

  it.each(rows)('$chart, $what: has only fields that the kinds have', async ({ index }) => {
    const { yaml, objects } = await rendered(index);
    const folder = join(scratch, 'schemas');
    const served = objects.map(({ apiVersion }) => apiVersion).filter((version) => version !== OPERATORS);
    await writeSchemas('source', served, folder);
    const locations = [folder, OWN_SCHEMAS].flatMap((place) => ['-schema-location', schemaLocation(place)]);
    const { exitCode, stdout, stderr } = await kubeconform(
      ['-strict', '-summary', '-output', 'json', ...locations],
      yaml,
    );
    expect(exitCode, stdout + stderr).toBe(0);
    expect(JSON.parse(stdout).summary).toEqual({
      valid: objects.length,
      invalid: 0,
      errors: 0,
      skipped: 0,
    });
  });

  it.each(rows)('$chart, $what: is taken by the server, without a warning', async ({ index }) => {
    const { objects } = await rendered(index);
    const sent = objects.filter(({ apiVersion }) => apiVersion !== OPERATORS);
    const { exitCode, stdout, stderr } = await dryRun(sent);
    expect(exitCode, stderr).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(sent.length);
    expect(stderr.split('\n').filter((line) => /Warning/.test(line))).toEqual([]);
  });

  it('a field that no kind has is found by kubeconform', async () => {
    const folder = join(scratch, 'schemas');
    await writeSchemas('source', ['apps/v1'], folder);
    const [deployment] = objectsOf(await render('dr-syncer', {}, namespace)).filter(
      ({ kind }) => kind === 'Deployment',
    );
    deployment.spec.template.spec.containers[0].readynessProbe = {};
    const { exitCode, stdout } = await kubeconform(
      ['-strict', '-schema-location', schemaLocation(folder)],
      JSON.stringify(deployment),
    );
    expect(exitCode).toBe(1);
    expect(stdout).toContain('readynessProbe');
  });

  it('pods are admitted where Pod Security enforces "restricted"', async () => {
    const objects = objectsOf(await render('dr-syncer', {}, namespace));
    const { template } = objects.find(({ kind }) => kind === 'Deployment').spec;
    const pod = (change: Json = {}): Json => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'controller', namespace, labels: template.metadata.labels },
      spec: { ...template.spec, serviceAccountName: 'default', ...change },
    });
    expect(await dryRun([pod()])).toMatchObject({ exitCode: 0, stderr: '' });
    const loose = await dryRun([pod({ securityContext: {}, hostNetwork: true })]);
    expect(loose.exitCode).toBe(1);
    expect(loose.stderr).toContain('violates PodSecurity "restricted');
  });
});

describe('a release', () => {
  it('is installed, works with the rights that it has and no others, and is removed', async () => {
    const release = freshNamespace('drs').slice(0, 40);
    const done = await helmHere([
      'install',
      release,
      chartFolder('dr-syncer'),
      '--set',
      'crds.install=false',
    ]);
    expect(done.exitCode, done.stderr).toBe(0);
    onTestFinished(async () => {
      await helmHere(['uninstall', release, '--ignore-not-found']);
    });
    expect(done.stdout).toContain('never in the source cluster only');
    const deployment = await getJson('source', 'Deployment', `${release}-dr-syncer`, namespace);
    expect(deployment.spec.replicas).toBe(2);
    await waitUntil('two ready pods', async () => {
      const { status } = await getJson('source', 'Deployment', `${release}-dr-syncer`, namespace);
      return status?.readyReplicas === 2;
    });
    for (const [question, answer] of rightsAsked(namespace))
      expect(await mayDo(`${release}-dr-syncer`, question), question).toBe(answer);
    const gone = await helmHere(['uninstall', release]);
    expect(gone.exitCode, gone.stderr).toBe(0);
    expect(await getJson('source', 'Deployment', `${release}-dr-syncer`, namespace)).toBeUndefined();
    expect(await getJson('source', 'ClusterRole', `${namespace}-${release}-dr-syncer`)).toBeUndefined();
  });

  it.each([
    ['keeps its definitions', 'true'],
    ['removes its definitions if that was asked for', 'false'],
  ])('%s when it is removed', async (_, kept) => {
    const { chart, names } = foreignChart();
    onTestFinished(async () => {
      for (const name of names) await deleteJson('source', 'CustomResourceDefinition', name);
    });
    const release = freshNamespace('drs').slice(0, 40);
    const done = await helmHere(['install', release, chart, '--set', `crds.keepOnUninstall=${kept}`]);
    expect(done.exitCode, done.stderr).toBe(0);
    expect(await existing(names)).toEqual(names);
    const gone = await helmHere(['uninstall', release]);
    expect(gone.exitCode, gone.stderr).toBe(0);
    if (kept === 'true') expect(await existing(names)).toEqual(names);
    else await waitUntil('the end of the definitions', async () => (await existing(names)).length === 0);
  });
});

const rendered = async (index: number): Promise<{ yaml: string; objects: Json[] }> => {
  const [chart, , values] = valuesMatrix(namespace)[index] ?? ['dr-syncer', '', {}];
  const yaml = await render(chart, values, namespace);
  return { yaml, objects: objectsOf(yaml) };
};

const dryRun = (items: readonly Json[]): ReturnType<typeof kubectl> =>
  kubectl(
    'source',
    ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  );

const helmHere = (args: readonly string[]): ReturnType<typeof helm> =>
  helm([...args, '--namespace', namespace, '--kube-context', contextOf('source')], {
    env: { KUBECONFIG: pair().kubeconfig, HOME: scratch },
  });

const rightsAsked = (own: string): readonly (readonly [string, string])[] => [
  ['list namespacemappings.dr-syncer.io -A', 'yes'],
  ['watch remoteclusters.dr-syncer.io -A', 'yes'],
  ['patch clustermappings.dr-syncer.io --subresource=status -A', 'yes'],
  ['create events.events.k8s.io -A', 'yes'],
  [`list secrets -n ${own}`, 'yes'],
  [`create leases.coordination.k8s.io -n ${own}`, 'yes'],
  [`update leases.coordination.k8s.io/dr-syncer.io -n ${own}`, 'yes'],
  [`update leases.coordination.k8s.io/another -n ${own}`, 'no'],
  ['get namespaces/kube-system', 'yes'],
  ['get namespaces/default', 'no'],
  ['list namespaces', 'no'],
  [`patch leases.coordination.k8s.io/dr-syncer.io -n ${own}`, 'no'],
  ['update namespacemappings.dr-syncer.io --subresource=status -A', 'no'],
  [`get secrets -n ${own}`, 'no'],
  ['create remoteclusters.dr-syncer.io -A', 'no'],
  ['patch namespacemappings.dr-syncer.io -A', 'no'],
  ['get secrets -n kube-system', 'no'],
  [`create secrets -n ${own}`, 'no'],
  [`create pods -n ${own}`, 'no'],
  ['list configmaps -A', 'no'],
];

const mayDo = async (account: string, question: string): Promise<string> => {
  const as = `system:serviceaccount:${namespace}:${account}`;
  const { stdout } = await kubectl('source', ['auth', 'can-i', ...question.split(' '), '--as', as]);
  return stdout.trim();
};

// The chart with definitions that are nobody else's: the cluster's own stay as they are.
const foreignChart = (): { readonly chart: string; readonly names: string[] } => {
  const chart = mkdtempSync(join(scratch, 'chart-'));
  cpSync(chartFolder('dr-syncer'), chart, { recursive: true });
  const group = `${freshNamespace('kept')}.example.com`;
  const folder = join(chart, 'files', 'crds');
  const names = readdirSync(folder).map((file) => {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('dr-syncer.io', group));
    return `${file.replace('.yaml', '')}.${group}`;
  });
  return { chart, names };
};

const existing = async (names: readonly string[]): Promise<string[]> => {
  const found = await Promise.all(names.map((name) => getJson('source', 'CustomResourceDefinition', name)));
  return found.flatMap((definition) => definition?.metadata.name ?? []);
};

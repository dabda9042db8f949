import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  applyObject,
  contextOf,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  pair,
  type Side,
} from '../../cluster/client.ts';
import { installMappingCrds } from '../../helpers/mappings.ts';
import { deployment, installYaml } from '../../helpers/move-app.ts';
import { livePods } from '../../helpers/moves.ts';
import { commandsIn, openShell, typedIn } from '../../helpers/printed.ts';
import { runDr } from '../../helpers/program.ts';

// The custom resources are in the destination, as for a controller that runs there.
const ops = freshNamespace('mapping-flag');
const env = { KUBECONFIG: pair().kubeconfig, PATH: process.env['PATH'] ?? '' };
const MANAGEMENT = ['--mapping-context', contextOf('dest'), '--allow-loopback-servers'];

const put = (kind: string, name: string, rest: Json): Promise<Json> =>
  applyObject('dest', {
    apiVersion: kind === 'Secret' ? 'v1' : 'dr-syncer.io/v1alpha1',
    kind,
    metadata: { name, namespace: ops },
    ...rest,
  });

/** The kubeconfig of one side, as `kubectl config view --minify --raw` gives it. */
const kubeconfigOf = (side: Side): string => {
  const all = parse(readFileSync(pair().kubeconfig, 'utf8'));
  const one = all.contexts.find(({ name }: Json) => name === contextOf(side));
  const only = (list: string, name: string): Json[] => all[list].filter((entry: Json) => entry.name === name);
  return JSON.stringify({
    ...all,
    contexts: [one],
    clusters: only('clusters', one.context.cluster),
    users: only('users', one.context.user),
    'current-context': contextOf(side),
  });
};

const secret = (name: string, text: string): Promise<Json> =>
  put('Secret', name, { data: { kubeconfig: Buffer.from(text).toString('base64') } });

/** The RemoteClusters `<prefix>-source` and `<prefix>-dest` with their Secrets. */
const putClusters = async (prefix: string, spec: Json = {}): Promise<void> => {
  for (const side of ['source', 'dest'] as const) {
    const name = `${prefix}-${side}`;
    await secret(name, kubeconfigOf(side));
    await put('RemoteCluster', name, { spec: { kubeconfigSecretRef: { name }, ...spec } });
  }
};

const putMapping = (name: string, namespace: string, spec: Json = {}): Promise<Json> =>
  put('NamespaceMapping', name, {
    spec: { sourceCluster: 'a-source', destinationCluster: 'a-dest', sourceNamespace: namespace, ...spec },
  });

const mapped = (name: string, ...more: string[]): string[] => [
  '--mapping',
  `${ops}/${name}`,
  ...MANAGEMENT,
  ...more,
];

/** Runs a command that ends with this exit code, and gives what it says. */
const refused = async (code: number, args: string[]): Promise<string> => {
  const run = await runDr(args, { env });
  expect(run.exitCode, run.stderr).toBe(code);
  return `${run.stdout}\n${run.stderr}`;
};

beforeAll(async () => {
  await installMappingCrds();
  await createNamespace('dest', ops);
  await putClusters('a');
});

describe('a pair that a mapping names', () => {
  test('is staged, checked, moved and moved back, by the lines that are printed', async () => {
    const namespace = await installYaml(
      'mapped',
      `${deployment('web', 2)}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: left-out }\n`,
      { staged: false },
    );
    await put('ClusterMapping', 'pair', { spec: { sourceCluster: 'a-source', targetCluster: 'a-dest' } });
    await put('NamespaceMapping', 'shop', {
      spec: {
        clusterMappingRef: { name: 'pair' },
        sourceNamespace: namespace,
        excludeResourceTypes: ['configmaps'],
      },
    });
    const shell = openShell();
    const withPair = (line: string) => shell.type(`export KUBECONFIG=${pair().kubeconfig}; ${line}`);
    const type = typedIn({ ...shell, type: withPair });
    // In this process, which starts at once; only what was printed is typed into a shell.
    const run = async (verb: string): Promise<Json> => {
      const { exitCode, stdout, stderr } = await runDr([verb, ...mapped('shop', '-o', 'json', '--yes')], {
        env,
      });
      expect(exitCode, stderr).toBe(0);
      return JSON.parse(stdout);
    };
    const command = (verb: string): string => ['dr-syncer', verb, ...mapped('shop')].join(' ');
    try {
      const early = await refused(3, ['preflight', ...mapped('shop')]);
      const [stage] = commandsIn(early);
      expect(stage).toBe(command('stage'));
      await type(0, stage);
      expect(await getJson('dest', 'Deployment', 'web', namespace)).toMatchObject({
        metadata: { annotations: { 'dr-syncer.io/source-cluster': 'a-source' } },
        spec: { replicas: 0 },
      });
      expect(await getJson('dest', 'ConfigMap', 'left-out', namespace)).toBeUndefined();

      expect(await run('preflight')).toMatchObject({ outcome: 'ok' });
      expect(await run('cutover')).toMatchObject({ kind: 'cutover', outcome: 'ok' });
      expect(await livePods('source', namespace)).toEqual([]);

      await refused(7, ['stage', ...mapped('shop')]);
      expect(await run('status')).toMatchObject({ live: 'dest' });

      expect(await run('failback')).toMatchObject({ kind: 'failback', outcome: 'ok' });
      expect(await livePods('source', namespace)).toHaveLength(2);
      expect(await livePods('dest', namespace)).toEqual([]);
    } finally {
      shell.close();
    }
  });

  test('an inCluster destination is the cluster with the mapping itself', async () => {
    const namespace = await installYaml('incluster', deployment('web', 1), { staged: false });
    await put('RemoteCluster', 'here', { spec: { inCluster: true, alias: 'standby' } });
    await putMapping('here', namespace, { destinationCluster: 'here' });
    const run = await runDr(['stage', ...mapped('here')], { env });
    expect(run.stderr).toContain('standby');
    expect(run.exitCode).toBe(0);
    expect(await getJson('dest', 'Deployment', 'web', namespace)).toMatchObject({ spec: { replicas: 0 } });
  });
});

describe('a mapping that cannot be used', () => {
  test('a mapping, and a RemoteCluster, that are not there', async () => {
    expect(await refused(2, ['status', ...mapped('nowhere')])).toContain(
      `There is no NamespaceMapping nowhere in namespace ${ops} of context ${contextOf('dest')}.`,
    );
    await putMapping('lost', 'default', { sourceCluster: 'gone' });
    expect(await refused(2, ['status', ...mapped('lost')])).toContain(
      `There is no RemoteCluster gone in namespace ${ops}`,
    );
  });

  test('a Secret that is missing, and one without its key', async () => {
    await putClusters('b');
    await putMapping('b', 'default', { sourceCluster: 'b-source', destinationCluster: 'b-dest' });
    await deleteJson('dest', 'Secret', 'b-source', ops);
    expect(await refused(2, ['stage', ...mapped('b')])).toContain(
      `There is no Secret b-source in namespace ${ops} of context ${contextOf('dest')}. RemoteCluster b-source needs it.`,
    );
    await put('Secret', 'b-source', { data: { config: '' } });
    expect(await refused(2, ['stage', ...mapped('b')])).toContain('has no key "kubeconfig"');
  });

  test('a namespace that is not allowed', async () => {
    await putClusters('c', { allowedNamespaces: ['team-*'] });
    await putMapping('c', 'kube-system', { sourceCluster: 'c-source', destinationCluster: 'c-dest' });
    for (const verb of ['stage', 'status', 'failover'])
      expect(await refused(3, [verb, ...mapped('c')])).toContain(
        'Namespace kube-system is not in allowedNamespaces of RemoteCluster c-source',
      );
  });

  test('a kubeconfig that runs a program, or names this machine, unless that is allowed', async () => {
    const plugin = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'true',
      interactiveMode: 'Never',
    };
    const config = parse(kubeconfigOf('source'));
    await putClusters('d');
    await secret(
      'd-source',
      JSON.stringify({ ...config, users: [{ ...config.users[0], user: { exec: plugin } }] }),
    );
    await putMapping('d', 'default', { sourceCluster: 'd-source', destinationCluster: 'd-dest' });
    const said = await refused(2, ['stage', ...mapped('d')]);
    expect(said).toContain(`The kubeconfig in Secret ${ops}/d-source cannot be used: `);
    expect(said).toContain('exec');
    const strict = mapped('d').filter((word) => word !== '--allow-loopback-servers');
    expect(await refused(2, ['status', ...strict])).toContain(
      `The kubeconfig in Secret ${ops}/d-dest cannot be used: `,
    );
  });

  test('a Secret of another namespace, unless that is allowed', async () => {
    const name = 'a-source';
    await put('RemoteCluster', 'far', { spec: { kubeconfigSecretRef: { name, namespace: 'kube-system' } } });
    await putMapping('far', 'default', { sourceCluster: 'far' });
    expect(await refused(3, ['status', ...mapped('far')])).toContain('add --allow-cross-namespace-refs');
    expect(await refused(2, ['status', ...mapped('far', '--allow-cross-namespace-refs')])).toContain(
      'There is no Secret a-source in namespace kube-system',
    );
  });
});

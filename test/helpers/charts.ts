import { join } from 'node:path';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import { ensureChartTools } from '../cluster/binaries.ts';
import type { Json } from '../cluster/client.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export type ChartName = 'dr-syncer' | 'dr-syncer-remote';

/** The folder of a chart. */
export const chartFolder = (chart: ChartName): string => join(ROOT, 'charts', chart);

/** What a program said; a non-zero `exitCode` is an answer, not an exception. */
export interface ToolRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs helm with nothing of this machine's own settings, and no cluster unless `env` names a KUBECONFIG. */
export const helm = async (
  args: readonly string[],
  { input = '', env = {} }: { input?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<ToolRun> => run((await ensureChartTools()).helm, args, input, env);

/** Runs kubeconform over manifests. */
export const kubeconform = async (args: readonly string[], input: string): Promise<ToolRun> =>
  run((await ensureChartTools()).kubeconform, args, input);

/** Renders a chart as release `r` in a namespace. Fails with what helm said if it refuses. */
export const render = async (
  chart: ChartName,
  values: Json = {},
  namespace = 'dr-syncer',
): Promise<string> => {
  const { exitCode, stdout, stderr } = await helm(
    ['template', 'r', chartFolder(chart), '--namespace', namespace, '--values', '-'],
    { input: JSON.stringify(values) },
  );
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
};

/** The objects of rendered manifests. */
export const objectsOf = (yaml: string): Json[] =>
  parseAllDocuments(yaml).flatMap((document) => document.toJS() ?? []);

/** Values that turn each part of a chart on or off; `namespace` exists where the result is sent to a server. */
export const valuesMatrix = (namespace: string): readonly (readonly [ChartName, string, Json])[] => [
  ['dr-syncer', 'the defaults', {}],
  ['dr-syncer', 'everything on', EVERYTHING],
  [
    'dr-syncer',
    'one namespace, one pod',
    {
      replicaCount: 1,
      watchNamespaces: [namespace],
      rbac: { secretNames: ['prod-kubeconfig'], secretNamespaces: [namespace] },
      controller: { enableLeaderElection: false },
      serviceAccount: { create: false, name: 'default' },
      topologySpread: { enabled: false },
      metrics: { service: { enabled: false } },
    },
  ],
  ['dr-syncer', 'no rights and no definitions', { rbac: { create: false }, crds: { install: false } }],
  ['dr-syncer-remote', 'a source', {}],
  ['dr-syncer-remote', 'a destination', { role: 'destination', deletes: true, grantRoles: true }],
  [
    'dr-syncer-remote',
    'both, in one namespace',
    {
      role: 'both',
      namespaces: [namespace],
      secrets: false,
      clusterReads: false,
      createNamespaces: false,
      token: { create: false },
      customResources: [{ apiGroups: ['cert-manager.io'], resources: ['certificates'] }],
    },
  ],
  ['dr-syncer-remote', 'an account that exists', { serviceAccount: { create: false, name: 'default' } }],
];

const EVERYTHING = {
  image: { digest: `sha256:${'0'.repeat(64)}` },
  agent: { image: { repository: 'registry.example.com/dr-syncer' } },
  imagePullSecrets: [{ name: 'registry' }],
  rbac: { finalizers: true },
  controller: {
    observe: true,
    allowCrossNamespaceRefs: true,
    allowKubeconfigExec: true,
    allowInsecureTls: true,
    watch: { maxConcurrentReconciles: 3, bufferSize: 1024 },
    replication: { defaultSchedule: '@hourly', defaultResourceTypes: ['configmaps', 'secrets'] },
  },
  extraArgs: ['--log-level', 'debug'],
  extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com:3128' }],
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  priorityClassName: 'system-cluster-critical',
  podAnnotations: { team: 'platform' },
  podLabels: { team: 'platform' },
  networkPolicy: { enabled: true, metricsFrom: [{ namespaceSelector: {} }] },
  metrics: {
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    prometheusRule: { enabled: true, labels: { release: 'prometheus' }, alertLabels: { team: 'platform' } },
    dashboard: { enabled: true },
  },
  crds: { keepOnUninstall: false },
};

const run = async (
  file: string,
  args: readonly string[],
  input: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ToolRun> => {
  const { exitCode, stdout, stderr } = await execa(file, args, {
    input,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env },
    extendEnv: false,
    reject: false,
  });
  return { exitCode: exitCode ?? 1, stdout, stderr };
};

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_LOG } from '../test/cluster/control-plane.ts';
import { type LocalCluster, startCluster, startLocalPair } from '../test/cluster/harness.ts';
import type { Running } from '../test/cluster/processes.ts';
import { type ChartName, chartFolder, helm } from '../test/helpers/charts.ts';
import { kubectl, ROOT, until } from './demo-run.ts';

/** The namespace of the controller, its mappings and its Secrets, and of its accounts in the other clusters. */
export const HOME = 'dr-syncer';

/** The three clusters, and the controller as a process of this machine. */
export interface DemoClusters {
  readonly hub: LocalCluster;
  readonly source: LocalCluster;
  readonly dest: LocalCluster;
  /** The administrator's kubeconfig with the contexts of source and destination. */
  readonly kubeconfig: string;
  /** Installs the chart of the controller in the hub. */
  installController(): Promise<void>;
  /** Installs the chart of a remote cluster, and gives its token to the hub in a Secret. */
  installRemote(cluster: LocalCluster, values: readonly string[]): Promise<void>;
  /** Starts the controller with the arguments of its Deployment and a kubeconfig of its ServiceAccount. */
  startController(): Promise<Controller>;
  stop(): Promise<void>;
}

/** The running controller. */
export interface Controller {
  readonly process: Running;
  /** What it has logged so far. */
  log(): string;
}

/** Starts a management cluster, a source and a destination; they end with this process. */
export async function startThree(): Promise<DemoClusters> {
  const [pair, hub] = await Promise.all([startLocalPair(), startCluster({ name: 'dr-hub' })]);
  const { source, dest, kubeconfig, session } = pair;
  const installed = (cluster: LocalCluster, chart: ChartName, values: readonly string[]): Promise<void> =>
    install(cluster, chart, values, session.root);
  return {
    ...{ hub, source, dest, kubeconfig },
    // Its servers are on this machine. Pods of this cluster run no containers, so the controller is started beside it.
    installController: () =>
      installed(hub, 'dr-syncer', ['--set', 'extraArgs={--allow-loopback-servers,--log-format,text}']),
    installRemote: async (cluster, values) => {
      await installed(cluster, 'dr-syncer-remote', values);
      await giveToken(cluster, hub);
    },
    startController: async () => {
      const file = join(session.root, 'controller-kubeconfig');
      const token = (await kubectl(hub, ['-n', HOME, 'create', 'token', 'dr-syncer'])).trim();
      writeFileSync(file, kubeconfigOf(hub, token), { mode: 0o600 });
      const log = join(session.root, 'controller.log');
      const program = join(ROOT, 'bin', 'dr-syncer.js');
      const args = [program, ...(await argumentsOf(hub)), '--kubeconfig', file, ...NO_PORTS];
      const process_ = session.launch('controller', process.execPath, args, log);
      return { process: process_, log: () => readFileSync(log, 'utf8') };
    },
    stop: async () => {
      await Promise.all([pair.stop(), hub.stop()]);
    },
  };
}

/** What an account has asked a cluster for: `get configmaps shop/dr-syncer-state`, with when and how it was answered. */
export interface Asked {
  readonly atMs: number;
  readonly verb: string;
  readonly namespace: string;
  readonly what: string;
  readonly status: number;
}

/** Reads from the audit log of a cluster what the account of the demo has asked it for. */
export function askedOf(cluster: LocalCluster): Asked[] {
  return readFileSync(join(cluster.workdir, AUDIT_LOG), 'utf8')
    .split('\n')
    .filter((line) => line.includes(`system:serviceaccount:${HOME}:dr-syncer`) && line.endsWith('}'))
    .map((line) => JSON.parse(line))
    .map(({ verb, objectRef, requestURI, requestReceivedTimestamp, responseStatus }) => ({
      atMs: Date.parse(requestReceivedTimestamp),
      verb,
      namespace: objectRef?.namespace ?? '',
      what: objectRef === undefined ? requestURI : `${objectRef.resource} ${objectRef.name ?? ''}`.trim(),
      status: responseStatus?.code ?? 0,
    }));
}

// Other programs of this machine may have the ports of the chart.
const NO_PORTS = ['--metrics-bind-address', '0', '--health-probe-bind-address', '0'];

async function install(
  cluster: LocalCluster,
  chart: ChartName,
  values: readonly string[],
  scratch: string,
): Promise<void> {
  const place = ['--namespace', HOME, '--create-namespace', '--kube-context', cluster.context];
  const env = { KUBECONFIG: cluster.kubeconfig, HOME: scratch };
  const { exitCode, stderr } = await helm(['install', chart, chartFolder(chart), ...place, ...values], {
    env,
  });
  if (exitCode !== 0) throw new Error(`helm install ${chart} failed in ${cluster.context}:\n${stderr}`);
}

async function giveToken(cluster: LocalCluster, hub: LocalCluster): Promise<void> {
  const secret = ['-n', HOME, 'get', 'secret', 'dr-syncer-remote-token', '-o', 'jsonpath={.data.token}'];
  const token = await until('the token of dr-syncer-remote', async () => {
    const encoded = await kubectl(cluster, secret);
    return encoded === '' ? undefined : Buffer.from(encoded, 'base64').toString();
  });
  const name = `${cluster.context}-kubeconfig`;
  const given = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: HOME },
    stringData: { kubeconfig: kubeconfigOf(cluster, token) },
  };
  await kubectl(hub, ['apply', '-f', '-'], JSON.stringify(given));
}

function kubeconfigOf({ context, server, caFile }: LocalCluster, token: string): string {
  const authority = readFileSync(caFile).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: context, user: { token } }],
    contexts: [{ name: context, context: { cluster: context, user: context, namespace: HOME } }],
    'current-context': context,
  });
}

// What a kubelet would start, so that the chart and the program are seen to agree.
async function argumentsOf(hub: LocalCluster): Promise<string[]> {
  const path = 'jsonpath={.spec.template.spec.containers[0].args}';
  const args: string[] = JSON.parse(
    await kubectl(hub, ['-n', HOME, 'get', 'deployment/dr-syncer', '-o', path]),
  );
  return args.map((arg) => arg.replace('$(POD_NAMESPACE)', HOME));
}

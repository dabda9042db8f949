import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import {
  api,
  applyObject,
  contextOf,
  createNamespace,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  pair,
  patchJson,
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { type ContextEntry, readEndpoint } from '../cluster/kubeconfig.ts';
import { objectsOf, render } from './charts.ts';
import { installMappingCrds } from './mappings.ts';
import { freePort } from './ports.ts';

/** A controller that runs as a process of its own, with the rights of the chart in the management cluster. */
export interface ControllerProcess {
  readonly child: ChildProcess;
  /** What it has logged so far, one JSON object a line. */
  log(): string;
  /** Resolves when it has logged this. */
  says(text: string | RegExp): Promise<void>;
  metrics(): Promise<string>;
  /** What /readyz answers: status and text. */
  readyz(): Promise<readonly [number, string]>;
  /** Asks it to end and resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Ends it without asking. */
  kill(): Promise<void>;
}

/** A namespace of the source cluster with the custom resources of a test file, and its controllers. */
export interface Hub {
  readonly namespace: string;
  /** Starts a controller for this namespace alone, and resolves when it leads, or with `leads: false` when it waits. */
  start(args?: readonly string[], options?: { readonly leads?: boolean }): Promise<ControllerProcess>;
  /** Makes, or changes, the Secret `<name>-kubeconfig`. */
  secret(name: string, kubeconfig: string): Promise<void>;
  /** Makes a RemoteCluster and its Secret; the kubeconfig leads to a side, or is the text that is given. */
  remote(name: string, to: Side | string, spec?: object): Promise<void>;
  apply(
    kind: string,
    name: string,
    spec: object,
    annotations?: Readonly<Record<string, string>>,
  ): Promise<Json>;
  /** Applies a NamespaceMapping from `prod` to `dr`. */
  map(name: string, sourceNamespace: string, spec?: object): Promise<Json>;
  annotate(name: string, annotations: Readonly<Record<string, string | null>>): Promise<void>;
  patch(name: string, spec: object): Promise<Json>;
  mapping(name: string): Promise<Json>;
  /** Resolves with the status when Ready says this about the newest generation, such as `True InSync`. */
  ready(name: string, text: string, timeoutMs?: number): Promise<Json>;
  /** `reason: note` of the events about a mapping. */
  events(name: string): Promise<string[]>;
  /** Ends what still runs. */
  close(): Promise<void>;
}

const GROUP = 'dr-syncer.io/v1alpha1';
const ROOT = join(import.meta.dirname, '..', '..');
// The Node of devDependencies, whichever one started the tests.
const NODE = join(ROOT, 'node_modules', '.bin', 'node');

/** Makes a hub: namespace, account and rights as the chart makes them, RemoteClusters `prod` and `dr` for the two sides. */
export const openHub = async (prefix: string): Promise<Hub> => {
  const namespace = freshNamespace(prefix);
  await Promise.all([installMappingCrds(), createNamespace('source', namespace)]);
  const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-hub-'));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, textOf({ ...endpointOf('source'), ...(await chartAccount(namespace)) }));
  const running: ControllerProcess[] = [];
  const hub: Hub = {
    ...resourcesOf(namespace),
    namespace,
    start: async (args = [], { leads = true } = {}) => {
      const started = await startController(namespace, kubeconfig, args);
      running.push(started);
      await started.says(leads ? 'This process leads.' : 'Waiting to lead');
      return started;
    },
    close: async () => {
      await Promise.all(running.map(({ kill }) => kill()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await Promise.all([hub.remote('prod', 'source'), hub.remote('dr', 'dest')]);
  return hub;
};

/** The text of a kubeconfig that leads to a side with the rights of the tests; `changes` are of its endpoint. */
export const kubeconfigOf = (side: Side, changes: Partial<ContextEntry> = {}): string =>
  textOf({ ...endpointOf(side), ...changes });

const endpointOf = (side: Side): ContextEntry => ({
  ...readEndpoint(pair().kubeconfig, contextOf(side)),
  context: contextOf(side),
});

const textOf = ({ context, server, ca, cert, key, token }: ContextEntry): string => {
  const data = (text: string | undefined) =>
    text === undefined ? undefined : Buffer.from(text).toString('base64');
  const user =
    token === undefined ? { 'client-certificate-data': data(cert), 'client-key-data': data(key) } : { token };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'certificate-authority-data': data(ca) } }],
    users: [{ name: context, user }],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    'current-context': context,
  });
};

const RIGHTS = new Set(['ServiceAccount', 'Role', 'RoleBinding']);

// A token of the chart's account, for a release that watches its own namespace alone.
const chartAccount = async (namespace: string): Promise<{ readonly token: string }> => {
  const objects = objectsOf(await render('dr-syncer', { watchNamespaces: [namespace] }, namespace));
  for (const object of objects) if (RIGHTS.has(object.kind)) await applyObject('source', object, namespace);
  const account = objects.find(({ kind }) => kind === 'ServiceAccount').metadata.name;
  const { token } = await tokenOf('source', namespace, account);
  await waitUntil('the rights of the chart', async () => {
    const answer = await api('source')('GET', `/apis/${GROUP}/namespaces/${namespace}/remoteclusters`, {
      token,
    });
    return answer.status === 200;
  });
  return { token };
};

/** A token of a service account. */
export const tokenOf = async (
  side: Side,
  namespace: string,
  account: string,
): Promise<{ readonly token: string }> => {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const { body } = await api(side)('POST', path, {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  return { token: body.status.token };
};

const resourcesOf = (namespace: string) => {
  const apply = (
    kind: string,
    name: string,
    spec: object,
    annotations: Readonly<Record<string, string>> = {},
  ) => applyObject('source', { apiVersion: GROUP, kind, metadata: { name, annotations }, spec }, namespace);
  const secret = async (name: string, kubeconfig: string): Promise<void> => {
    await applyObject(
      'source',
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `${name}-kubeconfig` },
        stringData: { kubeconfig },
      },
      namespace,
    );
  };
  const mapping = (name: string) => getJson('source', 'NamespaceMapping', name, namespace);
  return {
    apply,
    secret,
    mapping,
    remote: async (name: string, to: Side | string, spec: object = {}): Promise<void> => {
      await secret(name, to === 'source' || to === 'dest' ? kubeconfigOf(to) : to);
      await apply('RemoteCluster', name, { kubeconfigSecretRef: { name: `${name}-kubeconfig` }, ...spec });
    },
    map: (name: string, sourceNamespace: string, spec: object = {}) =>
      apply('NamespaceMapping', name, {
        ...('clusterMappingRef' in spec ? {} : { sourceCluster: 'prod', destinationCluster: 'dr' }),
        sourceNamespace,
        ...spec,
      }),
    annotate: async (name: string, annotations: Readonly<Record<string, string | null>>): Promise<void> => {
      await patchJson('source', 'NamespaceMapping', name, namespace, { metadata: { annotations } });
    },
    patch: (name: string, spec: object) => patchJson('source', 'NamespaceMapping', name, namespace, { spec }),
    ready: async (name: string, text: string, timeoutMs = 45_000): Promise<Json> => {
      let last: Json;
      const isSo = async () => {
        last = await mapping(name);
        const ready = conditionOf(last, 'Ready');
        return (
          `${ready?.status} ${ready?.reason}` === text &&
          ready.observedGeneration === last.metadata.generation
        );
      };
      await waitUntil(`${name} to be ${text}`, isSo, timeoutMs).catch((error: Error) => {
        throw new Error(`${error.message} ${JSON.stringify(last?.status, null, 1)}`);
      });
      return last.status;
    },
    events: async (name: string): Promise<string[]> =>
      (await listJson('source', 'events.events.k8s.io', namespace))
        .filter(({ regarding }) => regarding?.name === name)
        .map(({ reason, note }) => `${reason}: ${note}`),
  };
};

/** A condition of a custom resource. */
export const conditionOf = (object: Json, type: string): Json =>
  object?.status?.conditions?.find((condition: Json) => condition.type === type);

const startController = async (
  namespace: string,
  kubeconfig: string,
  args: readonly string[],
): Promise<ControllerProcess> => {
  const [metrics, probes] = [await freePort(), await freePort()];
  const child = spawn(
    NODE,
    [
      join(ROOT, 'src', 'cli.ts'),
      'controller',
      ...[
        '--kubeconfig',
        kubeconfig,
        '--watch-namespaces',
        namespace,
        '--leader-election-namespace',
        namespace,
      ],
      ...[
        '--metrics-bind-address',
        `127.0.0.1:${metrics}`,
        '--health-probe-bind-address',
        `127.0.0.1:${probes}`,
      ],
      ...['--allow-loopback-servers', '--log-level', 'debug', ...args],
    ],
    { env: { PATH: process.env['PATH'], HOME: process.env['HOME'] }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    if (!hasEnded()) child.kill(signal);
    return ended;
  };
  return {
    child,
    log: () => text,
    says: async (wanted) => {
      const isSaid = async (): Promise<boolean> => {
        if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return true;
        if (hasEnded()) throw new Error(`The controller ended without ${wanted}:\n${text}`);
        return false;
      };
      await waitUntil(`the controller to say ${wanted}`, isSaid, 90_000);
    },
    metrics: async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(),
    readyz: async () => {
      const answer = await fetch(`http://127.0.0.1:${probes}/readyz`);
      return [answer.status, await answer.text()];
    },
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
  };
};

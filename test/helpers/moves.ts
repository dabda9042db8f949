import { expect } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { openReader } from '../../src/kube/cluster.ts';
import { openInformer } from '../../src/kube/informer.ts';
import { PODS } from '../../src/kube/well-known.ts';
import { api, contextOf, type Json, listJson, pair, type Side } from '../cluster/client.ts';
import { type CliProcess, type CliRun, startCli } from '../cluster/run-cli.ts';
import { runInside } from './run-inside.ts';
import { CLUSTER, contextFor } from './stage.ts';
import type { End } from './stage-run.ts';

/** A run of a command that writes `-o json`. */
export interface MoveRun extends CliRun {
  /** The one document on stdout. */
  readonly document: Json;
}

/** How a command reaches the two sides, and what else is on its command line. */
export interface MoveArgs {
  readonly source?: End;
  readonly dest?: End;
  /** Added at the end. */
  readonly args?: readonly string[];
  /** Destination namespace, when it is another one. */
  readonly destNamespace?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Leave out --yes. */
  readonly ask?: boolean;
  readonly timeoutMs?: number;
  /** Interrupts a run inside this process. */
  readonly signal?: AbortSignal;
  readonly operator?: string;
}

/** A run under way inside this process. */
export interface MoveUnderWay {
  readonly done: Promise<MoveRun>;
  /** Resolves when the run has said this; rejects when it ends without. */
  says(text: RegExp): Promise<void>;
}

/** Starts a command of dr-syncer as a process of its own, on a namespace of the pair, with `--yes -o json`. */
export const startMove = (verb: string, namespace: string, args: MoveArgs = {}): CliProcess =>
  startCli(argvOf(verb, namespace, args), { timeoutMs: 120_000, ...args });

const argvOf = (verb: string, namespace: string, move: MoveArgs): string[] => {
  const { source, dest, args = [], destNamespace = namespace, ask = false } = move;
  const { kubeconfig } = pair();
  return [
    verb,
    ...['--source-kubeconfig', source?.kubeconfig ?? kubeconfig],
    ...['--source-context', source?.context ?? contextOf('source')],
    ...['--dest-kubeconfig', dest?.kubeconfig ?? kubeconfig],
    ...['--dest-context', dest?.context ?? contextOf('dest')],
    ...['--source-namespace', namespace, '--dest-namespace', destNamespace],
    ...['-o', 'json'],
    ...(READS.has(verb) ? [] : ['--hold', '300ms', '--wait-timeout', '60s']),
    ...(ask || READS.has(verb) ? [] : ['--yes']),
    ...args,
  ];
};

/**
 * Runs a command to its end inside this process; stdout must be one document that agrees with the exit code, and
 * nothing may be a crash. It gives up its wait for each step after 60 s, and holds for 0.3 s.
 */
export const move = async (verb: string, namespace: string, args: MoveArgs = {}): Promise<MoveRun> =>
  checkedMove(await runInside(argvOf(verb, namespace, args), args));

/** As move, for tests that act when the run has come to a point: it says what it waits for. */
export const beginMove = (verb: string, namespace: string, args: MoveArgs = {}): MoveUnderWay => {
  let said = '';
  const listeners = new Set<() => void>();
  const onOutput = (text: string): void => {
    said += text;
    for (const listen of listeners) listen();
  };
  const done = runInside(argvOf(verb, namespace, args), { ...args, onOutput }).then(checkedMove);
  const says = (text: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const listen = (): void => {
        if (text.test(said)) resolve();
      };
      listeners.add(listen);
      listen();
      done.then(() => reject(new Error(`The run ended without ${text}:\n${said}`)), reject);
    });
  return { done, says };
};

/** As move, as a process of its own. */
export const moveOutside = async (verb: string, namespace: string, args: MoveArgs = {}): Promise<MoveRun> =>
  checkedMove(await startMove(verb, namespace, args).done);

/** What holds for every run of a command. */
export const checkedMove = (run: CliRun): MoveRun => {
  const shown = `${run.stdout}\n${run.stderr}`;
  expect(run.stdout, run.stderr).not.toBe('');
  const document = JSON.parse(run.stdout);
  if (!Array.isArray(document) && document.exitCode !== undefined)
    expect(document.exitCode, shown).toBe(run.exitCode);
  expect(run.stderr).not.toMatch(/Internal error|UnhandledPromise|at .*\.ts:\d+|MaxListeners/);
  return { ...run, document };
};

/** Runs it and fails with everything it said unless it ends with this code. */
export const moveTo = async (
  code: number,
  verb: string,
  namespace: string,
  args: MoveArgs = {},
): Promise<MoveRun> => {
  const run = await move(verb, namespace, args);
  const failed = (run.document.steps ?? []).filter((step: Json) => step.state === 'failed');
  expect(run.exitCode, `${verb}: ${run.stderr}\n${JSON.stringify(failed)}`).toBe(code);
  return run;
};

const READS = new Set(['status', 'history', 'plan', 'stage']);

/** The field by which each kind runs or rests, for all workloads of a namespace: `Deployment/web` -> 3. */
export const countsOf = async (side: Side, namespace: string): Promise<Record<string, Json>> => {
  const lists = await Promise.all(Object.keys(FIELDS).map((kind) => listQuietly(side, kind, namespace)));
  return Object.fromEntries(
    lists
      .flat()
      // A ReplicaSet of a Deployment comes and goes with it.
      .filter(({ metadata }) => !metadata.ownerReferences?.some((owner: Json) => owner.controller))
      .map((object) => [`${object.kind}/${object.metadata.name}`, FIELDS[object.kind]?.(object)]),
  );
};

/** Objects of a namespace that carry a key of ours, as `Kind/name key`; our own records are not counted. */
export const marksIn = async (side: Side, namespace: string): Promise<string[]> => {
  const lists = await Promise.all(
    [...Object.keys(FIELDS), 'ConfigMap', 'Service', 'Secret', 'Pod', 'ServiceAccount'].map((kind) =>
      listQuietly(side, kind, namespace),
    ),
  );
  return lists
    .flat()
    .filter(({ metadata }) => metadata.labels?.['dr-syncer.io/record'] === undefined)
    .flatMap(({ kind, metadata }) =>
      [...Object.keys(metadata.annotations ?? {}), ...Object.keys(metadata.labels ?? {})]
        .filter((key) => key.startsWith('dr-syncer.io/'))
        .map((key) => `${kind}/${metadata.name} ${key}`),
    )
    .sort();
};

/** Names of the pods of a namespace that are not over. */
export const livePods = async (side: Side, namespace: string): Promise<string[]> =>
  (await listJson(side, 'Pod', namespace)).filter(isAlive).map(({ metadata }) => metadata.name);

/** Looks at the pods of both sides all the time. */
export interface Watch {
  /** Instants in which pods were alive on both sides, as sentences; `allowed` are name prefixes that do not count. */
  readonly both: string[];
  stop(): Promise<void>;
}

/** Watches the pods of a namespace on both sides until it is stopped. */
export const watchPods = async (
  namespace: string,
  { destNamespace = namespace, allowed = [] as readonly string[] } = {},
): Promise<Watch> => {
  const stopped = new AbortController();
  const { signal } = stopped;
  const clusters = (['source', 'dest'] as const).map((side) => openReader(contextFor(side), CLUSTER));
  const names = [namespace, destNamespace];
  const informers = await Promise.all(
    clusters.map((cluster, index) => openInformer(cluster, [PODS], names[index] ?? namespace, { signal })),
  );
  const both: string[] = [];
  const look = (): void => {
    const [source = [], dest = []] = informers.map((informer) =>
      informer
        .objects()
        .filter((pod) => isAlive(pod) && !allowed.some((prefix) => pod.metadata.name.startsWith(prefix)))
        .map(({ metadata }: KubeObject) => metadata.name),
    );
    if (source.length > 0 && dest.length > 0) both.push(`source ${source}; dest ${dest}`);
  };
  const loops = informers.map(async (informer) => {
    while (!signal.aborted) {
      look();
      await informer.changed(1000).catch(() => undefined);
    }
  });
  return {
    both,
    stop: async () => {
      stopped.abort();
      await Promise.all(loops);
      await Promise.all(clusters.map((cluster) => cluster.close()));
    },
  };
};

const isAlive = (pod: Json): boolean => !['Succeeded', 'Failed'].includes(pod.status?.phase);

const FIELDS: Readonly<Record<string, (object: Json) => Json>> = {
  Deployment: ({ spec }) => spec.replicas,
  StatefulSet: ({ spec }) =>
    spec.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete'
      ? `${spec.replicas} whenScaled Delete`
      : spec.replicas,
  ReplicaSet: ({ spec }) => spec.replicas,
  ReplicationController: ({ spec }) => spec.replicas,
  DaemonSet: ({ spec }) => spec.template.spec.nodeSelector ?? 'everywhere',
  CronJob: ({ spec }) => (spec.suspend ? 'suspended' : 'on'),
  Job: ({ spec }) => (spec.suspend ? 'suspended' : 'on'),
  HorizontalPodAutoscaler: ({ spec }) => `${spec.minReplicas ?? 1}..${spec.maxReplicas}`,
  ScaledObject: ({ metadata }) =>
    Object.entries(metadata.annotations ?? {})
      .filter(([key]) => key.startsWith('autoscaling.keda.sh/'))
      .map(([key, value]) => `${key.slice(20)}=${value}`)
      .sort()
      .join(' '),
  Widget: ({ spec }) => spec.replicas,
  Prometheus: ({ spec }) => spec.replicas,
};

// Custom kinds are there only in tests that install them.
const listQuietly = async (side: Side, kind: string, namespace: string): Promise<Json[]> => {
  const group = CUSTOM[kind];
  if (group !== undefined && (await api(side)('GET', `/apis/${group}`)).status === 404) return [];
  return (await listJson(side, kind, namespace)).map((object) => ({ ...object, kind }));
};

const CUSTOM: Readonly<Record<string, string>> = {
  ScaledObject: 'keda.sh',
  Widget: 'moves.example.com',
  Prometheus: 'monitoring.coreos.com',
};

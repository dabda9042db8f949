import { PartialError, RefusedError } from '../common/errors.ts';
import type { Reporter } from '../common/reporter.ts';
import { silentReporter } from '../common/reporter.ts';
import { timerMs } from '../common/sleep.ts';
import { joinSignals } from '../kube/deadline.ts';
import { NAMESPACES } from '../kube/well-known.ts';
import type { NamespaceMapping } from '../mapping/custom-resources.ts';
import type { ClusterPair } from '../verbs/cluster-pair.ts';
import type { Runtime } from '../verbs/runtime.ts';
import { stage } from '../verbs/stage.ts';
import type { ControllerLog } from './controller-log.ts';
import type { ControllerDeps } from './controller-options.ts';
import type { SyncEnd } from './judge-sync.ts';
import type { ResolvedMapping } from './resolve-mapping.ts';

/** How one sync ended. */
export interface SyncRun {
  readonly end: SyncEnd;
  readonly isTimeout: boolean;
  /** ms from start to end. */
  readonly elapsedMs: number;
}

/** On what terms a mapping is synced. */
export interface SyncTerms {
  readonly deps: ControllerDeps;
  readonly log: ControllerLog;
  /** Compare, and write nothing. */
  readonly isPlan: boolean;
  /** How the record of the destination names this controller and the mapping. */
  readonly managedBy: string | undefined;
}

/**
 * Stages the namespace of a mapping by the verb that the CLI uses, with the same lock and record; `isPlan` compares and
 * writes nothing. Never throws: what was thrown is the end.
 */
export const syncMapping = async (
  mapping: NamespaceMapping,
  resolved: ResolvedMapping,
  { deps, log, isPlan, managedBy }: SyncTerms,
): Promise<SyncRun> => {
  const started = performance.now();
  const limit = new AbortController();
  const { syncTimeoutMs } = mapping.spec;
  const text = `The sync took longer than syncTimeout (${Math.round(syncTimeoutMs / 1000)} s).`;
  const timer = setTimeout(() => limit.abort(new PartialError(text)), timerMs(syncTimeoutMs));
  // A signal that lives as long as the process must not collect the listeners of every sync.
  const joined = joinSignals(deps.signal, limit.signal);
  const { signal } = joined;
  const ended = (end: SyncEnd): SyncRun => ({
    end,
    isTimeout: limit.signal.aborted,
    elapsedMs: performance.now() - started,
  });
  try {
    const pair = pairOf(mapping, resolved, signal);
    await refuseMissingNamespace(mapping, resolved, pair, signal);
    const { request } = resolved.stage;
    const asked = isPlan ? { stage: { ...request.stage, dryRun: true }, preCopy: undefined } : request;
    return ended({
      result: await stage(pair, asked, { ...runtimeOf(mapping, deps, log, signal), managedBy }),
    });
  } catch (error) {
    return ended({ error });
  } finally {
    clearTimeout(timer);
    joined.release();
  }
};

const pairOf = (
  mapping: NamespaceMapping,
  { source, dest, destNamespace }: ResolvedMapping,
  signal: AbortSignal,
): ClusterPair => ({
  openSource: () => ({
    cluster: source.shared.reader({ signal }),
    namespace: mapping.spec.sourceNamespace,
    context: source.shared.context,
  }),
  // A controller stages. Who moves an application is a person, with the CLI.
  openSourceWriter: () => {
    throw new TypeError('a controller never writes to a source');
  },
  openDest: () => ({
    cluster: dest.shared.writer({ signal }),
    namespace: destNamespace,
    context: dest.shared.context,
  }),
  sourceName: () => ({ context: source.alias, namespace: mapping.spec.sourceNamespace }),
  isSourceNamed: true,
});

const refuseMissingNamespace = async (
  { spec }: NamespaceMapping,
  { dest, destNamespace }: ResolvedMapping,
  pair: ClusterPair,
  signal: AbortSignal,
): Promise<void> => {
  if (spec.namespaceConfig.createNamespace) return;
  const found = await pair.openDest().cluster.get({ type: NAMESPACES, name: destNamespace }, { signal });
  if (found !== undefined) return;
  throw new RefusedError(
    `Namespace ${destNamespace} does not exist in cluster ${dest.alias}, and namespaceConfig.createNamespace is false.`,
    { about: 'NamespaceMissing' },
  );
};

const runtimeOf = (
  mapping: NamespaceMapping,
  deps: ControllerDeps,
  log: ControllerLog,
  signal: AbortSignal,
): Runtime => {
  const name = `${mapping.namespace}/${mapping.name}`;
  return {
    reporter: reporterOf(log),
    signal,
    operator: `controller/${name}@${deps.instance}`,
    commandLine: `dr-syncer controller: NamespaceMapping ${name}`,
    version: deps.version,
    process: deps.process,
    env: deps.env,
    yields: true,
    now: () => Date.now(),
  };
};

const reporterOf = (log: ControllerLog): Reporter => ({
  ...silentReporter,
  action: (message) => log.debug(message),
  waiting: (message) => log.info(message),
  success: (message) => log.debug(message),
  warning: (message) => log.warn(message),
  failure: (message) => log.warn(message),
  hint: (message) => log.debug(message),
  debug: (message) => log.debug(message),
});

import { hostname } from 'node:os';
import { exitCode } from '../common/exit-codes.ts';
import type { ControllerLog, LogFields } from '../controller/controller-log.ts';
import { runController } from '../controller/run-controller.ts';
import { openWriter } from '../kube/cluster.ts';
import { type KubeContext, openContext } from '../kube/contexts.ts';
import { inClusterContext } from '../kube/in-cluster.ts';
import { controllerLog } from '../ui/controller-log-lines.ts';
import type { Io } from '../ui/io.ts';
import { type ControllerFlags, refuseOldVariables } from './controller-flags.ts';

// Beside the connections of the clusters: statuses, events, watches and the Lease.
const REQUESTS = 16;
const REQUEST_MS = 15_000;

/** `dr-syncer controller`: returns the exit code when it was asked to stop, or when its leadership was lost. */
export const runControllerCommand = async (
  io: Io,
  flags: ControllerFlags,
  interrupt: AbortSignal,
): Promise<number> => {
  refuseOldVariables(io.env);
  const log: ControllerLog = controllerLog(io.stderr, flags.logLevel, flags.logFormat, () => new Date());
  const context = managementContext(io, flags);
  const userAgent = `dr-syncer/${io.version} (controller)`;
  const management = openWriter(context, { concurrency: REQUESTS, requestTimeoutMs: REQUEST_MS, userAgent });
  const own = io.env['POD_NAMESPACE'] ?? context.namespace ?? 'dr-syncer-system';
  const fields: LogFields = { cluster: context.name };
  log.info(`dr-syncer ${io.version} starts${flags.observe === true ? ' and only observes' : ''}.`, fields);
  try {
    const end = await runController(
      management,
      {
        metricsAddress: flags.metricsBindAddress,
        probeAddress: flags.healthProbeBindAddress,
        leaderElect: flags.leaderElect,
        leaderElectionId: flags.leaderElectionId,
        leaderElectionNamespace: flags.leaderElectionNamespace ?? own,
        watchNamespaces: flags.watchNamespaces ?? [],
        maxConcurrentSyncs: flags.maxConcurrentSyncs,
        resyncMs: flags.resyncPeriod,
        allowCrossNamespaceRefs: flags.allowCrossNamespaceRefs === true,
        allowKubeconfigExec: flags.allowKubeconfigExec === true,
        allowInsecureTls: flags.allowInsecureTls === true,
        allowLoopbackServers: flags.allowLoopbackServers === true,
        defaultSchedule: io.env['DEFAULT_SCHEDULE'] || undefined,
        defaultResourceTypes: (io.env['DEFAULT_RESOURCE_TYPES'] ?? '')
          .split(',')
          .filter((name) => name !== ''),
        observe: flags.observe === true,
      },
      {
        // Two processes on one host, and two pods, are two candidates.
        instance: io.env['POD_NAME'] ?? `${hostname()}-${io.process.pid}`,
        version: io.version,
        process: io.process,
        env: io.env,
        log,
        signal: interrupt,
      },
    );
    log.info(`dr-syncer ends: ${end}.`);
    return exitCode(end === 'stopped' ? 'ok' : 'locked');
  } finally {
    await management.close();
  }
};

const managementContext = ({ env }: Io, flags: ControllerFlags): KubeContext =>
  flags.kubeconfig === undefined &&
  flags.context === undefined &&
  env['KUBERNETES_SERVICE_HOST'] !== undefined
    ? inClusterContext('management', env)
    : openContext({ path: flags.kubeconfig, env }, flags.context, '--context');

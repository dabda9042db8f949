import {
  duration,
  flag,
  list,
  object,
  orElse,
  part,
  quantity,
  rawObject,
  section,
  table,
  text,
  time,
  type ValueOf,
  whole,
  word,
} from './schema-fields.ts';
import {
  CONDITIONS,
  GENERATION,
  NAME,
  NAMESPACE_OR_EMPTY,
  REFERENCE,
  SCHEDULE,
  STATUS_MESSAGE,
  STATUS_TEXT,
  TYPE_NAMES,
  VERIFICATION,
  WARNINGS,
} from './shared-fields.ts';

const ENTRIES = table(text(), 64);
const AMOUNTS = table(quantity(), 16);
const UP_TO_256 = { minimum: 1, maximum: 256 };
const UP_TO_100 = { minimum: 0, maximum: 100 };
const INT32 = whole();

const AGENT_PODS = section({
  hostNetwork: flag(),
  nodeSelector: ENTRIES,
  tolerations: list(rawObject({ additionalProperties: { 'x-kubernetes-int-or-string': true } }), 32),
  resources: section({ limits: AMOUNTS, requests: AMOUNTS }),
  annotations: ENTRIES,
  labels: ENTRIES,
  priorityClassName: text({ maxLength: 253 }),
  privileged: flag(),
  extraEnv: list(rawObject({ 'x-kubernetes-preserve-unknown-fields': true }), 64),
});

const PVC_SYNC = section({
  enabled: orElse(flag(), false),
  access: orElse(word(['Node', 'Claim']), 'Node'),
  transport: orElse(word(['Direct', 'Tunnel']), 'Direct'),
  image: section({
    repository: text({ maxLength: 512 }),
    tag: text({ maxLength: 128 }),
    pullPolicy: word(['Always', 'IfNotPresent', 'Never']),
  }),
  ssh: section({
    port: orElse(whole({ minimum: 1024, maximum: 65_535 }), 2222),
    keySecretRef: REFERENCE,
  }),
  concurrency: whole(UP_TO_256),
  globalConcurrencyLimit: orElse(whole(UP_TO_256), 4),
  retryConfig: section({ maxRetries: whole(UP_TO_100), initialDelay: duration(), maxDelay: duration() }),
  deployment: AGENT_PODS,
  healthCheck: section({
    interval: duration(1),
    sshTimeout: duration(1),
    retryAttempts: whole(UP_TO_100),
    retryInterval: duration(),
  }),
  defaultVerificationMode: orElse(VERIFICATION, 'none'),
  defaultSamplePercent: orElse(whole({ minimum: 1, maximum: 100 }), 10),
  // Of the older tool; undefined when it is not there.
  rsyncDaemonSet: object({
    enabled: flag(),
    image: text({ maxLength: 512 }),
    namespace: NAMESPACE_OR_EMPTY,
    sshSecretName: text({ maxLength: 253 }),
  }),
});

/** The spec of a RemoteCluster; how it is read, and what its CRD says. */
export const REMOTE_CLUSTER_SPEC = section({
  inCluster: flag(),
  allowedNamespaces: list(text({ minLength: 1, maxLength: 63 }), 256),
  kubeconfigSecretRef: object(
    {
      name: NAME,
      namespace: NAMESPACE_OR_EMPTY,
      key: orElse(text({ maxLength: 253 }), 'kubeconfig'),
    },
    ['name'],
  ),
  context: text({ maxLength: 253 }),
  alias: text({ maxLength: 253 }),
  interval: orElse(duration(1), '1m'),
  requestTimeout: orElse(duration(1), '30s'),
  paused: orElse(flag(), false),
  maxConcurrentSyncs: orElse(whole(UP_TO_256), 8),
  defaultSchedule: SCHEDULE,
  defaultResourceTypes: TYPE_NAMES,
  pvcSync: PVC_SYNC,
});

const AGENT = part({
  ready: flag(),
  lastHeartbeat: time(),
  message: STATUS_MESSAGE,
  sshStatus: part({ lastCheckTime: time(), connected: flag(), error: STATUS_TEXT }),
  podStatus: part({ phase: STATUS_TEXT, ready: flag(), restartCount: INT32, lastTransitionTime: time() }),
});

/** The status of a RemoteCluster. */
export const REMOTE_CLUSTER_STATUS = part({
  observedGeneration: GENERATION,
  health: word(['Healthy', 'Unhealthy', 'Unknown']),
  lastSyncTime: time(),
  lastProbeTime: time(),
  lastHandledResync: STATUS_TEXT,
  clusterUID: STATUS_TEXT,
  serverVersion: STATUS_TEXT,
  credentialsExpireAt: time(),
  warnings: WARNINGS,
  conditions: CONDITIONS,
  pvcSync: part({
    phase: STATUS_TEXT,
    agentStatus: part({ readyNodes: INT32, totalNodes: INT32, nodeStatuses: table(AGENT, 500) }),
    lastSuccessfulSync: time(),
    lastDeploymentTime: time(),
    failedSyncs: INT32,
    message: STATUS_MESSAGE,
  }),
});

export type RemoteClusterSpec = ValueOf<typeof REMOTE_CLUSTER_SPEC>;
export type RemoteClusterStatus = NonNullable<ValueOf<typeof REMOTE_CLUSTER_STATUS>>;

import {
  duration,
  type Field,
  flag,
  list,
  object,
  orElse,
  section,
  table,
  text,
  textOrEmpty,
  type ValueOf,
  whole,
  word,
} from './schema-fields.ts';
import { NAME, NAMESPACE_OR_EMPTY, REFERENCE, SCHEDULE, TYPE_NAMES, VERIFICATION } from './shared-fields.ts';

const OFF = orElse(flag(), false);
const ON = orElse(flag(), true);

/** What to do after a failure; RetryAndWait is what is done. */
const FAILURE_MODE = word(['RetryAndWait', 'RetryOnly', 'WaitForNextSync', 'FailFast']);

/** What to do when a field cannot be changed, in the words of the older tool. */
const IMMUTABLE_HANDLING = word([
  'NoChange',
  'Recreate',
  'RecreateWithPodDrain',
  'PartialUpdate',
  'ForceUpdate',
]);

const pairs = (from: Field<string | undefined>, to: Field<string | undefined>) =>
  list(object({ from, to }, ['from', 'to']), 256);
const LONG_NAME = text({ minLength: 1, maxLength: 512 });

const DATA_SYNC = section({
  concurrentSyncs: orElse(whole({ minimum: 1, maximum: 256 }), 2),
  excludePaths: list(text({ minLength: 1, maxLength: 1024 }), 64),
  rsyncOptions: list(text({ maxLength: 256 }), 32),
  // KiB/s; 0 is no limit.
  bandwidthLimit: whole({ minimum: 0 }),
  timeout: orElse(duration(1), '30m'),
  // Without a default in the CRD, so that the default of the RemoteCluster means something.
  verificationMode: VERIFICATION,
  samplePercent: whole({ minimum: 1, maximum: 100 }),
  schedule: SCHEDULE,
  consistency: orElse(word(['Live', 'Snapshot']), 'Live'),
  keepLastGood: OFF,
});

const PVC_CONFIG = section({
  syncPersistentVolumes: OFF,
  // PVCs with storageClassName "" have a class to be mapped as well.
  storageClassMappings: pairs(textOrEmpty(253), NAME),
  accessModeMappings: pairs(NAME, NAME),
  preserveVolumeAttributes: OFF,
  syncData: OFF,
  dataSyncConfig: DATA_SYNC,
});

const WHEN = {
  paused: OFF,
  replicationMode: orElse(word(['Scheduled', 'Continuous', 'Manual']), 'Scheduled'),
  schedule: SCHEDULE,
  timeZone: text({ maxLength: 64 }),
  startingDeadline: duration(),
  syncTimeout: orElse(duration(1), '30m'),
};

const WHERE = {
  clusterMappingRef: REFERENCE,
  sourceCluster: NAME,
  destinationCluster: NAME,
  sourceNamespace: text({ maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }),
  destinationNamespace: NAMESPACE_OR_EMPTY,
};

const WHAT = {
  resourceTypes: TYPE_NAMES,
  excludeResourceTypes: TYPE_NAMES,
  namespaceScopedResources: TYPE_NAMES,
  includeCustomResources: OFF,
  oneShotKinds: list(
    text({ maxLength: 317, pattern: '^[A-Z][A-Za-z0-9]*(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$' }),
    64,
  ),
  selector: text({ maxLength: 1024 }),
  syncCRDs: OFF,
  scaleToZero: ON,
  prune: OFF,
  driftPolicy: orElse(word(['Correct', 'Report']), 'Correct'),
  keepGoing: OFF,
  deletionPolicy: orElse(word(['Retain', 'Delete']), 'Retain'),
};

const HOW = {
  imageMappings: pairs(LONG_NAME, LONG_NAME),
  hostMappings: pairs(LONG_NAME, LONG_NAME),
  ingressClassMappings: pairs(NAME, NAME),
  service: section({ preserveNodePorts: OFF, preserveLoadBalancerIP: OFF, holdLoadBalancers: OFF }),
  rewriteDNS: OFF,
  namespaceConfig: section({ createNamespace: ON, preserveLabels: ON, preserveAnnotations: ON }),
};

const FAILURES = {
  continuous: section({
    watchResources: ON,
    backgroundSyncInterval: orElse(duration(1), '1h'),
    debounce: orElse(duration(), '2s'),
  }),
  retryConfig: section({
    maxRetries: orElse(whole({ minimum: 0, maximum: 1000 }), 5),
    initialBackoff: orElse(duration(), '5s'),
    maxBackoff: orElse(duration(), '5m'),
    backoffMultiplier: orElse(whole({ minimum: 100, maximum: 1000 }), 200),
  }),
  failureHandling: section({
    defaultMode: FAILURE_MODE,
    storageClassNotFound: FAILURE_MODE,
    resourceNotFound: FAILURE_MODE,
    validationFailure: FAILURE_MODE,
    networkError: FAILURE_MODE,
  }),
  immutableResourceConfig: section({
    defaultHandling: IMMUTABLE_HANDLING,
    resourceOverrides: table(IMMUTABLE_HANDLING, 64),
    drainTimeout: orElse(duration(), '5m'),
    forceDeleteTimeout: orElse(duration(), '2m'),
  }),
  ingressConfig: section({ preserveAnnotations: ON, preserveTLS: ON, preserveBackends: ON }),
  tempPodKeySecretRef: REFERENCE,
};

const PROMISES = {
  objectives: section({ rpo: duration(1), rto: duration(1) }),
  rehearsal: section({
    schedule: SCHEDULE,
    namespaceSuffix: orElse(text({ maxLength: 20 }), '-rehearsal'),
    ttl: orElse(duration(), '1h'),
    isolate: ON,
  }),
};

/** The spec of a NamespaceMapping; how it is read, and what its CRD says. */
export const NAMESPACE_MAPPING_SPEC = object(
  { ...WHEN, ...WHERE, ...WHAT, ...HOW, ...FAILURES, ...PROMISES, pvcConfig: PVC_CONFIG },
  ['sourceNamespace'],
);

export type NamespaceMappingSpec = NonNullable<ValueOf<typeof NAMESPACE_MAPPING_SPEC>>;

import { flag, list, object, orElse, part, text, time, type ValueOf, whole, word } from './schema-fields.ts';
import {
  CONDITIONS,
  COUNT,
  GENERATION,
  NAME,
  NAMESPACE_OR_EMPTY,
  STATUS_MESSAGE,
  STATUS_TEXT,
  WARNINGS,
} from './shared-fields.ts';

/** The spec of a ClusterMapping; how it is read, and what its CRD says. */
export const CLUSTER_MAPPING_SPEC = object(
  {
    paused: orElse(flag(), false),
    sourceCluster: NAME,
    targetCluster: NAME,
    sshKeySecretRef: object(
      {
        name: NAME,
        namespace: NAMESPACE_OR_EMPTY,
        publicKeyKey: orElse(text({ maxLength: 253 }), 'id_rsa.pub'),
        privateKeyKey: orElse(text({ maxLength: 253 }), 'id_rsa'),
      },
      ['name'],
    ),
    verifyConnectivity: orElse(flag(), true),
    connectivityTimeoutSeconds: orElse(whole({ minimum: 1, maximum: 3600 }), 60),
  },
  ['sourceCluster', 'targetCluster'],
);

const INT32 = whole();
const PAIR = part({
  sourceNode: STATUS_TEXT,
  targetNode: STATUS_TEXT,
  connected: flag(),
  error: STATUS_TEXT,
});

/** The status of a ClusterMapping. */
export const CLUSTER_MAPPING_STATUS = part({
  observedGeneration: GENERATION,
  phase: word(['Pending', 'Connecting', 'Connected', 'Failed']),
  message: STATUS_MESSAGE,
  lastVerified: time(),
  lastAttemptTime: time(),
  lastHandledResync: STATUS_TEXT,
  consecutiveFailures: COUNT,
  warnings: WARNINGS,
  conditions: CONDITIONS,
  connectionStatus: part({
    totalSourceAgents: INT32,
    totalTargetAgents: INT32,
    connectedAgents: INT32,
    connectionDetails: list(PAIR, 100),
  }),
});

export type ClusterMappingSpec = NonNullable<ValueOf<typeof CLUSTER_MAPPING_SPEC>>;
export type ClusterMappingStatus = NonNullable<ValueOf<typeof CLUSTER_MAPPING_STATUS>>;

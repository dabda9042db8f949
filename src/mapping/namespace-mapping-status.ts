import { list, object, part, text, time, type ValueOf, whole, word } from './schema-fields.ts';
import { CONDITIONS, COUNT, GENERATION, STATUS_MESSAGE, STATUS_TEXT, WARNINGS } from './shared-fields.ts';

const OBJECT_STATE = word(['Pending', 'InProgress', 'Synced', 'Failed']);

const CLAIM = object(
  {
    name: STATUS_TEXT,
    phase: STATUS_TEXT,
    lastSyncTime: time(),
    bytes: whole({}, 'int64'),
    verified: STATUS_TEXT,
    error: text({ maxLength: 512 }),
  },
  ['name'],
);

const GROUP = object(
  {
    groupKind: STATUS_TEXT,
    totalCount: COUNT,
    syncedCount: COUNT,
    failedCount: COUNT,
    pendingCount: COUNT,
  },
  ['groupKind'],
);

const NOW = {
  observedGeneration: GENERATION,
  phase: word(['Pending', 'Running', 'Completed', 'Failed']),
  sync: part({ startedAt: time(), trigger: text({ maxLength: 64 }) }),
  plan: part({ at: time(), created: COUNT, updated: COUNT, deleted: COUNT, unchanged: COUNT }),
  warnings: WARNINGS,
  lastSyncTime: time(),
  nextSyncTime: time(),
  lastWatchEvent: time(),
  lastHandledSyncNow: STATUS_TEXT,
  lastHandledResync: STATUS_TEXT,
};

const RECORD = {
  stageHash: STATUS_TEXT,
  live: word(['source', 'dest', 'moving', 'unknown', 'both']),
  epoch: COUNT,
  operation: part({ id: STATUS_TEXT, kind: STATUS_TEXT, holder: STATUS_TEXT }),
  syncedThrough: time(),
};

const SYNC = {
  syncProgress: part({
    percentComplete: whole({ minimum: 0, maximum: 100 }),
    estimatedTimeRemaining: STATUS_TEXT,
    currentOperation: STATUS_TEXT,
    resourcesRemaining: COUNT,
  }),
  syncStats: part({
    totalResources: COUNT,
    successfulSyncs: COUNT,
    failedSyncs: COUNT,
    lastSyncDuration: STATUS_TEXT,
  }),
  resourceGroups: list(GROUP, 100),
  detailedStatus: list(part({ name: STATUS_TEXT, version: STATUS_TEXT, syncState: OBJECT_STATE }), 50),
  resourceStatus: list(
    part({
      kind: STATUS_TEXT,
      name: STATUS_TEXT,
      namespace: STATUS_TEXT,
      status: OBJECT_STATE,
      lastSyncTime: time(),
      error: STATUS_TEXT,
    }),
    50,
  ),
  errorCategories: list(part({ category: STATUS_TEXT, count: COUNT, lastOccurred: time() }), 20),
  retryStatus: part({ nextRetryTime: time(), retriesRemaining: COUNT, backoffDuration: STATUS_TEXT }),
  lastError: part({ message: STATUS_MESSAGE, time: time(), resource: STATUS_TEXT }),
};

/** The status of a NamespaceMapping. */
export const NAMESPACE_MAPPING_STATUS = part({
  ...NOW,
  ...RECORD,
  ...SYNC,
  conditions: CONDITIONS,
  deploymentScales: list(part({ name: STATUS_TEXT, originalReplicas: COUNT, lastSyncedAt: time() }), 500),
  data: part({ lastConsistentCopyTime: time(), mixedSince: time(), claims: list(CLAIM, 200) }),
});

export type NamespaceMappingStatus = NonNullable<ValueOf<typeof NAMESPACE_MAPPING_STATUS>>;

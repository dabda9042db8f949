import { nameList } from '../common/sentences.ts';
import type { NamespaceMappingSpec } from './namespace-mapping-spec.ts';

/** A field that the schema takes and dr-syncer does not do, or does otherwise. */
export interface ToldField {
  readonly field: string;
  /** Whether the mapping can be synced all the same. */
  readonly level: 'warning' | 'problem';
  /** The sentence behind the name of the field, when there is something to tell. */
  say(spec: NamespaceMappingSpec): string | undefined;
}

const when = (value: boolean, sentence: string): string | undefined => (value ? sentence : undefined);

const COPIED_ANYWAY = 'is not supported; they are always copied.';
const DRAIN_MS = 5 * 60_000;
const FORCE_DELETE_MS = 2 * 60_000;
const FAILURES = [
  'defaultMode',
  'storageClassNotFound',
  'resourceNotFound',
  'validationFailure',
  'networkError',
] as const;

/** What is told of a NamespaceMapping, in the order of its fields. Nothing that is not done is passed over silently. */
export const TOLD_FIELDS: readonly ToldField[] = [
  {
    field: 'syncCRDs: true',
    level: 'problem',
    say: ({ syncCRDs }) =>
      when(
        syncCRDs,
        'is not supported. Install the CRDs at the destination, or stage once by the CLI with --include-cluster-needs, and remove the field.',
      ),
  },
  {
    field: 'scaleToZero: false',
    level: 'warning',
    say: ({ scaleToZero }) =>
      when(
        !scaleToZero,
        'is not supported; the copy is always parked. For a warm standby, label a workload dr-syncer.io/scale-override.',
      ),
  },
  {
    field: 'driftPolicy: Report',
    level: 'problem',
    say: ({ driftPolicy }) =>
      when(driftPolicy === 'Report', 'is not supported: a sync corrects drift. Use Correct, or Manual mode.'),
  },
  {
    field: 'deletionPolicy: Delete',
    level: 'warning',
    say: ({ deletionPolicy }) =>
      when(deletionPolicy === 'Delete', 'is not supported. The copy stays when the mapping is deleted.'),
  },
  {
    field: 'namespaceConfig.preserveLabels: false',
    level: 'warning',
    say: ({ namespaceConfig }) =>
      when(
        !namespaceConfig.preserveLabels,
        'is not supported; labels are always copied, as Pod Security depends on them.',
      ),
  },
  {
    field: 'namespaceConfig.preserveAnnotations: false',
    level: 'warning',
    say: ({ namespaceConfig }) => when(!namespaceConfig.preserveAnnotations, COPIED_ANYWAY),
  },
  {
    field: 'failureHandling',
    level: 'warning',
    say: ({ failureHandling }) => {
      const others = FAILURES.filter((name) => (failureHandling[name] ?? 'RetryAndWait') !== 'RetryAndWait');
      return when(
        others.length > 0,
        `is not supported as it is in ${nameList(others)}; every failure is handled as RetryAndWait.`,
      );
    },
  },
  {
    field: 'immutableResourceConfig.defaultHandling: RecreateWithPodDrain',
    level: 'warning',
    say: ({ immutableResourceConfig: { defaultHandling } }) =>
      when(
        defaultHandling === 'RecreateWithPodDrain',
        'is handled as Recreate; the copy is parked, so there are no pods to drain.',
      ),
  },
  {
    field: 'immutableResourceConfig.defaultHandling: ForceUpdate',
    level: 'warning',
    say: ({ immutableResourceConfig: { defaultHandling } }) =>
      when(
        defaultHandling === 'ForceUpdate',
        'is handled as Recreate; PVCs are never recreated, as their data would be lost.',
      ),
  },
  {
    field: 'immutableResourceConfig.resourceOverrides',
    level: 'warning',
    say: ({ immutableResourceConfig: { resourceOverrides } }) =>
      when(
        Object.keys(resourceOverrides).length > 0,
        'is not supported. Annotate the objects with dr-syncer.io/immutable-handling.',
      ),
  },
  {
    field: 'immutableResourceConfig.drainTimeout',
    level: 'warning',
    say: ({ immutableResourceConfig: { drainTimeoutMs } }) =>
      when(drainTimeoutMs !== DRAIN_MS, 'is ignored; the copy is parked, so there are no pods to drain.'),
  },
  {
    field: 'immutableResourceConfig.forceDeleteTimeout',
    level: 'warning',
    say: ({ immutableResourceConfig: { forceDeleteTimeoutMs } }) =>
      when(forceDeleteTimeoutMs !== FORCE_DELETE_MS, 'is ignored; nothing is deleted by force.'),
  },
  {
    field: 'ingressConfig.preserveAnnotations: false',
    level: 'warning',
    say: ({ ingressConfig }) => when(!ingressConfig.preserveAnnotations, COPIED_ANYWAY),
  },
  {
    field: 'ingressConfig.preserveTLS: false',
    level: 'warning',
    say: ({ ingressConfig }) =>
      when(!ingressConfig.preserveTLS, 'is not supported; TLS settings are always copied.'),
  },
  {
    field: 'ingressConfig.preserveBackends: false',
    level: 'warning',
    say: ({ ingressConfig }) => when(!ingressConfig.preserveBackends, COPIED_ANYWAY),
  },
  {
    field: 'tempPodKeySecretRef',
    level: 'warning',
    say: ({ tempPodKeySecretRef }) =>
      when(tempPodKeySecretRef !== undefined, 'is ignored; keys are made for each copy.'),
  },
  {
    field: 'rehearsal.schedule',
    level: 'warning',
    say: ({ rehearsal }) =>
      when(rehearsal.schedule !== undefined, 'is not supported yet; nothing is rehearsed.'),
  },
  {
    field: 'pvcConfig.syncPersistentVolumes: true',
    level: 'warning',
    say: ({ pvcConfig }) =>
      when(
        pvcConfig.syncPersistentVolumes,
        'is not supported; the destination makes PersistentVolumes of its own for the PVCs.',
      ),
  },
  {
    field: 'pvcConfig.preserveVolumeAttributes: true',
    level: 'warning',
    say: ({ pvcConfig }) =>
      when(
        pvcConfig.preserveVolumeAttributes,
        'is not supported; the attributes of a volume belong to its cluster.',
      ),
  },
  ...dataFields(),
];

function dataFields(): readonly ToldField[] {
  const data = 'pvcConfig.dataSyncConfig';
  return [
    {
      field: `${data}.schedule`,
      level: 'warning',
      say: ({ pvcConfig: { syncData, dataSyncConfig } }) =>
        when(
          syncData && dataSyncConfig.schedule !== undefined,
          'is not supported; data is copied with every sync.',
        ),
    },
    {
      field: `${data}.consistency: Snapshot`,
      level: 'warning',
      say: ({ pvcConfig: { syncData, dataSyncConfig } }) =>
        when(
          syncData && dataSyncConfig.consistency === 'Snapshot',
          'is not supported; data is copied while the source runs, so the copy is not consistent before a cutover.',
        ),
    },
    {
      field: `${data}.keepLastGood: true`,
      level: 'warning',
      say: ({ pvcConfig: { syncData, dataSyncConfig } }) =>
        when(
          syncData && dataSyncConfig.keepLastGood,
          'is not supported; while data is copied, the destination holds a mixture of two copies.',
        ),
    },
  ];
}

import type { SideRole } from '../common/side-role.ts';
import type { KubeObject, ResourceType } from '../kube/api-types.ts';
import { CONFIG_MAPS, LEASES } from '../kube/well-known.ts';
import { journalPlace } from './journal-store.ts';
import { LOCK_NAME, type Place, placeOf, recordLabels } from './record-places.ts';

/** An object that an operation keeps for itself, with as much of it as a server needs to judge it. */
export interface OwnRecord {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

/** What a stage keeps in the destination namespace. Pure. */
export const stageRecords = (namespace: string): OwnRecord[] => [
  configMap(placeOf('state', namespace)),
  lock(namespace),
];

/**
 * What a move keeps in the namespace of a side. The baseline is a new object every time; so is the journal that stands
 * at the destination when the move begins (`hasJournal`), which is put aside. Pure.
 */
export const moveRecords = (namespace: string, role: SideRole, hasJournal: boolean): OwnRecord[] => {
  const journal = journalPlace(namespace, role);
  const isKept = role === 'dest';
  return [
    configMap(placeOf('state', namespace, role)),
    configMap(journal),
    ...(isKept && hasJournal ? [configMap({ ...journal, name: `${journal.name}-earlier` })] : []),
    configMap({ ...journal, name: `${journal.name}-baseline` }),
    ...(isKept ? [configMap(placeOf('history', namespace))] : []),
    lock(namespace),
  ];
};

const configMap = ({ namespace, name, kind }: Place): OwnRecord => ({
  type: CONFIG_MAPS,
  object: {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: recordLabels(kind) },
    data: { encoding: 'json', content: '{}' },
  },
});

const lock = (namespace: string): OwnRecord => ({
  type: LEASES,
  object: {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: LOCK_NAME, namespace, labels: recordLabels('lock') },
    spec: { holderIdentity: 'dr-syncer', leaseDurationSeconds: 30 },
  },
});

import type { ClusterReader } from '../kube/api-types.ts';
import { readLock } from '../state/lock.ts';
import type { StateRecord } from '../state/record-types.ts';
import { readState } from '../state/state-record.ts';

/** What the records of a destination say about where the application is live. */
export interface RecordLook {
  readonly live: 'source' | 'dest' | 'moving' | 'unknown';
  readonly epoch: number;
  readonly operation: { readonly id: string; readonly kind: string; readonly holder: string } | undefined;
  /** The destination is a parked copy and nobody works on it: a stage may run. */
  readonly isFree: boolean;
}

/** Looks at the state record and the lock of a destination: two requests. Throws KubeApiError, RefusedError. */
export const lookAtRecord = async (
  dest: ClusterReader,
  namespace: string,
  signal: AbortSignal,
): Promise<RecordLook> => {
  const [stored, lock] = await Promise.all([
    readState(dest, namespace, 'dest', { signal }),
    readLock(dest, namespace, { signal }),
  ]);
  const record = stored?.record;
  const { operation } = record ?? {};
  const holder = lock?.isExpired === false ? lock.holder : '';
  return {
    live: liveIn(record),
    epoch: record?.epoch ?? 0,
    operation: operation && { id: operation.id, kind: operation.kind, holder },
    isFree: holder === '' && operation === undefined && ['standby', undefined].includes(record?.phase),
  };
};

// Of a destination without a record nothing was ever moved.
const liveIn = (record: StateRecord | undefined): RecordLook['live'] => {
  if (record === undefined || record.phase === 'standby') return 'source';
  if (record.phase === 'active') return 'dest';
  return record.phase === 'moving' ? 'moving' : 'unknown';
};

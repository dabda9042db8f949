import { hash } from 'node:crypto';
import { isOwnMark } from '../common/annotations.ts';
import type { Json, ObjectMeta } from './api-types.ts';
import { stableStringify } from './raw-json.ts';

/**
 * A short hash by which one sees, from its metadata alone, whether an object has changed in what somebody wants of it. An
 * object with a generation is as it was while its status changes, or what its controller and dr-syncer note on it; of
 * any other one nothing is known but its version. Pure.
 */
export const fingerprintOf = (metadata: ObjectMeta): string => {
  const { uid, generation, resourceVersion, labels, annotations, deletionTimestamp, ownerReferences } =
    metadata;
  const wanted: Json =
    generation === undefined
      ? [resourceVersion ?? null]
      : [
          String(generation),
          labels ?? null,
          Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !isNote(key))),
        ];
  const text = stableStringify([uid ?? null, wanted, deletionTimestamp ?? null, ownerReferences ?? null]);
  // 96 bits: one of them is kept for each object of a cluster.
  return hash('sha256', text, 'base64url').slice(0, 16);
};

const isNote = (key: string): boolean => key === 'deployment.kubernetes.io/revision' || isOwnMark(key);

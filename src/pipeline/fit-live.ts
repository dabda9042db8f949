import type { Json, JsonObject, KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { compareQuantities } from '../kube/quantity.ts';
import { clone, isObject, listAt, objectAt, own, stringAt } from '../kube/raw-json.ts';
import type { Note } from './pipeline-types.ts';

/** A desired object adapted to the one that is there already, and what the operator should know of it. */
export interface Fitted {
  readonly desired: KubeObject;
  readonly notes: readonly Note[];
}

/**
 * Adapts what we want to what exists at the destination, for kinds whose existing object must not be replaced: a
 * PVC is only ever grown, a service account is merged. Other kinds pass through. Pure.
 */
export const fitLive = (desired: KubeObject, live: KubeObject | undefined): Fitted => {
  const adapt = live === undefined ? undefined : own(FITS, groupKind(desired));
  return adapt === undefined || live === undefined ? { desired, notes: [] } : adapt(desired, live);
};

// Everything but a larger request is immutable on a PVC, and a PVC is never recreated: its data would go.
const fitPvc = (desired: KubeObject, live: KubeObject): Fitted => {
  const notes: Note[] = [];
  const fitted = clone(desired);
  const spec: JsonObject = clone(objectAt(desired, 'spec') ?? {});
  for (const field of ['accessModes', 'storageClassName', 'volumeMode', 'volumeAttributesClassName']) {
    const [wanted, present] = [spec[field], objectAt(live, 'spec')?.[field]];
    if (present === undefined) delete spec[field];
    else spec[field] = present;
    if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(present)) {
      notes.push({
        level: 'warn',
        path: `spec.${field}`,
        message: `The existing PVC has ${text(present)} where the copy would have ${text(wanted)}; dr-syncer never changes this in an existing PVC.`,
      });
    }
  }
  const wanted = stringAt(spec, 'resources', 'requests', 'storage');
  const present = stringAt(live, 'spec', 'resources', 'requests', 'storage');
  if (wanted !== undefined && present !== undefined && compareQuantities(wanted, present) < 0) {
    spec.resources = { requests: { storage: present } };
    notes.push({
      level: 'info',
      path: 'spec.resources.requests.storage',
      message: `The existing PVC requests ${present}, more than the source's ${wanted}; a PVC is never shrunk.`,
    });
  }
  fitted.spec = spec;
  return { desired: fitted, notes };
};

// `imagePullSecrets` is an atomic list, so applying the source's would drop what the destination's own tools added;
// `secrets` is keyed by name and merges by itself.
const fitServiceAccount = (desired: KubeObject, live: KubeObject): Fitted => {
  const present = listAt(live, 'imagePullSecrets');
  const wanted = listAt(desired, 'imagePullSecrets');
  const has = (item: Json): boolean => wanted.some((other) => nameOf(other) === nameOf(item));
  const extra = present.filter((item) => !has(item));
  if (extra.length === 0) return { desired, notes: [] };
  return { desired: { ...desired, imagePullSecrets: [...wanted, ...extra] }, notes: [] };
};

const FITS: Readonly<Record<string, (desired: KubeObject, live: KubeObject) => Fitted>> = {
  PersistentVolumeClaim: fitPvc,
  ServiceAccount: fitServiceAccount,
};

const nameOf = (item: Json): string => (isObject(item) ? String(item.name) : '');

const text = (value: Json | undefined): string => (value === undefined ? 'nothing' : JSON.stringify(value));

import { skip } from '../../common/verdict.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import { stringAt } from '../../kube/raw-json.ts';
import type { Filter, ObjectIndex } from '../pipeline-types.ts';
import { isBeingDeleted } from './being-deleted.ts';
import { labelOf } from './label-values.ts';

/**
 * Keeps the newest revision of each Helm release, which is what `helm upgrade` at the destination goes on from, and the
 * newest one that is deployed: where the newest is pending or has failed, `helm rollback` goes back to that one.
 * Under another namespace name none is kept: the compressed record inside names the namespace in many places.
 */
export const helmReleases: Filter = {
  name: 'helm-releases',
  rules: ['F31'],
  evaluate(object, { index, sourceNamespace, destNamespace }) {
    if (!isHelmRelease(object)) return undefined;
    if (sourceNamespace !== destNamespace) {
      return skip(`Helm's record of the release is bound to namespace ${sourceNamespace}`);
    }
    const { release, revision } = revisionOf(object);
    const newest = newestRevisions(index).get(keyOf(object, release));
    if (newest === undefined || revision === undefined) return undefined;
    return revision < newest.any && revision !== newest.deployed
      ? skip(`revision ${revision} of Helm release ${release} is not the newest one, ${newest.any}`)
      : undefined;
  },
};

/** Whether an object is Helm's record of a release: a Secret, or a ConfigMap with HELM_DRIVER=configmap. */
export const isHelmRelease = (object: KubeObject): boolean => {
  const kind = groupKind(object);
  if (kind === 'Secret' && stringAt(object, 'type') === 'helm.sh/release.v1') return true;
  return STORES.includes(kind) && labelOf(object, 'owner') === 'helm' && NAME.test(object.metadata.name);
};

const STORES = ['Secret', 'ConfigMap'];
const NAME = /^sh\.helm\.release\.v1\.(?<release>.+)\.v(?<revision>\d+)$/;

/** The release and its revision by Helm's labels or, failing those, by the name Helm gives to its records. */
const revisionOf = (object: KubeObject): { release: string; revision: number | undefined } => {
  const parts = NAME.exec(object.metadata.name)?.groups;
  const digits = [labelOf(object, 'version'), parts?.['revision']].find((text) => /^\d+$/.test(text ?? ''));
  return {
    release: labelOf(object, 'name') ?? parts?.['release'] ?? object.metadata.name,
    revision: digits === undefined ? undefined : Number(digits),
  };
};

const keyOf = (object: KubeObject, release: string): string => `${object.kind}/${release}`;

// One pass over the index instead of one per record. What is remembered follows from the index alone.
const remembered = new WeakMap<ObjectIndex, ReadonlyMap<string, Newest>>();

interface Newest {
  readonly any: number;
  /** Of the revisions whose label says that they are deployed. */
  readonly deployed: number | undefined;
}

const newestRevisions = (index: ObjectIndex): ReadonlyMap<string, Newest> => {
  const known = remembered.get(index);
  if (known !== undefined) return known;
  const newest = new Map<string, Newest>();
  for (const object of STORES.flatMap((kind) => index.byKind(kind)).filter(isLastingRelease)) {
    const { release, revision } = revisionOf(object);
    const key = keyOf(object, release);
    if (revision === undefined) continue;
    const { any = 0, deployed } = newest.get(key) ?? {};
    newest.set(key, {
      any: Math.max(revision, any),
      deployed: labelOf(object, 'status') === 'deployed' ? Math.max(revision, deployed ?? 0) : deployed,
    });
  }
  remembered.set(index, newest);
  return newest;
};

// A revision that is being deleted is not copied, so it must not make the one before it look old.
const isLastingRelease = (object: KubeObject): boolean => !isBeingDeleted(object) && isHelmRelease(object);

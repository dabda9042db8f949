import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { clone } from '../kube/raw-json.ts';
import type { Note, Transform, TransformContext, Transformed } from './pipeline-types.ts';
import { TRANSFORMS } from './transforms/all-transforms.ts';

/**
 * What one source object should be at the destination: a copy of it, run through every transform that applies to
 * its kind, in the order of the list. Pure and deterministic; fields that no rule knows stay as they are.
 */
export const transformObject = (
  source: KubeObject,
  context: TransformContext,
  transforms: readonly Transform[] = TRANSFORMS,
): Transformed => {
  const desired = clone(source);
  const notes: Note[] = [];
  const input = { source, context, note: (note: Note) => void notes.push(note) };
  const kind = groupKind(source);
  for (const transform of transforms) {
    if (transform.kinds === undefined || transform.kinds.includes(kind)) transform.apply(desired, input);
  }
  return { source, desired, notes };
};

import type { JsonObject, KubeObject } from '../../../kube/api-types.ts';
import { isObject, objectAt, stringAt } from '../../../kube/raw-json.ts';

/** The labels of an object, an empty record when it has none. */
export const labelsOf = (object: JsonObject): JsonObject => objectAt(object, 'metadata', 'labels') ?? {};

/** The annotations of an object, an empty record when it has none. */
export const annotationsOf = (object: JsonObject): JsonObject =>
  objectAt(object, 'metadata', 'annotations') ?? {};

/** What the user set by label or, failing that, by annotation; undefined when neither is there or it is empty. */
export const settingOf = (object: JsonObject, key: string): string | undefined =>
  stringAt(object, 'metadata', 'labels', key) ||
  stringAt(object, 'metadata', 'annotations', key) ||
  undefined;

/**
 * Takes annotations out of a draft (an object, or a template with metadata) and returns the keys that went. An
 * annotations field that becomes empty goes too. Mutates the draft.
 */
export const dropAnnotations = (draft: JsonObject, matches: (key: string) => boolean): string[] =>
  dropFrom(draft, 'annotations', matches);

/** As dropAnnotations, for labels. */
export const dropLabels = (draft: JsonObject, matches: (key: string) => boolean): string[] =>
  dropFrom(draft, 'labels', matches);

const dropFrom = (
  draft: JsonObject,
  field: 'labels' | 'annotations',
  matches: (key: string) => boolean,
): string[] => {
  const metadata = draft['metadata'];
  const entries = objectAt(metadata, field);
  if (!isObject(metadata) || entries === undefined) return [];
  const dropped = Object.keys(entries).filter(matches);
  for (const key of dropped) delete entries[key];
  if (dropped.length > 0 && Object.keys(entries).length === 0) delete metadata[field];
  return dropped;
};

/** Sets an annotation of a draft. Mutates the draft. */
export const setAnnotation = (draft: KubeObject, key: string, value: string): void => {
  draft.metadata.annotations = { ...draft.metadata.annotations, [key]: value };
};

import { MANAGED, PREFIX, SOURCE_CLUSTER, SOURCE_NAMESPACE } from '../common/annotations.ts';
import type { KubeObject } from '../kube/api-types.ts';
import type { Note } from './pipeline-types.ts';

/**
 * The Namespace to create at the destination: the source's labels and annotations less those that belong to the
 * source cluster (its name mark, security ranges, project ids). Pod Security and mesh labels go along. Pure.
 */
export const namespaceBody = (source: KubeObject, destName: string, sourceContext: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: destName,
    labels: { ...portableMarks(source.metadata.labels), [MANAGED]: 'true' },
    annotations: {
      ...portableMarks(source.metadata.annotations),
      [SOURCE_CLUSTER]: sourceContext,
      [SOURCE_NAMESPACE]: source.metadata.name,
    },
  },
});

/** What the operator should know of a destination namespace that exists already; it is never overwritten. Pure. */
export const namespaceNotes = (source: KubeObject, dest: KubeObject): Note[] => {
  const notes: Note[] = [];
  const [wanted, present] = [levelOf(source), levelOf(dest)];
  if (STRICTNESS.indexOf(present) > STRICTNESS.indexOf(wanted)) {
    notes.push({
      level: 'warn',
      path: `metadata.labels["${ENFORCE}"]`,
      message: `The destination namespace enforces Pod Security "${present}", the source "${wanted}": pods may be refused after a cutover.`,
    });
  }
  const [from, to] = [source.metadata.annotations?.[UID_RANGE], dest.metadata.annotations?.[UID_RANGE]];
  if (from !== undefined && from !== to) {
    notes.push({
      level: 'warn',
      path: `metadata.annotations["${UID_RANGE}"]`,
      message: `The user id ranges differ (${from} and ${to ?? 'none'}): copied files may have the wrong owner.`,
    });
  }
  return notes;
};

/**
 * What the operator should know of the namespace that is to be created: a Pod Security level that it takes along and
 * that refuses less than "restricted", whatever the destination would give a new namespace. Pure.
 */
export const newNamespaceNotes = (source: KubeObject): Note[] => {
  const level = source.metadata.labels?.[ENFORCE];
  return level === undefined || level === 'restricted'
    ? []
    : [
        {
          level: 'info',
          path: `metadata.labels["${ENFORCE}"]`,
          message: `The namespace is created with Pod Security "${level}", as at the source; if the destination enforces a stricter level on new namespaces, it does not apply to this one.`,
        },
      ];
};

const ENFORCE = 'pod-security.kubernetes.io/enforce';
const UID_RANGE = 'openshift.io/sa.scc.uid-range';
const STRICTNESS = ['privileged', 'baseline', 'restricted'];

const levelOf = (namespace: KubeObject): string => namespace.metadata.labels?.[ENFORCE] ?? 'privileged';

// Marks of one cluster about itself: wrong in any other.
const LOCAL = [
  /^kubernetes\.io\//,
  /(^|\.)openshift\.io\//,
  /(^|\.)cattle\.io\//,
  /^kubectl\.kubernetes\.io\//,
];

/** Labels or annotations less those that one cluster has written about itself, and ours. Pure. */
export const portableMarks = (marks: { [key: string]: string } | undefined): { [key: string]: string } =>
  Object.fromEntries(
    Object.entries(marks ?? {}).filter(
      ([key]) => !key.startsWith(PREFIX) && !LOCAL.some((pattern) => pattern.test(key)),
    ),
  );

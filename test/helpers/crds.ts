import { api, applyObject, type Json, type Side, waitUntil } from '../cluster/client.ts';

/** What a CustomResourceDefinition of the tests has; everything else about it is the same for all. */
export interface CrdSpec {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  /** Default: v1. The first one is stored. */
  readonly versions?: readonly string[];
  /** Where the scale subresource keeps the count, as `.spec.size`; default: no scale subresource. */
  readonly scale?: string;
  /** Schema of `spec`; default: anything goes, there and at the top. */
  readonly spec?: Json;
  /** Fields at the top are not looked at although there is a schema of `spec`. */
  readonly lax?: true;
}

/**
 * Makes the types served on a side and resolves when discovery tells of them. They are never taken away again: other
 * test files may use the same, and the clusters end with the run.
 */
export const installCrds = async (side: Side, crds: readonly CrdSpec[]): Promise<void> => {
  await Promise.all(crds.map((crd) => applyObject(side, definitionOf(crd))));
  const served = async ({ group, kind, versions = ['v1'] }: CrdSpec): Promise<boolean> => {
    const lists = await Promise.all(versions.map((version) => api(side)('GET', `/apis/${group}/${version}`)));
    return lists.every(({ body }) => body?.resources?.some((item: Json) => item.kind === kind));
  };
  await waitUntil('the custom types to be served', async () =>
    (await Promise.all(crds.map(served))).every(Boolean),
  );
};

const definitionOf = ({
  group,
  kind,
  plural,
  versions = ['v1'],
  scale,
  spec = ANYTHING,
  lax,
}: CrdSpec): Json => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${plural}.${group}`,
    // Groups of the Kubernetes project ask for a review.
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
  },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
    versions: versions.map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      ...(scale === undefined
        ? {}
        : { subresources: { scale: { specReplicasPath: scale, statusReplicasPath: '.status.replicas' } } }),
      schema: {
        openAPIV3Schema: {
          ...(spec === ANYTHING || lax ? ANYTHING : CLOSED),
          properties: { spec, status: ANYTHING },
        },
      },
    })),
  },
});

const CLOSED = { type: 'object' };
const ANYTHING = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

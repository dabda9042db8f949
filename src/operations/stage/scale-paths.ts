import { hasStatus } from '../../kube/errors.ts';
import type { ResourceType } from '../../kube/types.ts';
import type { Collected } from './collect.ts';
import { scalePathsOf } from './prepare.ts';
import type { StageDeps } from './types.ts';

const CRDS: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  verbs: ['list'],
  shortNames: ['crd'],
  singular: 'customresourcedefinition',
  categories: [],
  subresources: [],
};

/**
 * Where the custom types that have a scale subresource keep their replica count. Reads the source's CRDs only when
 * such a type is part of the copy; without the right to read them the usual path is assumed.
 */
export const readScalePaths = async (
  deps: Pick<StageDeps, 'source' | 'signal'>,
  collected: Pick<Collected, 'selected'>,
): Promise<Map<string, readonly string[]>> => {
  const scalable = collected.selected.filter(
    (pair) => !pair.builtin && pair.source.subresources.includes('scale'),
  );
  if (scalable.length === 0) return new Map();
  try {
    return scalePathsOf(await deps.source.list(CRDS, undefined, { signal: deps.signal }));
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    return new Map(
      scalable.map((pair) => [`${pair.source.kind}.${pair.source.group}`, ['spec', 'replicas']]),
    );
  }
};

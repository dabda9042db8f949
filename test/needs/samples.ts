import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import type { CheckContext, PodTemplate } from '../../src/needs/need-types.ts';
import { object } from '../helpers/objects.ts';

/** The names that pure parts of checks put into sentences: `shop` of `east` goes to `shop-dr` of `west`. */
export const names = {
  source: { context: 'east' },
  dest: { context: 'west' },
  sourceNamespace: 'shop',
  destNamespace: 'shop-dr',
  storageClassMap: new Map<string, string>(),
} as const;

/** The names, with what else a pure part looks at. */
export const namesWith = <T extends Partial<Omit<CheckContext, 'source' | 'dest'>>>(extra: T) => ({
  desired: [] as readonly KubeObject[],
  templates: [] as readonly PodTemplate[],
  sourceObjects: [] as readonly KubeObject[],
  strict: undefined,
  ...names,
  ...extra,
});

/** A Deployment whose pods have this spec; one container `app` unless the spec has its own. */
export const deployment = (name: string, podSpec: JsonObject = {}): KubeObject =>
  object('apps/v1', 'Deployment', name, {
    spec: { template: { spec: { containers: [{ name: 'app' }], ...podSpec } } },
  });

/** The template of such a Deployment. */
export const template = (name: string, podSpec: JsonObject = {}): PodTemplate => ({
  object: deployment(name, podSpec),
  spec: { containers: [{ name: 'app' }], ...podSpec },
});

/** An object outside any namespace. */
export const clusterObject = (
  apiVersion: string,
  kind: string,
  name: string,
  extra: JsonObject & { metadata?: JsonObject } = {},
): KubeObject =>
  object(apiVersion, kind, name, { ...extra, metadata: { namespace: undefined, ...extra['metadata'] } });

import type { Discovery, KubeObject, ResourceType } from '../kube/api-types.ts';
import { groupKind, typeName } from '../kube/object-names.ts';
import { isBuiltinGroup } from './api-groups.ts';

/** A type that both sides can speak, in the version chosen for the copy. */
export interface TypePair {
  /** `deployments.apps` */
  readonly name: string;
  /** As the source serves it in the chosen version. */
  readonly source: ResourceType;
  /** As the destination serves it in the same version; undefined when there is no version in common. */
  readonly dest: ResourceType | undefined;
  readonly builtin: boolean;
  /** Why the destination cannot take this type; set exactly when `dest` is undefined. */
  readonly unsupported: string | undefined;
}

// What it takes to copy objects of a type: this leaves out bindings, reviews and metrics by itself. `patch` is
// needed to apply, and only at the destination.
const SOURCE_VERBS = ['list', 'get', 'create', 'delete'];
const DEST_VERBS = [...SOURCE_VERBS, 'patch'];

/**
 * Pairs every namespaced type that the source can list with the destination's, and chooses the version: the
 * destination's preferred one if the source serves it, else the source's preferred one if the destination serves
 * it, else the highest in common. Pure; sorted by name.
 */
export const chooseTypes = (source: Discovery, dest: Discovery): TypePair[] => {
  const sourceVersions = versionsByType(source, SOURCE_VERBS);
  const destVersions = versionsByType(dest, DEST_VERBS);
  const pairs: TypePair[] = [];
  for (const [name, offered] of sourceVersions) {
    const preferred = offered[0];
    if (preferred === undefined) continue;
    const accepted = destVersions.get(name) ?? [];
    const version = chooseVersion(offered, accepted);
    pairs.push({
      name,
      source: offered.find((type) => type.version === version) ?? preferred,
      dest: accepted.find((type) => type.version === version),
      builtin: isBuiltinGroup(preferred.group),
      unsupported: version === undefined ? whyUnsupported(preferred, offered, accepted) : undefined,
    });
  }
  return pairs.sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** The kind of the objects of a type, as groupKind() names it: `Deployment.apps`. Pure. */
export const kindOfPair = ({ source }: Pick<TypePair, 'source'>): string =>
  groupKind({ apiVersion: `${source.group}/`, kind: source.kind });

/** Whether an object is of a type, in whatever version. Pure. */
export const isOfType = (
  object: Pick<KubeObject, 'apiVersion' | 'kind'>,
  pair: Pick<TypePair, 'source'>,
): boolean => kindOfPair(pair) === groupKind(object);

/** Every type a side serves in its preferred version, by `resource.group` name. */
export const preferredTypes = (discovery: Discovery): Map<string, ResourceType> => {
  const types = new Map<string, ResourceType>();
  for (const type of discovery.types) if (!types.has(typeName(type))) types.set(typeName(type), type);
  return types;
};

const versionsByType = (discovery: Discovery, verbs: readonly string[]): Map<string, ResourceType[]> => {
  const byType = new Map<string, ResourceType[]>();
  for (const type of discovery.types) {
    if (!type.namespaced || !verbs.every((verb) => type.verbs.includes(verb))) continue;
    const name = typeName(type);
    byType.set(name, [...(byType.get(name) ?? []), type]);
  }
  return byType;
};

const chooseVersion = (
  offered: readonly ResourceType[],
  accepted: readonly ResourceType[],
): string | undefined => {
  const offeredNames = offered.map((type) => type.version);
  const acceptedNames = accepted.map((type) => type.version);
  const [sourcePreferred, destPreferred] = [offeredNames[0], acceptedNames[0]];
  if (destPreferred !== undefined && offeredNames.includes(destPreferred)) return destPreferred;
  if (sourcePreferred !== undefined && acceptedNames.includes(sourcePreferred)) return sourcePreferred;
  return offeredNames.filter((version) => acceptedNames.includes(version)).sort(byVersionPriority)[0];
};

/**
 * Kubernetes' own order of versions: stable before beta before alpha, higher numbers first, other names last.
 * `v2, v1, v2beta1, v1alpha1, foo`.
 */
const byVersionPriority = (a: string, b: string): number => {
  const [x, y] = [rank(a), rank(b)];
  for (let i = 0; i < x.length; i++) {
    const difference = (y[i] ?? 0) - (x[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
};

const rank = (version: string): number[] => {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
};

const whyUnsupported = (
  preferred: ResourceType,
  offered: readonly ResourceType[],
  accepted: readonly ResourceType[],
): string => {
  if (accepted.length === 0) return `the destination does not serve ${typeName(preferred)}`;
  const names = (types: readonly ResourceType[]): string => types.map((type) => type.version).join(', ');
  return `no version in common: the source serves ${names(offered)}, the destination ${names(accepted)}`;
};

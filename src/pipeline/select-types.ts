import { UsageError } from '../common/errors.ts';
import { nearest } from '../common/nearest.ts';
import { typeName } from '../kube/object-names.ts';
import type { TypePair } from './choose-types.ts';

/** Which types the operator asked for. Names are plurals, singulars, short names, kinds or `resource.group`. */
export interface TypeSelection {
  /** Empty: all built-in types. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly customResources: boolean;
}

export interface SelectedTypes {
  /** Types to list and copy. */
  readonly selected: readonly TypePair[];
  /** Custom types that are left out because nobody asked for them: they are counted for the report. */
  readonly leftOutCustom: readonly TypePair[];
  /** Types that are never copied, by design; they are not even listed. */
  readonly neverCopied: readonly TypePair[];
}

// Records of a cluster about itself: nothing in them is portable, and some are many.
const NEVER_COPIED: ReadonlySet<string> = new Set([
  'events',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'controllerrevisions.apps',
  'podtemplates',
  'podcertificaterequests.certificates.k8s.io',
  'csistoragecapacities.storage.k8s.io',
  'resourceclaims.resource.k8s.io',
  'volumesnapshots.snapshot.storage.k8s.io',
  'certificaterequests.cert-manager.io',
  'orders.acme.cert-manager.io',
  'challenges.acme.cert-manager.io',
  'ciliumendpoints.cilium.io',
  'targetgroupbindings.elbv2.k8s.aws',
]);

// Tools' and metrics' own groups.
const NEVER_COPIED_GROUPS: ReadonlySet<string> = new Set([
  'metrics.k8s.io',
  'custom.metrics.k8s.io',
  'external.metrics.k8s.io',
  'velero.io',
  'operators.coreos.com',
  // A copy would be a second mapping of the same namespaces, with the kubeconfigs of both clusters behind it.
  'dr-syncer.io',
]);

/**
 * Applies `--resource-types`, `--exclude-resource-types` and `--include-custom-resources`. A name that matches no
 * type throws UsageError and suggests the nearest one; so does a selection of nothing. Pure.
 */
export const selectTypes = (pairs: readonly TypePair[], selection: TypeSelection): SelectedTypes => {
  const wanted = resolveAll(pairs, selection.include, '--resource-types');
  const unwanted = resolveAll(pairs, selection.exclude, '--exclude-resource-types');
  const selected: TypePair[] = [];
  const leftOutCustom: TypePair[] = [];
  const neverCopied: TypePair[] = [];
  for (const pair of pairs) {
    const named = wanted.has(pair.name);
    if (unwanted.has(pair.name) || (wanted.size > 0 && !named)) continue;
    if (isNeverCopied(pair)) neverCopied.push(pair);
    else if (pair.builtin || selection.customResources || named) selected.push(pair);
    else leftOutCustom.push(pair);
  }
  if (selected.length === 0) {
    throw new UsageError('No resource type is left to copy.', {
      hint: 'Widen --resource-types, narrow --exclude-resource-types, or add --include-custom-resources.',
      about: 'EmptySelection',
    });
  }
  return { selected, leftOutCustom, neverCopied };
};

/**
 * Throws UsageError for a kind in `--one-shot-kinds` that the source does not serve, with the nearest one: a slip would
 * let a run be made again, without a word. Pure.
 */
export const refuseUnknownKinds = (pairs: readonly TypePair[], kinds: readonly string[]): void => {
  const served = pairs
    .filter(({ builtin }) => !builtin)
    .map(({ source: { kind, group } }) => `${kind}.${group}`);
  const unknown = kinds.find((kind) => !served.includes(kind));
  if (unknown === undefined) return;
  const near = nearest(unknown, served);
  throw new UsageError(
    `--one-shot-kinds: the source serves no custom resources "${unknown}"${near === undefined ? '.' : `; did you mean "${near}"?`}`,
    { hint: HOW_TO_LIST, about: 'UnknownType' },
  );
};

const HOW_TO_LIST = 'List the types with: kubectl api-resources --namespaced --verbs=list,create';

const isNeverCopied = (pair: TypePair): boolean =>
  NEVER_COPIED.has(pair.name) || NEVER_COPIED_GROUPS.has(pair.source.group);

const resolveAll = (pairs: readonly TypePair[], names: readonly string[], flag: string): Set<string> => {
  const found = new Set<string>();
  for (const name of names) {
    if (name.toLowerCase() === 'all') {
      for (const pair of pairs) if (pair.builtin) found.add(pair.name);
      continue;
    }
    const matches = pairs.filter((pair) => namesOf(pair).includes(name.toLowerCase()));
    if (matches.length === 0) throw unknownType(pairs, name, flag);
    // `ingresses` in two groups: without a group the name means the built-in one, as kubectl prefers it.
    const builtin = matches.filter((pair) => pair.builtin);
    for (const pair of builtin.length > 0 ? builtin : matches) found.add(pair.name);
  }
  return found;
};

const namesOf = (pair: TypePair): string[] => {
  const { resource, kind, singular, shortNames, group } = pair.source;
  const plain = [resource, singular, kind, ...shortNames].map((name) => name.toLowerCase());
  return [
    ...plain,
    ...(group === '' ? [] : plain.map((name) => `${name}.${group}`)),
    typeName(pair.source).toLowerCase(),
  ];
};

const unknownType = (pairs: readonly TypePair[], name: string, flag: string): UsageError => {
  const near = nearest(name, [...new Set(pairs.flatMap(namesOf))]);
  return new UsageError(
    `${flag}: the source serves no namespaced type "${name}"${near === undefined ? '.' : `; did you mean "${near}"?`}`,
    { hint: HOW_TO_LIST, about: 'UnknownType' },
  );
};

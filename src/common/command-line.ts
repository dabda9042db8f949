import type { SideRole } from './side-role.ts';

/** A cluster as a command line names it; every opened cluster is one. */
export interface NamedCluster {
  readonly context: string;
  /** The kubeconfig when a flag named it. */
  readonly kubeconfig?: string | undefined;
  /** The mapping that names the cluster; the operator need not have its context. */
  readonly mapping?: MappedCluster | undefined;
}

/** How a cluster is named that a custom resource names. Flags are one word each, not quoted yet. */
export interface MappedCluster {
  /** Which side of the mapping it is. */
  readonly side: SideRole;
  /** The flags of dr-syncer that name the mapping; they stand for both sides. */
  readonly flags: readonly string[];
  /** The flags of kubectl that name the cluster, or what has to be put there. */
  readonly kubectl: readonly string[];
}

/** One side as a command line names it. */
export interface NamedSide extends NamedCluster {
  readonly namespace: string;
}

/** The names of a pair of namespaces; every input of an operation has them. */
export interface PairNames {
  readonly source?: OpenedSide | undefined;
  /** How the source is named when it is not open. */
  readonly sourceName?: NamedSide | undefined;
  readonly dest: OpenedSide;
}

interface OpenedSide {
  readonly cluster: NamedCluster;
  readonly namespace: string;
}

/**
 * A kubectl command, ready to be typed: for a cluster, or for a namespace when a side is given. `words` are what comes
 * behind the flags of the place, one word each and not quoted yet. Pure.
 */
export const kubectl = (at: NamedCluster | OpenedSide, first: string, ...words: readonly string[]): string =>
  line(['kubectl', ...flagsOfPlace(at), first, ...words]);

/** The same for a namespace of whatever cluster the reader's kubectl is at. Pure. */
export const kubectlHere = (namespace: string, first: string, ...words: readonly string[]): string =>
  line(['kubectl', '-n', namespace, first, ...words]);

/** The same for flux, which takes the same flags. Pure. */
export const flux: typeof kubectl = (at, first, ...words) =>
  line(['flux', ...flagsOfPlace(at), first, ...words]);

/** A dr-syncer command for a pair of namespaces, ready to be typed; `words` are further flags. Pure. */
export const drSyncer = (verb: string, pair: PairNames, ...words: readonly string[]): string => {
  const source = pair.source === undefined ? pair.sourceName : namesOf(pair.source);
  const dest = namesOf(pair.dest);
  // The other way round, it is not the pair of the mapping.
  if (dest.mapping?.side === 'dest') return line(['dr-syncer', verb, ...dest.mapping.flags, ...words]);
  const sameName = source === undefined || source.namespace === dest.namespace;
  return line([
    'dr-syncer',
    verb,
    ...(source === undefined ? [] : flagsOf('source', source)),
    ...flagsOf('dest', dest),
    ...(sameName
      ? ['-n', dest.namespace]
      : ['--source-namespace', source.namespace, '--dest-namespace', dest.namespace]),
    ...words,
  ]);
};

/** A word as a shell takes it for one, quoted where needed. Pure. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

const line = (words: readonly string[]): string => words.map(shellWord).join(' ');

const flagsOfPlace = (at: NamedCluster | OpenedSide): string[] => {
  const { context, kubeconfig, mapping } = 'cluster' in at ? at.cluster : at;
  const named = [...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]), '--context', context];
  return [
    ...(mapping === undefined ? named : mapping.kubectl),
    ...('cluster' in at ? ['-n', at.namespace] : []),
  ];
};

const namesOf = ({ cluster, namespace }: OpenedSide): NamedSide => ({
  context: cluster.context,
  kubeconfig: cluster.kubeconfig,
  mapping: cluster.mapping,
  namespace,
});

const flagsOf = (side: string, { context, kubeconfig }: NamedCluster): string[] => [
  ...(kubeconfig === undefined ? [] : [`--${side}-kubeconfig`, kubeconfig]),
  `--${side}-context`,
  context,
];

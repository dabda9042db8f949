/** A cluster as a command line names it; every opened cluster is one. */
export interface NamedCluster {
  readonly context: string;
  /** The kubeconfig when a flag named it. */
  readonly kubeconfig?: string | undefined;
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
  const { context, kubeconfig } = 'cluster' in at ? at.cluster : at;
  return [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    '--context',
    context,
    ...('cluster' in at ? ['-n', at.namespace] : []),
  ];
};

const namesOf = ({ cluster, namespace }: OpenedSide): NamedSide => ({
  context: cluster.context,
  kubeconfig: cluster.kubeconfig,
  namespace,
});

const flagsOf = (side: string, { context, kubeconfig }: NamedCluster): string[] => [
  ...(kubeconfig === undefined ? [] : [`--${side}-kubeconfig`, kubeconfig]),
  `--${side}-context`,
  context,
];

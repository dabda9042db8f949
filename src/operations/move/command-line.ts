import type { ClusterReader } from '../../kube/types.ts';

/** One side as a command line names it. */
export interface NamedSide {
  readonly context: string;
  readonly namespace: string;
  /** The kubeconfig when a flag named it. */
  readonly kubeconfig?: string | undefined;
}

interface PairNames {
  readonly source: { readonly cluster: ClusterReader; readonly namespace: string } | undefined;
  /** How the source is named when it is not open. */
  readonly sourceName?: NamedSide | undefined;
  readonly dest: { readonly cluster: ClusterReader; readonly namespace: string };
}

/** The command line of a verb for this pair of namespaces, ready to be typed. Pure. */
export const commandFor = (verb: string, input: PairNames): string => {
  const source = input.source === undefined ? input.sourceName : namesOf(input.source);
  const dest = namesOf(input.dest);
  const sameName = source === undefined || source.namespace === dest.namespace;
  return [
    'dr-syncer',
    verb,
    ...(source === undefined ? [] : flagsOf('source', source)),
    ...flagsOf('dest', dest),
    ...(sameName
      ? ['-n', dest.namespace]
      : ['--source-namespace', source.namespace, '--dest-namespace', dest.namespace]),
  ]
    .map(shellWord)
    .join(' ');
};

const namesOf = ({ cluster, namespace }: PairNames['dest']): NamedSide => ({
  context: cluster.context,
  kubeconfig: cluster.kubeconfig,
  namespace,
});

const flagsOf = (side: string, { context, kubeconfig }: NamedSide): string[] => [
  ...(kubeconfig === undefined ? [] : [`--${side}-kubeconfig`, kubeconfig]),
  `--${side}-context`,
  context,
];

/** A word as a shell takes it for one, quoted where needed. Pure. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

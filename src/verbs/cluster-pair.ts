import type { NamedSide } from '../common/command-line.ts';
import { UsageError } from '../common/errors.ts';
import type { ClusterReader, ClusterWriter } from '../kube/api-types.ts';
import { type ClusterOptions, openReader, openWriter } from '../kube/cluster.ts';
import { type KubeContext, openContext } from '../kube/contexts.ts';

/** One namespace of one cluster, open, and where its credentials come from. */
export interface OpenPlace<C> {
  readonly cluster: C;
  readonly namespace: string;
  readonly context: KubeContext;
}

/** The two namespaces of a pair. Each is opened when it is asked for, every time anew; nothing is sent by that. */
export interface ClusterPair {
  /** Opens the source for reading only. Throws UsageError, as the others do. */
  openSource(): OpenPlace<ClusterReader>;
  /** Opens the source for writing: for moves, never for a stage. */
  openSourceWriter(): OpenPlace<ClusterWriter>;
  openDest(): OpenPlace<ClusterWriter>;
  /** How the source is named, without opening it; undefined when it is not. */
  sourceName(): NamedSide | undefined;
  /** Whether a context or a file was named for the source; otherwise it is the current context. */
  readonly isSourceNamed: boolean;
}

/** Where the two namespaces are, as flags or a resource name them. Absent values are found as kubectl finds them. */
export interface PairPlaces {
  readonly sourceKubeconfig?: string | undefined;
  readonly sourceContext?: string | undefined;
  readonly destKubeconfig?: string | undefined;
  readonly destContext?: string | undefined;
  /** The namespace on both sides, unless a side has its own. */
  readonly namespace?: string | undefined;
  readonly sourceNamespace?: string | undefined;
  readonly destNamespace?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A pair with what its owner has to know and to do. */
export interface OwnedPair extends ClusterPair {
  /** How much was written through it; see ClusterReader. */
  written(): number;
  /** Closes everything that was opened. */
  close(): Promise<void>;
}

/** Makes the pair that kubeconfig files name. Its owner closes it. */
export const clusterPair = (places: PairPlaces, options: ClusterOptions): OwnedPair =>
  placedPair(
    {
      source: () => {
        const context = sourceContext(places);
        const named = places.sourceNamespace ?? places.namespace ?? context.namespace;
        return { context, namespace: namespaceOf(named) };
      },
      dest: () => {
        const context = destContext(places);
        const named = places.destNamespace ?? places.sourceNamespace ?? places.namespace;
        return { context, namespace: namespaceOf(named ?? sourceContext(places).namespace) };
      },
      sourceName: () => nameOfSource(places),
      isSourceNamed: places.sourceContext !== undefined || places.sourceKubeconfig !== undefined,
    },
    options,
  );

/** One namespace of one cluster, before it is opened. */
export interface Place {
  readonly context: KubeContext;
  readonly namespace: string;
  /** ms; undefined: that of the run. */
  readonly requestTimeoutMs?: number | undefined;
}

/** Where the two namespaces are, found when they are asked for. Each may throw UsageError. */
export interface PlacedSides extends Pick<ClusterPair, 'sourceName' | 'isSourceNamed'> {
  source(): Place;
  dest(): Place;
}

/** Makes the pair of two places. Its owner closes it. */
export const placedPair = (sides: PlacedSides, options: ClusterOptions): OwnedPair => {
  const opened: ClusterReader[] = [];
  const openAt = <C extends ClusterReader>(
    { context, namespace, requestTimeoutMs }: Place,
    open: (context: KubeContext, options: ClusterOptions) => C,
  ): OpenPlace<C> => {
    const own = requestTimeoutMs === undefined ? options : { ...options, requestTimeoutMs };
    const cluster = open(context, own);
    opened.push(cluster);
    return { cluster, context, namespace };
  };
  return {
    openSource: () => openAt(sides.source(), openReader),
    openSourceWriter: () => openAt(sides.source(), openWriter),
    openDest: () => openAt(sides.dest(), openWriter),
    sourceName: sides.sourceName,
    isSourceNamed: sides.isSourceNamed,
    written: () => opened.reduce((sum, cluster) => sum + cluster.written(), 0),
    close: async () => void (await Promise.all(opened.map((cluster) => cluster.close()))),
  };
};

const sourceContext = ({ sourceKubeconfig, sourceContext: name, env }: PairPlaces): KubeContext =>
  openContext({ path: sourceKubeconfig, env }, name, '--source-context');

const destContext = ({
  destKubeconfig,
  destContext: name,
  sourceKubeconfig,
  env,
}: PairPlaces): KubeContext => {
  if (name === undefined && destKubeconfig === undefined) {
    throw new UsageError('The destination is not named.', {
      hint: 'Add --dest-context (and --dest-kubeconfig if it is in another file).',
    });
  }
  const path = destKubeconfig ?? (name === undefined ? undefined : sourceKubeconfig);
  return openContext({ path, env }, name, '--dest-context');
};

const nameOfSource = (places: PairPlaces): NamedSide | undefined => {
  const namespace = places.sourceNamespace ?? places.namespace;
  return places.sourceContext === undefined || namespace === undefined
    ? undefined
    : { context: places.sourceContext, namespace, kubeconfig: places.sourceKubeconfig };
};

// RFC 1123 label: what a namespace may be called.
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const namespaceOf = (name: string | undefined): string => {
  if (name === undefined || name === '') {
    throw new UsageError('No namespace given, and the context has no default namespace.', {
      hint: 'Add -n/--namespace.',
    });
  }
  if (!NAMESPACE.test(name)) {
    throw new UsageError(
      `"${name}" is not a valid namespace name: use lower-case letters, digits and "-", at most 63.`,
    );
  }
  return name;
};
